import { randomInt } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { HoopError } from '@hoop/contracts'
import type { BackendHost, ClientCertificate, PostgresContext, PostgresUpstream } from '../protocol.ts'
import { BackendRefused, HostUnavailable, unavailable } from './backend-errors.ts'
import { type CompletedLogin, logIn, type Version, VersionRefused } from './backend-login.ts'
import { expectSession } from './backend-session-attrs.ts'
import { type Secured, secure } from './backend-tls.ts'
import { write } from './codec.ts'
import { startupCodes } from './messages.ts'

export { BackendRefused }

/** All hosts together: less than a caller may take to log in, so that there are words for it. */
const totalTime = 12_000

/** Where, and by which key, a running statement is cancelled: the very host and address that answered. */
export interface BackendKey {
  readonly processId: number
  readonly secret: Buffer
  readonly host: BackendHost
}

/** A logged-in connection to the backend. */
export interface Backend {
  readonly stream: Duplex
  /** What came after the login's end. */
  readonly rest: Buffer
  readonly parameters: ReadonlyMap<string, string>
  readonly key: BackendKey | null
  /** Which host answered, as `host:port`. */
  readonly host: string
}

export interface OpenBackend {
  readonly context: Pick<PostgresContext, 'dial' | 'own' | 'warn'>
  readonly upstream: PostgresUpstream
  readonly database: string
  readonly settings: ReadonlyMap<string, string>
  /** False: no setting is pinned; the texts that pass are not read then. */
  readonly pinned?: boolean
  readonly signal: AbortSignal
}

/** Pinned on every backend session: with other values the server would read a text differently than its parser here does. */
const pins = { client_encoding: 'UTF8', standard_conforming_strings: 'on', backslash_quote: 'safe_encoding', array_nulls: 'on' }

/**
 * Opens, secures and logs in one connection, to the first of the hosts that serves and is what the connection asks for. Once it is logged
 * in, nothing here opens another in its place: a transaction that is lost with it must be seen to be lost.
 * Rejects with BackendRefused or HoopError; closes what it opened.
 */
export async function openBackend(options: OpenBackend): Promise<Backend> {
  const { upstream, signal } = options
  const hosts = upstream.loadBalance === 'random' ? shuffled(upstream.hosts) : upstream.hosts
  const wanted = upstream.targetSessionAttrs
  if (wanted !== 'prefer-standby') return await firstOf(hosts, options, wanted, Date.now() + totalTime)
  const end = Date.now() + totalTime
  try {
    return await firstOf(hosts, options, 'standby', Date.now() + totalTime / 2)
  } catch (error) {
    if (!(error instanceof NoHost) || signal.aborted) throw error
    return await firstOf(hosts, options, 'any', end)
  }
}

/** Every host was tried. */
class NoHost extends HoopError {}

type Wanted = Exclude<PostgresUpstream['targetSessionAttrs'], 'prefer-standby'>

async function firstOf(hosts: readonly BackendHost[], options: OpenBackend, wanted: Wanted, end: number): Promise<Backend> {
  const answers: { host: string; cause: HoopError | BackendRefused }[] = []
  for (const [at, host] of hosts.entries()) {
    // A share of the time that is left: a host that is silent must not cost those behind it their turn.
    const limit = Math.min(options.upstream.connectTimeout, Math.max(1_000, (end - Date.now()) / (hosts.length - at)))
    const given = Math.round(limit)
    try {
      return await openHost(host, options, wanted, given)
    } catch (error) {
      options.signal.throwIfAborted()
      const understood = unavailable(error, given)
      if (!(understood instanceof HostUnavailable)) {
        if (understood instanceof HoopError && understood.cause !== undefined)
          options.context.warn(understood.message, understood.cause)
        throw understood
      }
      answers.push({ host: nameOf(host), cause: understood.cause })
      if (!understood.unsuited && hosts.length > 1)
        options.context.warn(`${nameOf(host)}: ${understood.message}`, understood.cause)
    }
  }
  throw nobody(answers)
}

/** One host has words of its own; of several, each is named with what it answered. */
function nobody(answers: readonly { host: string; cause: HoopError | BackendRefused }[]): Error {
  const [only] = answers
  if (only !== undefined && answers.length === 1) {
    const { cause } = only
    if (cause instanceof BackendRefused) return cause
    return new NoHost(cause.code, cause.message, { ...(cause.hint === null ? {} : { hint: cause.hint }), cause: cause.cause })
  }
  const each = answers.map(({ host, cause }) => `${host}: ${cause.message.replace(/\.$/, '')}`)
  return new NoHost('connection_unavailable', `none of the hosts of this connection can be used. ${each.join('; ')}`, {
    hint: 'They may be down, or not of the kind that targetSessionAttrs asks for: an admin looks at the connection.',
  })
}

async function openHost(host: BackendHost, options: OpenBackend, wanted: Wanted, limit: number): Promise<Backend> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(limit)])
  try {
    return await open(host, startupCodes.protocol32, options, wanted, signal)
  } catch (error) {
    if (!(error instanceof VersionRefused)) throw error
    return await open(host, startupCodes.protocol30, options, wanted, signal)
  }
}

async function open(
  host: BackendHost,
  version: Version,
  { context, upstream, database, settings, pinned = true }: OpenBackend,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Backend> {
  const { stream, answering, ...channel } = await reach(host, context.dial, upstream.certificate, signal)
  try {
    const login = await logIn(stream, {
      version,
      credential: {
        user: upstream.user,
        password: upstream.password,
        certificate: host.tls !== null && upstream.certificate !== null,
      },
      channel,
      parameters: new Map([['database', database], ...settings, ...(pinned ? Object.entries(pins) : [])]),
      signal,
    })
    if (wanted !== 'any') await expectSession(wanted, { stream, login, own: context.own, signal })
    if (login.weak)
      context.warn(`${nameOf(host)} asks for the password by MD5, which is weak: set password_encryption = scram-sha-256.`)
    return ready(stream, login, host, answering)
  } catch (error) {
    stream.destroy()
    throw error
  }
}

function ready(stream: Duplex, { rest, parameters, key }: CompletedLogin, host: BackendHost, answering: BackendHost): Backend {
  return { stream, rest, parameters, key: key === null ? null : { ...key, host: answering }, host: nameOf(host) }
}

/** Dials and secures; `answering` is the host by the address that a name led to, so that a cancel request finds the same server. */
async function reach(
  host: BackendHost,
  dial: PostgresContext['dial'],
  certificate: ClientCertificate | null,
  signal: AbortSignal,
): Promise<Secured & { answering: BackendHost }> {
  try {
    const raw = await dial(host, signal)
    const address = 'remoteAddress' in raw && typeof raw.remoteAddress === 'string' ? raw.remoteAddress : host.host
    return { ...(await secure(raw, { tls: host.tls, certificate, signal })), answering: { ...host, host: address } }
  } catch (error) {
    // A host that cannot be reached, or not safely, is no reason not to try the next.
    throw error instanceof HoopError ? new HostUnavailable(error) : error
  }
}

/** Sends a CancelRequest on a connection of its own, to the host that answered and over the same TLS, and waits until the server has closed it. */
export async function cancelBackend(options: {
  dial: PostgresContext['dial']
  upstream: PostgresUpstream
  key: BackendKey
  signal: AbortSignal
}): Promise<void> {
  const { key, signal } = options
  const { stream } = await reach(key.host, options.dial, options.upstream.certificate, signal)
  await new Promise<void>((resolve) => {
    const giveUp = (): void => void stream.destroy()
    signal.addEventListener('abort', giveUp, { once: true })
    stream.on('error', () => resolve())
    stream.on('close', () => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    })
    stream.resume()
    stream.end(write.cancelRequest(key))
  })
}

function nameOf({ host, port }: BackendHost): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function shuffled<T>(items: readonly T[]): T[] {
  const rest = [...items]
  const order: T[] = []
  while (rest.length > 0) order.push(...rest.splice(randomInt(rest.length), 1))
  return order
}
