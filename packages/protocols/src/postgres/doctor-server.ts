import { type DoctorFinding, finding } from '@hoop/contracts'
import type { Answer } from './doctor-questions.ts'

/** Major versions that hoop is made for: its parser is of the newest. */
const versions = { oldest: 13, newest: 18 } as const
/** Seconds by which two clocks may differ: the record and the server's log are compared by time. */
const clockTolerance = 2

/** What a login that the server asks for is worth. `encrypted`: over TLS that was verified. */
export function methodFinding(method: string, encrypted: boolean): DoctorFinding {
  const check = 'login.method'
  const scram = [`ALTER SYSTEM SET password_encryption = 'scram-sha-256';`, 'SELECT pg_reload_conf();']
  if (method === 'trust') {
    return finding(check, 'problem', 'The server lets in whoever reaches it: it asks for no password (trust).', {
      advice: 'Write scram-sha-256 in place of trust in the line of pg_hba.conf that fits the gateway, then reload.',
      statements: ['SELECT * FROM pg_hba_file_rules;', 'SELECT pg_reload_conf();'],
    })
  }
  if (method === 'password') {
    return finding(check, encrypted ? 'warning' : 'problem', 'The server asks for the password in the clear.', {
      advice: 'It learns the password at each login. Write scram-sha-256 in place of password in pg_hba.conf, then reload.',
      statements: ['SELECT * FROM pg_hba_file_rules;', 'SELECT pg_reload_conf();'],
    })
  }
  if (method === 'md5') {
    return finding(check, 'warning', 'The login is by MD5: whoever reads the server’s password hashes can log in with them.', {
      advice:
        'Make the server keep SCRAM hashes, give the role its password anew, and write scram-sha-256 in place of md5 in pg_hba.conf.',
      statements: scram,
    })
  }
  if (method.includes('SCRAM-SHA-256')) return finding(check, 'ok', `The login is by ${method}.`)
  return finding(
    check,
    'warning',
    `The server asks for a login by ${method}, which proves nothing of the server to the gateway.`,
    {
      advice: 'Prefer scram-sha-256 in pg_hba.conf.',
    },
  )
}

export function clockFindings(clock: { readonly roundTrip: number; readonly difference: number }): DoctorFinding[] {
  const roundTrip = finding('login.round-trip', 'ok', `A statement takes ${clock.roundTrip.toFixed(1)} ms there and back.`)
  const difference = Math.abs(clock.difference)
  const words = `The clocks of server and gateway differ by ${difference < 0.05 ? 'less than 0.1' : difference.toFixed(1)} s.`
  if (difference < clockTolerance) return [roundTrip, finding('login.clock', 'ok', words)]
  const advice = 'Let both follow a time server (NTP): the record and the server’s log are compared by time.'
  return [roundTrip, finding('login.clock', 'warning', words, { advice })]
}

export function serverFindings(server: Answer<'server'>): DoctorFinding[] {
  return [version(server), capacity(server), writable(server)]
}

function version({ version, versionName }: Answer<'server'>): DoctorFinding {
  const major = Math.floor(version / 10_000)
  const check = 'login.version'
  const words = `The server is PostgreSQL ${versionName}`
  const { oldest, newest } = versions
  if (major > newest) {
    return finding(check, 'warning', `${words}, newer than what this hoop was made for (${oldest} to ${newest}).`, {
      advice: 'Statements that are new in it are refused as unreadable; look for a newer hoop.',
    })
  }
  if (major < oldest) {
    return finding(check, 'problem', `${words}, older than what this hoop was made for (${oldest} to ${newest}).`, {
      advice: 'Upgrade it: https://www.postgresql.org/support/versioning/ says which versions still get fixes.',
    })
  }
  return finding(check, 'ok', `${words}; https://www.postgresql.org/support/versioning/ says until when ${major} gets fixes.`)
}

function capacity({ maxConnections, reserved, used, roleLimit }: Answer<'server'>): DoctorFinding {
  const all = maxConnections - reserved
  const left = Math.max(0, all - used)
  const limit = roleLimit >= 0 ? `, and the role may have ${roleLimit}` : ''
  const words = `${left} of ${all} connections are free${limit}.`
  // What the gateway opens besides: its own reads, and cancel requests.
  const scarce = left < Math.max(5, all / 10) || (roleLimit >= 0 && roleLimit < 5)
  if (!scarce) return finding('login.connections', 'ok', words)
  const advice = 'Raise max_connections or the role’s limit, or put a pooler in front: callers are refused when none is left.'
  return finding('login.connections', 'warning', words, { advice })
}

function writable({ standby, readOnly }: Answer<'server'>): DoctorFinding {
  if (standby) {
    return finding('login.writable', 'warning', 'The server is a standby: every write fails there.', {
      advice: 'Name the primary, unless the connection is meant for reading.',
    })
  }
  if (readOnly === 'on') return finding('login.writable', 'ok', 'Transactions are read-only unless one says otherwise.')
  return finding('login.writable', 'ok', 'The server is a primary: it takes writes.')
}

/** Settings of the server that make it safer, or that are not. */
export function settingFindings(server: Answer<'server'>, role: Answer<'role'>): DoctorFinding[] {
  const findings: DoctorFinding[] = []
  if (server.passwordEncryption === 'md5') {
    findings.push(
      finding('role.password-encryption', 'warning', 'New passwords are kept as MD5 hashes.', {
        advice: 'Change it, then give the roles their passwords anew.',
        statements: [`ALTER SYSTEM SET password_encryption = 'scram-sha-256';`, 'SELECT pg_reload_conf();'],
      }),
    )
  }
  const unset = [
    { name: 'statement_timeout', value: server.statementTimeout, to: '5min' },
    { name: 'idle_in_transaction_session_timeout', value: server.idleInTransactionTimeout, to: '10min' },
  ].filter(({ value }) => value === '0')
  if (unset.length > 0) {
    findings.push(
      finding('role.timeouts', 'warning', `There is no ${unset.map(({ name }) => name).join(' and no ')}.`, {
        advice: 'Without one a forgotten statement or transaction holds its locks for ever. Choose what fits:',
        statements: unset.map(({ name, to }) => `ALTER ROLE ${role.quoted} SET ${name} = '${to}';`),
      }),
    )
  } else findings.push(finding('role.timeouts', 'ok', 'Statements and idle transactions end after a time.'))
  const logged = `The server’s own log has ${server.logStatement === 'none' ? 'no' : `${server.logStatement}`} statements`
  findings.push(finding('role.server-log', 'ok', `${logged} (log_statement = ${server.logStatement}).`))
  return findings
}
