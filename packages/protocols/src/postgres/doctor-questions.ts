import { z } from 'zod'
import type { DoctorConnection } from './doctor-connection.ts'

const text = z.string()
const flag = z.enum(['t', 'f']).transform((value) => value === 't')
const count = z.coerce.number()
const names = z.string().transform((json) => z.array(z.string()).parse(JSON.parse(json)))

/** A question to the server, and the shape of each row of its answer; columns are in the order of the shape's fields. */
export interface Question<Row> {
  readonly statement: string
  readonly row: z.ZodType<Row>
  readonly columns: readonly string[]
}

function question<Shape extends z.ZodRawShape>(shape: Shape, statement: string): Question<z.infer<z.ZodObject<Shape>>> {
  return { statement, row: z.object(shape) as z.ZodType<z.infer<z.ZodObject<Shape>>>, columns: Object.keys(shape) }
}

/** Rejects as `DoctorConnection.ask` does, and with a ZodError for rows of another shape. */
export async function answers<Row>(connection: DoctorConnection, { statement, row, columns }: Question<Row>): Promise<Row[]> {
  const rows = await connection.ask(statement)
  return rows.map((values) => row.parse(Object.fromEntries(columns.map((column, at) => [column, values[at] ?? null]))))
}

/** Objects of the system are nobody's to change. */
const ours = (schema: string): string =>
  `${schema} <> all ('{pg_catalog,information_schema}') and ${schema} !~ '^pg_(toast|temp)'`
/** The roles that the login can act as: by inheritance, or by SET ROLE. */
const canActAs = (role: string): string => `pg_has_role(session_user, ${role}, 'MEMBER')`

/** What is asked of a server. Names in `quoted…` are quoted by the server itself, as they must stand in a statement. */
export const questions = {
  clock: question({ seconds: count }, `select extract(epoch from clock_timestamp())`),
  server: question(
    {
      version: count,
      versionName: text,
      standby: flag,
      readOnly: text,
      maxConnections: count,
      reserved: count,
      used: count,
      roleLimit: count,
      passwordEncryption: text,
      logStatement: text,
      statementTimeout: text,
      idleInTransactionTimeout: text,
    },
    `select current_setting('server_version_num'), current_setting('server_version'), pg_is_in_recovery(),
  (select reset_val from pg_settings where name = 'default_transaction_read_only'),
  current_setting('max_connections'),
  current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0),
  (select coalesce(sum(numbackends), 0) from pg_stat_database),
  (select rolconnlimit from pg_roles where rolname = session_user),
  current_setting('password_encryption'), current_setting('log_statement'),
  (select reset_val from pg_settings where name = 'statement_timeout'),
  (select reset_val from pg_settings where name = 'idle_in_transaction_session_timeout')`,
  ),
  role: question(
    {
      name: text,
      quoted: text,
      quotedOwner: text,
      superuser: flag,
      bypassRowSecurity: flag,
      createRole: flag,
      createDatabase: flag,
      replication: flag,
    },
    `select rolname, quote_ident(rolname), quote_ident(left(rolname, 57) || '_owner'), rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
from pg_roles where rolname = session_user`,
  ),
  /** Every grant of a role to another by which the login reaches it, however long the chain. */
  memberships: question(
    { role: text, quotedRole: text, quotedHolder: text, superuser: flag, bypassRowSecurity: flag, createRole: flag },
    `with recursive reached(role, holder) as (
  select roleid, member from pg_auth_members where member = (select oid from pg_roles where rolname = session_user)
  union
  select m.roleid, m.member from pg_auth_members m join reached r on m.member = r.role
)
select r.rolname, quote_ident(r.rolname), quote_ident(h.rolname), r.rolsuper, r.rolbypassrls, r.rolcreaterole
from reached join pg_roles r on r.oid = reached.role join pg_roles h on h.oid = reached.holder order by 1, 3 limit 200`,
  ),
  settings: question(
    { quotedRole: text.nullable(), quotedDatabase: text.nullable(), setting: text },
    `select quote_ident(r.rolname), quote_ident(d.datname), c.setting
from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase
cross join lateral unnest(s.setconfig) as c(setting)
where (s.setrole = 0 or r.rolname = session_user) and (s.setdatabase = 0 or d.datname = current_database()) order by 3 limit 100`,
  ),
  owned: question(
    { relations: count, quotedHolding: names, unforced: names, first: names, database: flag, quotedSchemas: names },
    `select count(*), coalesce(array_to_json(array_agg(distinct quote_ident(n.nspname))), '[]'),
  coalesce(array_to_json((array_agg(c.oid::regclass::text) filter (where c.relrowsecurity and not c.relforcerowsecurity))[1:10]), '[]'),
  coalesce(array_to_json((array_agg(c.oid::regclass::text order by n.nspname, c.relname))[1:10]), '[]'),
  (select ${canActAs('datdba')} from pg_database where datname = current_database()),
  (select coalesce(array_to_json(array_agg(quote_ident(nspname))), '[]') from pg_namespace where ${canActAs('nspowner')} and ${ours('nspname')}
    and nspowner <> coalesce(to_regrole('pg_database_owner')::oid, 0))
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${canActAs('c.relowner')} and ${ours('n.nspname')}`,
  ),
  /** CREATE that is granted; an owner's own is told with what it owns. */
  creates: question(
    { kind: z.enum(['SCHEMA', 'DATABASE']), quotedName: text, quotedGrantee: text },
    `select 'SCHEMA', quote_ident(n.nspname), case when a.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(a.grantee)) end
from pg_namespace n cross join lateral aclexplode(n.nspacl) a
where a.privilege_type = 'CREATE' and ${ours('n.nspname')} and a.grantee <> n.nspowner and (a.grantee = 0 or ${canActAs('a.grantee')})
union all
select 'DATABASE', quote_ident(d.datname), case when a.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(a.grantee)) end
from pg_database d cross join lateral aclexplode(d.datacl) a
where d.datname = current_database() and a.privilege_type = 'CREATE' and a.grantee <> d.datdba and (a.grantee = 0 or ${canActAs('a.grantee')})
limit 50`,
  ),
  /** Extensions with functions that the role may call, or wrappers that it may make servers of. */
  extensions: question(
    { name: text, quoted: text, usable: flag },
    `select e.extname, quote_ident(e.extname), exists (
  select from pg_depend d join pg_proc p on p.oid = d.objid
  where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
    and has_schema_privilege(session_user, p.pronamespace, 'USAGE') and has_function_privilege(session_user, p.oid, 'EXECUTE')
    and p.prorettype not in ('fdw_handler'::regtype, 'language_handler'::regtype) and 'internal'::regtype <> all (p.proargtypes::oid[])
    and not (p.proname like '%validator' or p.proname like 'postgres_fdw_%')
) or exists (
  select from pg_depend d
  where d.classid = 'pg_foreign_data_wrapper'::regclass and d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
    and has_foreign_data_wrapper_privilege(session_user, d.objid, 'USAGE')
)
from pg_extension e order by 1 limit 200`,
  ),
  servers: question(
    { quoted: text, wrapper: text, usage: flag, tables: count },
    `select quote_ident(s.srvname), w.fdwname, has_server_privilege(session_user, s.oid, 'USAGE'),
  (select count(*) from pg_foreign_table t where t.ftserver = s.oid and has_table_privilege(session_user, t.ftrelid, 'SELECT, INSERT, UPDATE, DELETE'))
from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw order by 1 limit 50`,
  ),
  /** Functions that it may call and that run with more rights than it has, or outside of what the database guards. */
  functions: question(
    { kind: z.enum(['definer', 'untrusted']), total: count, first: names },
    `select kind, count(*), array_to_json((array_agg(named order by named))[1:10]) from (
  select 'definer' as kind, case when a.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(a.grantee)) end || ' ' || p.oid::regprocedure as named
  from pg_proc p join pg_roles o on o.oid = p.proowner cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
  where p.prosecdef and o.rolsuper and a.grantee <> p.proowner and (a.grantee = 0 or ${canActAs('a.grantee')})
    and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype) and has_schema_privilege(session_user, p.pronamespace, 'USAGE')
  union all
  select 'untrusted', p.oid::regprocedure::text
  from pg_proc p join pg_language l on l.oid = p.prolang join pg_namespace n on n.oid = p.pronamespace
  where not l.lanpltrusted and l.lanname <> 'internal' and ${ours('n.nspname')}
    and has_function_privilege(session_user, p.oid, 'EXECUTE') and has_schema_privilege(session_user, n.oid, 'USAGE')
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
) found group by kind`,
  ),
  languages: question(
    { quoted: text },
    `select quote_ident(lanname) from pg_language where not lanpltrusted and lanname not in ('internal', 'c') order by 1`,
  ),
  eventTriggers: question(
    { name: text, event: text },
    `select evtname, evtevent from pg_event_trigger where evtenabled <> 'D' order by 1 limit 50`,
  ),
} as const

/** One row of the answer to a question. */
export type Answer<Name extends keyof typeof questions> = (typeof questions)[Name] extends Question<infer Row> ? Row : never
