import { type DoctorFinding, finding } from '@hoop/contracts'
import type { Answer } from './doctor-questions.ts'

/** What a right of the role would let through that no wire parser can see. */
interface Danger {
  readonly status: 'problem' | 'warning'
  readonly words: string
}

/** https://www.postgresql.org/docs/current/predefined-roles.html, and what managed services give in place of a superuser. */
const dangerous: Readonly<Record<string, Danger>> = {
  pg_execute_server_program: { status: 'problem', words: 'may run programs on the server’s machine' },
  pg_read_server_files: { status: 'problem', words: 'may read any file of the server' },
  pg_write_server_files: { status: 'problem', words: 'may write files of the server, and so make itself a superuser' },
  pg_read_all_data: { status: 'warning', words: 'may read every table of every schema' },
  pg_write_all_data: { status: 'warning', words: 'may write to every table of every schema' },
  pg_monitor: { status: 'warning', words: 'may see the statements of all other sessions' },
  pg_read_all_stats: { status: 'warning', words: 'may see the statements of all other sessions' },
  pg_read_all_settings: { status: 'warning', words: 'may see settings that are for superusers' },
  pg_stat_scan_tables: { status: 'warning', words: 'may run monitoring functions that hold long locks' },
  pg_signal_backend: { status: 'warning', words: 'may cancel and end the sessions of others' },
  pg_signal_autovacuum_worker: { status: 'warning', words: 'may stop autovacuum' },
  pg_maintain: { status: 'warning', words: 'may lock every table by VACUUM, REINDEX and the like' },
  pg_checkpoint: { status: 'warning', words: 'may ask for checkpoints' },
  pg_create_subscription: { status: 'warning', words: 'may have the server connect elsewhere by CREATE SUBSCRIPTION' },
  pg_use_reserved_connections: { status: 'warning', words: 'may use up the connections that are kept for admins' },
  rds_superuser: { status: 'problem', words: 'is the service’s stand-in for a superuser' },
  cloudsqlsuperuser: { status: 'problem', words: 'is the service’s stand-in for a superuser' },
  alloydbsuperuser: { status: 'problem', words: 'is the service’s stand-in for a superuser' },
  azure_pg_admin: { status: 'problem', words: 'is the service’s stand-in for a superuser' },
}

/** Attributes of the role itself, and how each is taken away. */
export function attributeFindings(role: Answer<'role'>, major: number): DoctorFinding[] {
  const { name, quoted } = role
  const details = [`role ${name}`]
  const attributes: (readonly [boolean, DoctorFinding['check'], Danger, string])[] = [
    [
      role.superuser,
      'role.superuser',
      { status: 'problem', words: 'is a superuser: programs, files and every table of the server are open to it' },
      'NOSUPERUSER',
    ],
    [role.bypassRowSecurity, 'role.bypass-row-security', { status: 'warning', words: 'passes row security by' }, 'NOBYPASSRLS'],
    [
      role.createRole,
      'role.create-role',
      // Before 16 it may grant itself any role that is not a superuser: the server's files and programs, too.
      { status: major < 16 ? 'problem' : 'warning', words: 'may make roles, and change and grant those that it made' },
      'NOCREATEROLE',
    ],
    [role.createDatabase, 'role.create-database', { status: 'warning', words: 'may make databases' }, 'NOCREATEDB'],
    [
      role.replication,
      'role.replication',
      { status: 'warning', words: 'may copy the whole server by replication' },
      'NOREPLICATION',
    ],
  ]
  const found = attributes.flatMap(([has, check, { status, words }, without]) =>
    has
      ? [
          finding(check, status, `The gateway’s role ${words}.`, {
            details,
            advice:
              'Policies read statements; what a function or trigger does inside the server they cannot see. Take the right away:',
            statements: [`ALTER ROLE ${quoted} ${without};`],
          }),
        ]
      : [],
  )
  const none = 'The gateway’s role is no superuser, and may make neither roles nor databases nor replicas.'
  return found.length > 0 ? found : [finding('role.superuser', 'ok', none, { details })]
}

/** Roles that it can act as, by inheritance or SET ROLE, directly or through others. */
export function membershipFindings(role: Answer<'role'>, memberships: readonly Answer<'memberships'>[]): DoctorFinding[] {
  const found = memberships.flatMap((membership) => {
    const danger = dangerOf(membership)
    const { role: name, quotedRole, quotedHolder } = membership
    // What a predefined role has of others goes with it.
    if (danger === null || Object.hasOwn(dangerous, quotedHolder)) return []
    const through = quotedHolder === role.quoted ? '' : `, through ${quotedHolder}`
    return [
      finding('role.membership', danger.status, `The gateway’s role ${danger.words}.`, {
        details: [`role ${role.name} is a member of ${name}${through}`],
        advice: 'Take the membership away:',
        statements: [`REVOKE ${quotedRole} FROM ${quotedHolder};`],
      }),
    ]
  })
  if (found.length > 0) return found
  const names = [...new Set(memberships.map((membership) => membership.role))]
  const words = 'It is a member of no role with rights over the server.'
  return [finding('role.membership', 'ok', words, { details: names.map((name) => `member of ${name}`) })]
}

function dangerOf({ role, superuser, bypassRowSecurity, createRole }: Answer<'memberships'>): Danger | null {
  if (superuser) return { status: 'problem', words: 'becomes a superuser by SET ROLE' }
  const known = Object.hasOwn(dangerous, role) ? dangerous[role] : undefined
  if (known !== undefined) return known
  if (createRole) return { status: 'warning', words: 'may make roles after SET ROLE' }
  if (bypassRowSecurity) return { status: 'warning', words: 'passes row security by after SET ROLE' }
  // The server keeps this prefix for itself: a later version's, not known here.
  if (role.startsWith('pg_') && role !== 'pg_database_owner') {
    return { status: 'warning', words: 'is a member of a predefined role that hoop does not know' }
  }
  return null
}

/** What changes the meaning of statements without being in them. */
const telling: Readonly<Record<string, string>> = {
  search_path: 'unqualified names mean what this path says',
  role: 'the session acts as another role from its start',
  session_authorization: 'the session acts as another role from its start',
  session_preload_libraries: 'a library is loaded into each session',
  local_preload_libraries: 'a library is loaded into each session',
  row_security: 'row security raises errors in place of filtering',
  default_transaction_isolation: 'transactions see others at another level',
  default_transaction_deferrable: 'transactions may wait at their start',
  default_tablespace: 'new tables lie elsewhere',
  sql_inheritance: 'tables are read without those that inherit from them',
  session_replication_role: 'triggers and foreign keys do not hold',
  standard_conforming_strings: 'backslashes in strings mean something (hoop pins it for its sessions)',
}

/** ALTER ROLE … SET and ALTER DATABASE … SET that hold for these sessions. */
export function roleSettingFindings(settings: readonly Answer<'settings'>[], database: string): DoctorFinding[] {
  return settings.flatMap(({ quotedRole, quotedDatabase, setting }) => {
    const name = setting.slice(0, setting.indexOf('='))
    const meaning = Object.hasOwn(telling, name) ? telling[name] : undefined
    if (meaning === undefined) return []
    const where =
      quotedRole === null
        ? quotedDatabase === null
          ? 'ROLE ALL'
          : `DATABASE ${quotedDatabase}`
        : `ROLE ${quotedRole}${quotedDatabase === null ? '' : ` IN DATABASE ${quotedDatabase}`}`
    return [
      finding('role.settings', 'warning', `The server sets ${name} for these sessions: ${meaning}.`, {
        database,
        details: [setting],
        advice: 'See that it is meant so, or take it away:',
        statements: [`ALTER ${where} RESET ${name};`],
      }),
    ]
  })
}
