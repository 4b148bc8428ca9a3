import { type ByteReader, ProtocolViolation } from '../bytes.ts'

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
  /** Settings for the backend's session: allowed ones only. */
  readonly settings: ReadonlyMap<string, string>
  /** `_pq_.` options that the caller offered; none is known yet. */
  readonly protocolOptions: readonly string[]
}

/** Settings a caller may bring, in lower case. What would blind the parser or change who it is, is not among them. */
const allowedSettings = new Set([
  'application_name',
  'bytea_output',
  'client_min_messages',
  'datestyle',
  'default_transaction_deferrable',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'extra_float_digits',
  'geqo',
  'idle_in_transaction_session_timeout',
  'intervalstyle',
  'jit',
  'lock_timeout',
  'statement_timeout',
  'timezone',
  'work_mem',
])
const utf8Names = new Set(['utf8', 'utf-8', 'unicode'])

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

/** `-c name=value`, `-cname=value` and `--name=value`, separated by spaces that a backslash can escape (libpq's `options`). */
export function readOptions(options: string): [string, string][] {
  const words = (options.match(/(?:\\.|[^\s\\])+/gs) ?? []).map((word) => word.replaceAll(/\\(.)/gs, '$1'))
  const settings: [string, string][] = []
  for (let i = 0; i < words.length; i++) {
    let word = words[i] ?? ''
    if (word === '-c') word = words[++i] ?? ''
    else if (word.startsWith('--')) word = word.slice(2)
    else if (word.startsWith('-c')) word = word.slice(2)
    else word = ''
    const equals = word.indexOf('=')
    if (equals < 1)
      throw new StartupRefused('0A000', 'startup options other than -c name=value are not supported', 'Set it as -c name=value.')
    settings.push([word.slice(0, equals).replaceAll('-', '_'), word.slice(equals + 1)])
  }
  return settings
}

/** Decides what of a caller's startup parameters reaches the backend. Throws StartupRefused. */
export function judgeStartup(parameters: ReadonlyMap<string, string>, databases: readonly string[]): Startup {
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
  const settings = new Map<string, string>()
  const protocolOptions: string[] = []
  const take = (name: string, value: string): void => {
    const lower = name.toLowerCase()
    if (lower === 'client_encoding') {
      if (!utf8Names.has(value.toLowerCase().replaceAll("'", ''))) {
        throw new StartupRefused(
          '0A000',
          `client_encoding ${JSON.stringify(value)} is not supported`,
          'Use client_encoding UTF8.',
        )
      }
    } else if (lower === 'standard_conforming_strings') {
      if (!['on', 'true', 'yes', '1'].includes(value.toLowerCase())) {
        throw new StartupRefused('0A000', 'standard_conforming_strings must stay on', 'Leave the setting out.')
      }
    } else if (allowedSettings.has(lower)) settings.set(lower, value)
    else {
      throw new StartupRefused(
        '42501',
        `the startup parameter ${JSON.stringify(name)} is not allowed`,
        `Allowed are ${[...allowedSettings].join(', ')}.`,
      )
    }
  }
  for (const [name, value] of parameters) {
    if (name === 'user' || name === 'database') continue
    if (name.startsWith('_pq_.')) protocolOptions.push(name)
    else if (name === 'options') for (const [option, setting] of readOptions(value)) take(option, setting)
    else if (name === 'replication') {
      if (['false', 'off', 'no', '0'].includes(value.toLowerCase())) continue
      throw new StartupRefused('0A000', 'replication connections are not supported', 'Connect without the replication parameter.')
    } else take(name, value)
  }
  return { user, database, application: settings.get('application_name') ?? null, settings, protocolOptions }
}
