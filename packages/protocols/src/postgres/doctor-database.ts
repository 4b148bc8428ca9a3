import { type DoctorFinding, finding } from '@hoop/contracts'
import type { Answer } from './doctor-questions.ts'

/** What the role owns it may drop, alter, and grant to others. */
export function ownershipFindings(role: Answer<'role'>, owned: Answer<'owned'>, database: string): DoctorFinding[] {
  const { relations, first, unforced, quotedSchemas, quotedHolding } = owned
  const things = [
    ...(owned.database ? ['the database'] : []),
    ...(quotedSchemas.length > 0 ? [counted(quotedSchemas.length, 'schema')] : []),
    ...(relations > 0 ? [counted(relations, 'table and view', 'tables and views')] : []),
  ]
  if (things.length === 0) return [finding('role.owner', 'ok', 'The gateway’s role owns nothing here.', { database })]
  const { quoted, quotedOwner } = role
  const owner = finding(
    'role.owner',
    'warning',
    `The gateway’s role owns ${things.join(', ')}: it may drop, alter and grant them.`,
    {
      database,
      details: [...quotedSchemas.map((schema) => `schema ${schema}`), ...listed(first, relations)],
      advice:
        'Let a role that nobody logs in with own them, and grant what callers need. In this database, as a superuser (the role once):',
      statements: [
        `CREATE ROLE ${quotedOwner} NOLOGIN;`,
        `REASSIGN OWNED BY ${quoted} TO ${quotedOwner};`,
        ...grants(quotedHolding.join(', '), quoted),
      ],
    },
  )
  if (unforced.length === 0) return [owner]
  const rows = finding('role.row-security', 'warning', 'Row security of its own tables does not hold for an owner.', {
    database,
    details: unforced,
    advice: 'Let it hold for the owner, too:',
    statements: unforced.map((table) => `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;`),
  })
  return [owner, rows]
}

/** What callers need of the tables that the role no longer owns. */
function grants(schemas: string, role: string): string[] {
  if (schemas === '') return []
  return [
    `GRANT USAGE ON SCHEMA ${schemas} TO ${role};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schemas} TO ${role};`,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schemas} TO ${role};`,
  ]
}

export function createFindings(creates: readonly Answer<'creates'>[], database: string): DoctorFinding[] {
  if (creates.length === 0) return [finding('role.create', 'ok', 'It was granted no CREATE here.', { database })]
  const words =
    'The gateway’s role may create objects here: a function or table of its own can stand in the way of others, and holds what is copied into it.'
  return [
    finding('role.create', 'warning', words, {
      database,
      details: creates.map(
        ({ kind, quotedName, quotedGrantee }) => `CREATE on ${kind.toLowerCase()} ${quotedName} to ${quotedGrantee}`,
      ),
      advice: 'Take it away:',
      statements: creates.map(
        ({ kind, quotedName, quotedGrantee }) => `REVOKE CREATE ON ${kind} ${quotedName} FROM ${quotedGrantee};`,
      ),
    }),
  ]
}

/** Extensions through which a statement leaves the database, or runs what nobody reads. */
const reachingOut: Readonly<Record<string, string>> = {
  adminpack: 'writes files of the server',
  aws_commons: 'reaches Amazon’s services',
  aws_lambda: 'calls functions at Amazon',
  aws_s3: 'copies to and from object storage',
  azure_storage: 'copies to and from object storage',
  dblink: 'runs statements on other databases',
  file_fdw: 'reads files and programs of the server',
  http: 'sends HTTP requests',
  mongo_fdw: 'reaches other databases',
  multicorn: 'reaches whatever its Python reaches',
  mysql_fdw: 'reaches other databases',
  oracle_fdw: 'reaches other databases',
  pg_background: 'runs statements in other sessions',
  pg_cron: 'runs statements later, by itself',
  pg_net: 'sends HTTP requests',
  plperlu: 'lets functions do what the server’s account can',
  plpython3u: 'lets functions do what the server’s account can',
  plsh: 'lets functions run shell commands',
  pltclu: 'lets functions do what the server’s account can',
  postgres_fdw: 'reaches other databases',
  tds_fdw: 'reaches other databases',
  wrappers: 'reaches other services',
}

export function extensionFindings(extensions: readonly Answer<'extensions'>[], database: string): DoctorFinding[] {
  const known = extensions.filter(({ name }) => Object.hasOwn(reachingOut, name))
  const usable = known.filter((extension) => extension.usable)
  if (usable.length === 0) {
    const words = known.length === 0 ? 'No extension is installed that reaches out.' : 'It may use no extension that reaches out.'
    return [finding('role.extensions', 'ok', words, { database, details: known.map(({ name }) => name) })]
  }
  return usable.map(({ name, quoted }) =>
    finding('role.extensions', 'problem', `The gateway’s role may use ${name}, which ${reachingOut[name]}.`, {
      database,
      advice: 'Drop it, or revoke its functions from PUBLIC and grant them to those who need them:',
      statements: [`DROP EXTENSION ${quoted};`],
    }),
  )
}

export function foreignServerFindings(
  role: Answer<'role'>,
  servers: readonly Answer<'servers'>[],
  database: string,
): DoctorFinding[] {
  return servers
    .filter(({ usage, tables }) => usage || tables > 0)
    .map(({ quoted, wrapper, usage, tables }) =>
      finding('role.foreign-servers', 'warning', 'The gateway’s role can reach another server from inside this one.', {
        database,
        details: [`server ${quoted} (${wrapper}): ${usage ? 'usage' : 'no usage'}, ${counted(tables, 'foreign table')}`],
        advice: 'What is there is under the policies of this connection, not of its own. Where it is not meant so:',
        statements: usage ? [`REVOKE USAGE ON FOREIGN SERVER ${quoted} FROM ${role.quoted};`] : [],
      }),
    )
}

export function functionFindings(
  functions: readonly Answer<'functions'>[],
  languages: readonly Answer<'languages'>[],
  database: string,
): DoctorFinding[] {
  const findings = functions.map(({ kind, total, first }) => {
    if (kind === 'definer') {
      const granted = first.map(splitGrant)
      return finding(
        'role.security-definer',
        'warning',
        `The gateway’s role may call ${counted(total, 'function')} that run with a superuser’s rights (SECURITY DEFINER).`,
        {
          database,
          details: listed(
            granted.map(({ named }) => named),
            total,
          ),
          advice: 'Read them, and keep to those that callers need:',
          statements: granted.map(({ grantee, named }) => `REVOKE EXECUTE ON ROUTINE ${named} FROM ${grantee};`),
        },
      )
    }
    return finding('role.untrusted-functions', 'warning', `It may call ${counted(total, 'function')} in an untrusted language.`, {
      database,
      details: listed(first, total),
      advice: 'They run with the rights of the server’s account on its machine. Where callers do not need them:',
      statements: first.map((named) => `REVOKE EXECUTE ON ROUTINE ${named} FROM PUBLIC;`),
    })
  })
  if (languages.length > 0) {
    findings.push(
      finding(
        'role.untrusted-languages',
        'warning',
        'Untrusted languages are installed; only a superuser can write functions in them.',
        {
          database,
          details: languages.map(({ quoted }) => quoted),
          advice: 'Drop those that nothing uses:',
          statements: languages.map(({ quoted }) => `DROP EXTENSION ${quoted};`),
        },
      ),
    )
  }
  if (findings.length > 0) return findings
  return [finding('role.security-definer', 'ok', 'It may call no function with rights beyond its own.', { database })]
}

/** `PUBLIC public.f(integer)`, where the grantee may be a quoted name with spaces. */
function splitGrant(granted: string): { grantee: string; named: string } {
  const end = granted.startsWith('"') ? (/^"(?:[^"]|"")*"/.exec(granted)?.[0].length ?? 0) : granted.indexOf(' ')
  return { grantee: granted.slice(0, end), named: granted.slice(end + 1) }
}

export function eventTriggerFindings(triggers: readonly Answer<'eventTriggers'>[], database: string): DoctorFinding[] {
  if (triggers.length === 0) return []
  return [
    finding(
      'role.event-triggers',
      'warning',
      `${counted(triggers.length, 'event trigger')} run on statements that change definitions.`,
      {
        database,
        details: triggers.map(({ name, event }) => `${name} on ${event}`),
        advice: 'A statement that hoop judges as harmless runs them, too. Read what they do.',
      },
    ),
  ]
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

function listed(first: readonly string[], total: number): string[] {
  return total > first.length ? [...first, `and ${total - first.length} more`] : [...first]
}
