import type { Duplex } from 'node:stream'
import { HoopError } from '@hoop/contracts'
import type { ByteReader } from '../bytes.ts'
import type { PostgresContext, PostgresUpstream } from '../protocol.ts'
import { ScramError, ScramServer } from '../scram.ts'
import { applicationName } from './application-name.ts'
import { type Backend, BackendRefused, openBackend } from './backend.ts'
import { write } from './codec.ts'
import { acceptTls, checkAlpn, type FirstPacket, readFirstPacket, readFirstPacketInTls, TlsFailed } from './encryption.ts'
import { Handshake } from './handshake.ts'
import { authentication, frontend, startupCodes } from './messages.ts'
import { errorMessage } from './refusals.ts'
import { judgeStartup, readParameters, type Startup, StartupRefused } from './startup.ts'

/** How long a caller may take to log in, TLS included. */
const handshakeTime = 15_000
/** How long a caller may take to read why it was refused. */
const farewellTime = 3_000
/** Bytes of a cancel key: version 3.2 lets it be longer than what can be guessed. */
const cancelKeyLength = { before32: 4, since32: 32 }

/** Both legs are logged in; the caller has not been told yet that it may begin. */
export interface LoggedIn {
  readonly startup: Startup
  readonly upstream: PostgresUpstream
  readonly backend: Backend
  /** The caller's leg, inside TLS where it asked for that. */
  readonly client: Duplex
  /** What the caller sent early. */
  readonly rest: Buffer
  /** How many bytes the protocol version that was agreed on lets a cancel key have. */
  readonly cancelKeyLength: number
}

/**
 * Serves a new local connection until both legs are logged in. Null: it was a cancel request, or was refused in its own protocol.
 * The backend's login runs beside the caller's, so that a far gateway costs no further round trip.
 */
export async function login(context: PostgresContext): Promise<LoggedIn | null> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(handshakeTime)])
  let caller = new Handshake(context.client, signal)
  const opening = new AbortController()
  let backend: Promise<Backend> | null = null
  try {
    let first = await readFirstPacket(caller, context.localTls)
    let endPoint: Buffer | null = null
    if ('tls' in first) {
      const secured = await acceptTls(caller, first, signal)
      caller = new Handshake(secured, signal)
      if (first.direct) checkAlpn(secured)
      endPoint = first.tls.endPoint
      first = await readFirstPacketInTls(caller)
    }
    if (first.code === startupCodes.cancel) {
      cancel(context, first)
      caller.release()
      void farewell(caller.stream, context.client, null)
      return null
    }
    const version = negotiable(first.code)
    const parameters = readParameters(first.packet)
    const upstream = await context.upstream()
    const startup = judgeStartup(parameters, upstream.databases, context.profile)
    if (version !== first.code || startup.protocolOptions.length > 0) {
      caller.stream.write(write.negotiateProtocolVersion(version, startup.protocolOptions))
    }
    backend = openBackend({
      context,
      upstream,
      database: startup.database,
      settings: settingsOf(context, startup),
      pinned: context.profile !== 'transparent',
      signal: AbortSignal.any([signal, opening.signal]),
    })
    backend.catch(() => undefined)
    await prove(caller, new ScramServer(context.localSecret, endPoint))
    const ready = await backend
    const keyLength = version >= startupCodes.protocol32 ? cancelKeyLength.since32 : cancelKeyLength.before32
    return { startup, upstream, backend: ready, client: caller.stream, rest: caller.release(), cancelKeyLength: keyLength }
  } catch (error) {
    opening.abort(error)
    backend?.then(({ stream }) => stream.destroy()).catch(() => undefined)
    caller.release()
    const told = farewell(caller.stream, context.client, loginError(error))
    if (forCaller(error)) return null
    // Whoever hears of our own fault closes the stream at once.
    await told
    throw error
  }
}

/** The version that is spoken: the caller's, or our newest if that is older. */
function negotiable(asked: number): number {
  if (asked >>> 16 !== 3)
    throw new StartupRefused('0A000', `protocol ${asked >>> 16}.${asked & 0xffff} is not supported`, 'Speak protocol 3.0 or 3.2.')
  return Math.min(asked, startupCodes.protocol32)
}

/** Answered with nothing, as the server does: whoever guesses keys does not learn which is right. */
function cancel(context: PostgresContext, { packet }: FirstPacket): void {
  const processId = packet.uint32()
  const secret = Buffer.from(packet.rest())
  if (secret.length >= 4 && secret.length <= 256) context.cancels.cancel(processId, secret)
}

/** Ends the caller's leg with words it can still read, and lets go of it whether it reads them or not; resolves then. */
async function farewell(stream: Duplex, client: Duplex, words: Buffer | null): Promise<void> {
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  const late = setTimeout(() => {
    stream.destroy()
    client.destroy()
    resolve()
  }, farewellTime)
  client.once('close', resolve)
  if (words === null) stream.end()
  else stream.end(words)
  // Unread input would keep the streams from closing.
  stream.resume()
  if (!client.closed) await gone
  clearTimeout(late)
}

/** SCRAM with the local secret: another user of the same machine can reach the port, but not pass here. */
async function prove(caller: Handshake, scram: ScramServer): Promise<void> {
  const { stream } = caller
  const offer = `${scram.mechanisms.join('\0')}\0\0`
  stream.write(write.authentication(authentication.sasl, Buffer.from(offer)))
  const initial = await passwordMessage(caller)
  const mechanism = initial.cstring()
  const clientFirst = initial.bytes(initial.int32()).toString('utf8')
  initial.end()
  stream.write(write.authentication(authentication.saslContinue, Buffer.from(scram.first(clientFirst, mechanism))))
  const response = await passwordMessage(caller)
  const final = scram.final(response.rest().toString('utf8'))
  stream.write(write.authentication(authentication.saslFinal, Buffer.from(final)))
}

async function passwordMessage(caller: Handshake): Promise<ByteReader> {
  const message = await caller.message()
  if (message.tag !== frontend.password) throw new StartupRefused('08P01', 'a message before the login', 'Log in first.')
  return message.body()
}

/** What the backend's session begins with. With the profile `transparent` it is the caller's own, its name for itself included. */
function settingsOf(context: PostgresContext, startup: Startup): ReadonlyMap<string, string> {
  if (context.profile === 'transparent') return startup.settings
  return new Map([...startup.settings, ['application_name', applicationName(context.identity, startup.application)]])
}

function forCaller(error: unknown): boolean {
  return (
    error instanceof StartupRefused ||
    error instanceof TlsFailed ||
    error instanceof ScramError ||
    error instanceof HoopError ||
    error instanceof BackendRefused ||
    (error instanceof Error &&
      ['PeerGone', 'ProtocolViolation', 'TimeoutError', 'AbortError', 'StreamReset'].includes(error.name))
  )
}

/** Null: there is nothing that the caller could read. */
function loginError(error: unknown): Buffer | null {
  if (error instanceof TlsFailed) return null
  if (error instanceof StartupRefused) return errorMessage('FATAL', error.code, error.message, { hint: error.hint })
  if (error instanceof ScramError) {
    return errorMessage('FATAL', '28P01', 'the local password is wrong', {
      hint: 'Use the connection string of hoop connect with --show-password, or hoop exec.',
    })
  }
  if (error instanceof BackendRefused) return errorMessage('FATAL', error.code, error.message)
  if (error instanceof HoopError) {
    return errorMessage('FATAL', '08001', error.message, error.hint === null ? {} : { hint: error.hint })
  }
  if (error instanceof Error && error.name === 'ProtocolViolation') return errorMessage('FATAL', '08P01', error.message)
  if (error instanceof Error && error.name === 'TimeoutError') return errorMessage('FATAL', '08006', 'the login took too long')
  return errorMessage('FATAL', '58000', 'the gateway could not log this connection in', {
    hint: "The gateway's log has the cause under this session.",
  })
}
