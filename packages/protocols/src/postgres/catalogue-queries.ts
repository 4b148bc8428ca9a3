import { z } from 'zod'
import { firstOwnOid, replaced } from './shipped-functions.ts'

const text = z.string()
const row = <Columns extends [z.ZodType, ...z.ZodType[]]>(...columns: Columns) => z.array(z.tuple(columns))

/** What the server answers to {@link catalogueQueries}: rows of text values, as the simple query protocol sends them. */
export const CatalogueRows = z.object({
  session: row(text, text.nullable(), text),
  schemas: row(text),
  relations: row(text, text, text, text, text.nullable()),
  columns: row(text, text, text, text, text.nullable()),
  inheritance: row(text, text),
  triggers: row(text, text),
  rules: row(text, text, text),
  foreignKeys: row(text, text, text, text, text),
  attached: row(
    text,
    z.enum(['default', 'write', 'policy', 'statistics']),
    text.nullable(),
    z.enum(['function', 'sequence', 'relation']),
    text,
    text,
  ),
  eventTriggers: row(text, text),
  functions: row(
    text,
    text,
    text,
    text,
    text,
    text.nullable(),
    text.nullable(),
    text.nullable(),
    text.nullable(),
    text.nullable(),
  ),
  types: row(text, text, text, text, z.enum(['none', 'own', 'any']), text.nullable()),
  operators: row(text, text, z.enum(['own', 'any'])),
  operatorClasses: row(text, text, text),
  indexes: row(text, text, text, text),
  statistics: row(text, text, text),
  dependents: row(text, text, text, text, text, text, text, text, text, text),
})
export type CatalogueRows = z.infer<typeof CatalogueRows>

/** Relations that nobody can look at before somebody's transaction ends, or that somebody waits to have so: to print their definitions waits, too. */
const locked = `with locked as materialized (select relation from pg_locks where locktype = 'relation' and mode = 'AccessExclusiveLock'
  and database = (select oid from pg_database where datname = current_database()) and pid <> pg_backend_pid())`

/** What did not come with the server, in whichever schema it is, or is not what it was then. */
const ofUsers = `(n.nspname not in ('pg_catalog', 'information_schema') or p.oid >= ${firstOwnOid} or p.oid in (select oid from replaced))`
/**
 * What a value of a type may run without being told to: checks of domains, casts that are applied unasked, what compares and orders; of a type
 * that is made of others what they run. A library's functions (PostGIS, citext) are taken for what they say they are.
 */
const typeCalls = `with recursive ${replaced}, calls (type, proc) as (
  select k.contypid, coalesce(o.oprcode, d.refobjid) from pg_constraint k
  join pg_depend d on d.classid = 'pg_constraint'::regclass and d.objid = k.oid and d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass)
  left join pg_operator o on d.refclassid = 'pg_operator'::regclass and o.oid = d.refobjid where k.contypid <> 0
  union select case when s.typnamespace = 'pg_catalog'::regnamespace and t.typnamespace <> 'pg_catalog'::regnamespace then t.oid else s.oid end, c.castfunc
  from pg_cast c join pg_type s on s.oid = c.castsource join pg_type t on t.oid = c.casttarget where c.castcontext <> 'e'
  union select o.opcintype, f.amproc from pg_opclass o join pg_amproc f on f.amprocfamily = o.opcfamily where o.opcdefault
  union select o.opcintype, p.oprcode from pg_opclass o join pg_amop f on f.amopfamily = o.opcfamily join pg_operator p on p.oid = f.amopopr
  where o.opcdefault
  union select r.rngtypid, f.amproc from pg_range r join pg_opclass o on o.oid = r.rngsubopc join pg_amproc f on f.amprocfamily = o.opcfamily
), contains (type, inside) as (
  select oid, typbasetype from pg_type where typbasetype <> 0 union all select oid, typelem from pg_type where typelem <> 0
  union all select t.oid, a.atttypid from pg_type t join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 where t.typtype = 'c'
  union all select rngtypid, rngsubtype from pg_range union all select rngmultitypid, rngtypid from pg_range
), runs (type, schema, name) as (
  select c.type, n.nspname, p.proname from calls c join pg_proc p on p.oid = c.proc join pg_namespace n on n.oid = p.pronamespace
  join pg_language l on l.oid = p.prolang and l.lanname not in ('c', 'internal') where ${ofUsers}
  union select c.type, r.schema, r.name from runs r join contains c on c.inside = r.type
)`
/** Bytes of a function's body, and of all of them: what is beyond is not read, and so not known. */
const maxBody = 64 * 1024
const maxBodies = 16 * 1024 * 1024

/**
 * What pg_depend tells of, by the names that statements have for it. What stands for a part of a relation (an index, a default, a key, a
 * trigger, a policy, a rule) is that relation's own; a view is its rule, and a row's type its relation.
 */
const nodes = `with node (classid, objid, kind, nspname, name, id, owner, ownerid, whole) as materialized (
  select 'pg_class'::regclass, c.oid, 'relation', n.nspname::text, c.relname::text, c.oid, 'relation', c.oid, true
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.oid >= ${firstOwnOid} and n.nspname !~ '^pg_(toast|temp)'
  union all select 'pg_class'::regclass, c.oid, 'type', n.nspname, c.relname, c.reltype, 'type', c.reltype, true
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'c' and c.oid >= ${firstOwnOid}
  union all select 'pg_class'::regclass, i.indexrelid, 'index', n.nspname, c.relname, i.indexrelid, 'relation', i.indrelid, false
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where c.oid >= ${firstOwnOid} and n.nspname !~ '^pg_(toast|temp)'
  union all select 'pg_rewrite'::regclass, oid, null, null, null, null, 'relation', ev_class, rulename = '_RETURN' from pg_rewrite
  union all select 'pg_attrdef'::regclass, oid, null, null, null, null, 'relation', adrelid, false from pg_attrdef
  union all select 'pg_constraint'::regclass, k.oid, case when k.conindid = 0 then null else 'index' end, n.nspname, k.conname, k.conindid,
    case when k.conrelid = 0 then 'type' else 'relation' end, case when k.conrelid = 0 then k.contypid else k.conrelid end, false
  from pg_constraint k join pg_namespace n on n.oid = k.connamespace
  union all select 'pg_trigger'::regclass, oid, null, null, null, null, 'relation', tgrelid, false from pg_trigger where not tgisinternal
  union all select 'pg_policy'::regclass, oid, null, null, null, null, 'relation', polrelid, false from pg_policy
  union all select 'pg_type'::regclass, t.oid, case when t.typrelid = 0 or c.relkind = 'c' then 'type' else 'relation' end, n.nspname,
    t.typname, case when t.typrelid = 0 or c.relkind = 'c' then t.oid else t.typrelid end,
    case when t.typrelid = 0 or c.relkind = 'c' then 'type' else 'relation' end,
    case when t.typrelid = 0 or c.relkind = 'c' then t.oid else t.typrelid end, true
  from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid where t.oid >= ${firstOwnOid}
  union all select 'pg_proc'::regclass, p.oid, 'function', n.nspname, p.proname, p.oid, 'function', p.oid, true
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid >= ${firstOwnOid}
  union all select 'pg_operator'::regclass, o.oid, 'operator', n.nspname, o.oprname, o.oid, 'operator', o.oid, true
  from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where o.oid >= ${firstOwnOid}
  union all select 'pg_opclass'::regclass, o.oid, 'operator class', n.nspname, o.opcname, o.oid, 'operator class', o.oid, true
  from pg_opclass o join pg_namespace n on n.oid = o.opcnamespace where o.oid >= ${firstOwnOid}
  union all select 'pg_opfamily'::regclass, o.oid, 'operator family', n.nspname, o.opfname, o.oid, 'operator family', o.oid, true
  from pg_opfamily o join pg_namespace n on n.oid = o.opfnamespace where o.oid >= ${firstOwnOid}
  union all select 'pg_collation'::regclass, o.oid, 'collation', n.nspname, o.collname, o.oid, 'collation', o.oid, true
  from pg_collation o join pg_namespace n on n.oid = o.collnamespace where o.oid >= ${firstOwnOid}
  union all select 'pg_ts_config'::regclass, o.oid, 'tsconfiguration', n.nspname, o.cfgname, o.oid, 'tsconfiguration', o.oid, true
  from pg_ts_config o join pg_namespace n on n.oid = o.cfgnamespace where o.oid >= ${firstOwnOid}
  union all select 'pg_ts_dict'::regclass, o.oid, 'tsdictionary', n.nspname, o.dictname, o.oid, 'tsdictionary', o.oid, true
  from pg_ts_dict o join pg_namespace n on n.oid = o.dictnamespace where o.oid >= ${firstOwnOid}
  union all select 'pg_cast'::regclass, oid, 'cast', '', oid::text, oid, 'cast', oid, true from pg_cast where oid >= ${firstOwnOid}
  union all select 'pg_language'::regclass, oid, 'language', '', lanname, oid, 'language', oid, true from pg_language
  union all select 'pg_extension'::regclass, oid, 'extension', '', extname, oid, 'extension', oid, true from pg_extension
  union all select 'pg_am'::regclass, oid, 'access method', '', amname, oid, 'access method', oid, true from pg_am
  union all select 'pg_foreign_server'::regclass, oid, 'foreign server', '', srvname, oid, 'foreign server', oid, true from pg_foreign_server
  union all select 'pg_foreign_data_wrapper'::regclass, oid, 'fdw', '', fdwname, oid, 'fdw', oid, true from pg_foreign_data_wrapper
)`

/**
 * Our own reads of a database, in order, on one connection that serves nothing else: the first reads the search path of the
 * login role, the second then pins it, so that the definitions that follow are printed with every name qualified.
 */
export const catalogueQueries: readonly { readonly name: keyof CatalogueRows | null; readonly text: string }[] = [
  {
    name: 'session',
    text: `select current_setting('server_version_num'), array_to_json(current_schemas(true)), current_setting('search_path')`,
  },
  { name: 'schemas', text: `select nspname from pg_namespace where nspname !~ '^pg_(toast|temp)'` },
  { name: null, text: `select set_config('search_path', 'pg_catalog', false)` },
  {
    name: 'relations',
    text: `${locked}
select c.oid, n.nspname, c.relname, c.relkind, case when c.relkind in ('v', 'm') and (n.nspname <> all ('{pg_catalog,information_schema}')
  or c.oid >= ${firstOwnOid} or exists (select from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    where r.ev_class = c.oid and d.refobjid >= ${firstOwnOid}))
  then case when exists (select from locked l where l.relation = c.oid or l.relation in (
    select d.refobjid from pg_rewrite r join pg_depend d on d.objid = r.oid
    where r.ev_class = c.oid and d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass)) then ''
  else pg_get_viewdef(c.oid) end end
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^pg_(toast|temp)'`,
  },
  {
    name: 'columns',
    text: `${locked}
select a.attrelid, a.attnum, a.attname, a.atttypid, case when a.attgenerated <> ''
  then case when exists (select from locked l where l.relation = a.attrelid) then '' else pg_get_expr(d.adbin, d.adrelid) end end
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c') and n.nspname !~ '^pg_(toast|temp)'
order by a.attrelid, a.attnum`,
  },
  {
    name: 'triggers',
    text: `${locked}
select t.tgrelid, case when exists (select from locked l where l.relation = t.tgrelid) then '' else pg_get_triggerdef(t.oid) end
from pg_trigger t where not t.tgisinternal and t.tgenabled <> 'D'`,
  },
  {
    name: 'rules',
    text: `${locked}
select r.ev_class, r.rulename, case when exists (select from locked l where l.relation = r.ev_class or l.relation in (
  select d.refobjid from pg_depend d where d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass))
  then '' else pg_get_ruledef(r.oid) end
from pg_rewrite r where r.ev_type <> '1' and r.ev_enabled <> 'D'`,
  },
  {
    name: 'foreignKeys',
    text: `select confrelid, conrelid, confdeltype, confupdtype, (
  select array_to_json(array_agg(a.attname)) from pg_attribute a where a.attrelid = confrelid and a.attnum = any (confkey))
from pg_constraint where contype = 'f'`,
  },
  {
    // What the server has of its own is pinned, and on nothing of it depends anything.
    name: 'attached',
    text: `with ${replaced}
select a.relation, a.occasion, a.attname, case when p.oid is null then 'sequence' else 'function' end,
coalesce(pn.nspname, sn.nspname), coalesce(p.proname, s.relname)
from (
  select d.adrelid, case when a.attgenerated = '' then 'default' else 'write' end, a.attname, 'pg_attrdef'::regclass, d.oid
  from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
  union all select conrelid, 'write', null, 'pg_constraint'::regclass, oid from pg_constraint where contype = 'c' and conrelid <> 0
  union all select a.attrelid, 'write', a.attname, 'pg_constraint'::regclass, k.oid
  from pg_constraint k join pg_attribute a on a.atttypid = k.contypid and a.attnum > 0 where k.contypid <> 0
  union all select indrelid, 'write', null, 'pg_class'::regclass, indexrelid from pg_index
  union all select r.polrelid, 'policy', null, 'pg_policy'::regclass, r.oid
  from pg_policy r join pg_class c on c.oid = r.polrelid where c.relrowsecurity
  union all select partrelid, 'write', null, 'pg_class'::regclass, partrelid from pg_partitioned_table
  union all select stxrelid, 'statistics', null, 'pg_statistic_ext'::regclass, oid from pg_statistic_ext
  union all select a.attrelid, 'default', a.attname, 'pg_type'::regclass, t.oid
  from pg_type t join pg_attribute a on a.atttypid = t.oid and a.attnum > 0 where t.typtype = 'd' and t.typdefaultbin is not null
) a (relation, occasion, attname, classid, objid)
join pg_depend d on d.classid = a.classid and d.objid = a.objid
left join pg_operator o on d.refclassid = 'pg_operator'::regclass and o.oid = d.refobjid
left join pg_proc p on p.oid = case d.refclassid when 'pg_proc'::regclass then d.refobjid else o.oprcode end
left join pg_namespace pn on pn.oid = p.pronamespace
left join pg_class s on a.occasion = 'default' and d.refclassid = 'pg_class'::regclass and s.oid = d.refobjid and s.relkind = 'S'
left join pg_namespace sn on sn.oid = s.relnamespace
where p.oid is not null or s.oid is not null
union all select i.relation, 'write', null, 'function', n.nspname, p.proname
from (select indrelid, indclass from pg_index union all select partrelid, partclass from pg_partitioned_table) i (relation, classes)
cross join unnest(i.classes) c (oid) join pg_opclass o on o.oid = c.oid join pg_amproc f on f.amprocfamily = o.opcfamily
join pg_proc p on p.oid = f.amproc join pg_namespace n on n.oid = p.pronamespace
join pg_language l on l.oid = p.prolang and l.lanname not in ('c', 'internal') where ${ofUsers}
union all select d.refobjid, 'default', a.attname, 'sequence', n.nspname, s.relname
from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_namespace n on n.oid = s.relnamespace
join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype = 'i'
union all select distinct r.polrelid, 'policy', null, 'relation', n.nspname, s.relname
from pg_policy r join pg_class c on c.oid = r.polrelid and c.relrowsecurity
join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.polrelid
join pg_class s on s.oid = d.refobjid join pg_namespace n on n.oid = s.relnamespace`,
  },
  {
    name: 'eventTriggers',
    text: `select n.nspname, p.proname from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid join pg_namespace n on n.oid = p.pronamespace
where e.evtenabled <> 'D' and e.evtevent <> 'login'`,
  },
  { name: 'inheritance', text: `select inhrelid, inhparent from pg_inherits` },
  {
    name: 'functions',
    text: `${locked}, ${replaced}
select distinct n.nspname, p.proname, p.provolatile, p.prokind, l.lanname, case
  when p.proargmodes && '{o,b,t}' and cardinality(p.proallargtypes) > 0 and p.prorettype = 'record'::regtype then
    (select array_to_json(array_agg(o.name order by o.position))
     from unnest(p.proargnames, p.proargmodes) with ordinality o(name, mode, position) where o.mode in ('o', 'b', 't'))::text
  when t.typtype in ('b', 'd', 'e', 'r', 'm') then 'scalar'
  when t.typtype = 'c' then t.typrelid::text end,
case when ${ofUsers} and l.lanname in ('sql', 'plpgsql') and p.prokind in ('f', 'p') and octet_length(p.prosrc) <= ${maxBody}
  and sum(octet_length(p.prosrc)) filter (where ${ofUsers} and octet_length(p.prosrc) <= ${maxBody}) over (order by p.oid) <= ${maxBodies}
  and not exists (select from locked r join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.relation
    where d.classid = 'pg_proc'::regclass and d.objid = p.oid) then pg_get_functiondef(p.oid) end,
case when ${ofUsers} then p.pronargs - p.pronargdefaults end,
case when ${ofUsers} and p.provariadic = 0 then case p.prokind when 'p' then coalesce(cardinality(p.proallargtypes), p.pronargs) else p.pronargs end end,
case when ${ofUsers} then p.xmin::text end
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang join pg_type t on t.oid = p.prorettype`,
  },
  {
    name: 'types',
    text: `${typeCalls}
select t.oid, n.nspname, t.typname, t.typtype, (
  select case when bool_or(s.typnamespace = 'pg_catalog'::regnamespace) then 'any' when count(*) > 0 then 'own' else 'none' end
  from pg_cast c join pg_proc p on p.oid = c.castfunc join pg_type s on s.oid = c.castsource
  join pg_namespace n on n.oid = p.pronamespace where c.casttarget = t.oid and ${ofUsers}),
r.own from pg_type t join pg_namespace n on n.oid = t.typnamespace
left join (select type, array_to_json(array_agg(array[schema, name])) from runs group by type) r (type, own) on r.type = t.oid`,
  },
  {
    name: 'operators',
    text: `with ${replaced}
select n.nspname, o.oprname, case when exists (
  select from pg_operator s where s.oprname = o.oprname and s.oprnamespace = 'pg_catalog'::regnamespace)
  and bool_and(exists (select from pg_type t where t.oid in (o.oprleft, o.oprright) and t.typnamespace <> 'pg_catalog'::regnamespace))
  then 'own' else 'any' end
from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
where n.nspname <> 'pg_catalog' or o.oid >= ${firstOwnOid} or o.oprcode in (select oid from replaced) group by n.nspname, o.oprname`,
  },
  {
    name: 'operatorClasses',
    text: `with ${replaced}
select c.nspname, o.opcname, array_to_json(array_agg(distinct array[n.nspname, p.proname]))
from pg_opclass o join pg_namespace c on c.oid = o.opcnamespace join pg_amproc f on f.amprocfamily = o.opcfamily
join pg_proc p on p.oid = f.amproc join pg_namespace n on n.oid = p.pronamespace
join pg_language l on l.oid = p.prolang and l.lanname not in ('c', 'internal') where ${ofUsers} group by c.nspname, o.opcname`,
  },
  {
    name: 'indexes',
    text: `select n.nspname, c.relname, i.indrelid, c.oid
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^pg_(toast|temp)'`,
  },
  {
    name: 'statistics',
    text: `select n.nspname, s.stxname, s.stxrelid from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace`,
  },
  {
    name: 'dependents',
    text: `${nodes}
select distinct r.kind, r.nspname, r.name, r.id, case when r.kind = 'relation' then d.refobjsubid else 0 end, o.owner, o.ownerid,
  case when d.classid = 'pg_class'::regclass then d.objsubid else 0 end, o.whole and d.objsubid = 0, d.deptype <> 'n'
from pg_depend d join node r on r.classid = d.refclassid and r.objid = d.refobjid join node o on o.classid = d.classid and o.objid = d.objid
where d.deptype <> 'p' and r.kind is not null and (r.kind, r.id) is distinct from (o.owner, o.ownerid)`,
  },
]
