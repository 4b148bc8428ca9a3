import type { Profile } from '@hoop/contracts'
import { type ByteReader, ProtocolViolation } from '../bytes.ts'
import { schemasOf } from './search-path.ts'
import { settingRefused } from './settings.ts'

/** A startup that we refuse, with its SQLSTATE and what to do instead. */
export class StartupRefused extends Error {
  override readonly name = 'StartupRefused'
  readonly code: string
  readonly hint: string
  constructor(code: string, message: string, hint: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

export interface Startup {
  readonly user: string
  readonly database: string
  readonly application: string | null
  /** Settings for the backend's session: with the profile `strict` allowed ones only, their names in lower case. */
  readonly settings: ReadonlyMap<string, string>
  /** `_pq_.` options that the caller offered; none is known yet. */
  readonly protocolOptions: readonly string[]
}

/** What the backend's session has in any case: nothing is sent for them. */
const pinned = new Set(['client_encoding', 'standard_conforming_strings', 'array_nulls', 'backslash_quote'])

/** Reads the parameters of a startup packet, after its version. */
export function readParameters(packet: ByteReader): Map<string, string> {
  const parameters = new Map<string, string>()
  while (packet.remaining > 1) {
    const name = packet.cstring()
    if (name === '') throw new ProtocolViolation('a startup parameter without a name')
    if (parameters.has(name)) throw new ProtocolViolation(`the startup parameter ${JSON.stringify(name)} twice`)
    parameters.set(name, packet.cstring())
  }
  if (packet.uint8() !== 0) throw new ProtocolViolation('a startup packet without its end')
  packet.end()
  return parameters
}

/**
 * What libpq calls `options`: words between white space, which a backslash can escape, in the forms `-c name=value`, `-cname=value` and
 * `--name=value`; `-S` and `-e` set work_mem and the order of dates. The server's other switches are refused.
 * https://www.postgresql.org/docs/current/app-postgres.html
 */
export function readOptions(options: string): [string, string][] {
  // White space as C has it: the server knows no other.
  const words = (options.match(/(?:\\.|[^ \t\n\v\f\r\\])+/gs) ?? []).map((word) => word.replaceAll(/\\(.)/gs, '$1'))
  const settings: [string, string][] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    const argument = (): string => (word.length > 2 ? word.slice(2) : (words[++i] ?? ''))
    if (word === '-e') settings.push(['datestyle', 'ISO, DMY'])
    else if (word.startsWith('-S')) settings.push(['work_mem', argument()])
    else if (word.startsWith('--') || word.startsWith('-c'))
      settings.push(readAssignment(word.startsWith('--') ? word.slice(2) : argument()))
    else
      throw new StartupRefused('0A000', `the startup option ${JSON.stringify(word)} is not supported`, 'Set it as -c name=value.')
  }
  return settings
}

function readAssignment(text: string): [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1)
    throw new StartupRefused('0A000', `the startup option ${JSON.stringify(text)} has no value`, 'Set it as -c name=value.')
  return [text.slice(0, equals).replaceAll('-', '_'), text.slice(equals + 1)]
}

/**
 * Decides what of a caller's startup parameters reaches the backend. As on the server, what is given by its own name wins over
 * `options`. With the profile `transparent` all of them do as they came, but for replication. Throws StartupRefused.
 */
export function judgeStartup(parameters: ReadonlyMap<string, string>, databases: readonly string[], profile: Profile): Startup {
  const user = parameters.get('user')
  if (!user)
    throw new StartupRefused('28000', 'no user name in the startup packet', 'Use the connection string that hoop connect prints.')
  const database = parameters.get('database') ?? databases[0] ?? ''
  if (!databases.includes(database)) {
    throw new StartupRefused(
      '3D000',
      `database ${JSON.stringify(database)} is not offered by this connection`,
      `Choose one of: ${databases.join(', ')}.`,
    )
  }
  refuseReplication(parameters.get('replication'))
  const named = [...parameters].filter(([name]) => !['user', 'database', 'replication'].includes(name))
  const protocolOptions = named.flatMap(([name]) => (name.startsWith('_pq_.') ? [name] : []))
  const given = named.filter(([name]) => !name.startsWith('_pq_.'))
  const settings = profile === 'transparent' ? new Map(given) : allowedOf(given)
  const application = [...settings].find(([name]) => name.toLowerCase() === 'application_name')?.[1] ?? null
  return { user, database, application, settings, protocolOptions }
}

function refuseReplication(value: string | undefined): void {
  if (value === undefined || ['false', 'off', 'no', '0'].includes(value.toLowerCase())) return
  throw new StartupRefused('0A000', 'replication connections are not supported', 'Connect without the replication parameter.')
}

function allowedOf(given: readonly (readonly [string, string])[]): Map<string, string> {
  const options = given.flatMap(([name, value]) => (name === 'options' ? readOptions(value) : []))
  const settings = new Map<string, string>()
  for (const [name, value] of [...options, ...given.filter(([name]) => name !== 'options')]) {
    const lower = name.toLowerCase()
    const refused = lower === 'search_path' && schemasOf(value) !== null ? null : settingRefused(lower, value)
    if (refused !== null) {
      throw new StartupRefused(
        '42501',
        `the startup parameter ${JSON.stringify(name)} is not allowed: hoop does not support ${refused}`,
        'Leave it out of the connection string.',
      )
    }
    if (!pinned.has(lower)) settings.set(lower, value)
  }
  return settings
}
