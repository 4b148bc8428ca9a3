import { HoopError } from '@hoop/contracts'
import type { ByteReader } from '../bytes.ts'
import type { ServeContext, Upstream } from '../protocol.ts'
import { ScramError, ScramServer } from '../scram.ts'
import { type Backend, BackendRefused, openBackend } from './backend.ts'
import { write } from './codec.ts'
import { Handshake, send } from './handshake.ts'
import { authentication, frontend, startupCodes } from './messages.ts'
import { errorMessage } from './refusals.ts'
import { judgeStartup, readParameters, type Startup, StartupRefused } from './startup.ts'

/** How long a caller may take to log in. */
const handshakeTime = 15_000

/** Both legs are logged in; the caller has not been told yet that it may begin. */
export interface LoggedIn {
  readonly startup: Startup
  readonly upstream: Upstream
  readonly backend: Backend
  /** What the caller sent early. */
  readonly rest: Buffer
}

/**
 * Serves a new local connection until both legs are logged in. Null: it was a cancel request, or was refused in its own protocol.
 * The backend's login runs beside the caller's, so that a far gateway costs no further round trip.
 */
export async function login(context: ServeContext): Promise<LoggedIn | null> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(handshakeTime)])
  const caller = new Handshake(context.client, signal)
  const opening = new AbortController()
  let backend: Promise<Backend> | null = null
  try {
    const first = await firstPacket(caller)
    if (first.code === startupCodes.cancel) {
      const processId = first.packet.uint32()
      const secret = Buffer.from(first.packet.rest())
      caller.release()
      context.cancels.cancel(processId, secret)
      context.client.end()
      context.client.resume()
      return null
    }
    const parameters = readParameters(first.packet)
    const upstream = await context.upstream()
    const startup = judgeStartup(parameters, upstream.databases)
    if (first.code !== startupCodes.protocol30 || startup.protocolOptions.length > 0) {
      context.client.write(write.negotiateProtocolVersion(startupCodes.protocol30, startup.protocolOptions))
    }
    backend = openBackend({
      context,
      upstream,
      database: startup.database,
      settings: new Map([...startup.settings, ['application_name', applicationName(context, startup)]]),
      signal: AbortSignal.any([signal, opening.signal]),
    })
    backend.catch(() => undefined)
    await prove(caller, context)
    const ready = await backend
    return { startup, upstream, backend: ready, rest: caller.release() }
  } catch (error) {
    opening.abort(error)
    backend?.then(({ stream }) => stream.destroy()).catch(() => undefined)
    caller.release()
    context.client.end(loginError(error))
    // Unread input would keep the stream from closing.
    context.client.resume()
    if (!forCaller(error)) throw error
    return null
  }
}

/** The first packet that is not an encryption request; those are answered N: the tunnel is encrypted already. */
async function firstPacket(caller: Handshake): Promise<{ code: number; packet: ByteReader }> {
  const asked = new Set<number>()
  for (;;) {
    const packet = await caller.packet()
    const code = packet.uint32()
    if (code === startupCodes.ssl || code === startupCodes.gssenc) {
      packet.end()
      // Bytes sent along with the request would be read as if they had come after it (CVE-2021-23214).
      if (asked.has(code) || caller.early > 0)
        throw new StartupRefused('08P01', 'bytes after an encryption request', 'Wait for the answer to SSLRequest.')
      asked.add(code)
      await send(caller.stream, Buffer.from('N'))
    } else if (code === startupCodes.cancel || code >>> 16 === 3) return { code, packet }
    else throw new StartupRefused('0A000', `protocol ${code >>> 16}.${code & 0xffff} is not supported`, 'Speak protocol 3.0.')
  }
}

/** SCRAM-SHA-256 with the local secret: another user of the same machine can reach the port, but not pass here. */
async function prove(caller: Handshake, context: ServeContext): Promise<void> {
  const { stream } = caller
  stream.write(write.authentication(authentication.sasl, Buffer.from('SCRAM-SHA-256\0\0')))
  const scram = new ScramServer(context.localSecret)
  const initial = await passwordMessage(caller)
  if (initial.cstring() !== 'SCRAM-SHA-256') throw new ScramError('a SASL mechanism that was not offered')
  const length = initial.int32()
  const clientFirst = initial.bytes(length).toString('utf8')
  initial.end()
  stream.write(write.authentication(authentication.saslContinue, Buffer.from(scram.first(clientFirst))))
  const response = await passwordMessage(caller)
  const final = scram.final(response.rest().toString('utf8'))
  stream.write(write.authentication(authentication.saslFinal, Buffer.from(final)))
}

async function passwordMessage(caller: Handshake): Promise<ByteReader> {
  const message = await caller.message()
  if (message.tag !== frontend.password) throw new StartupRefused('08P01', 'a message before the login', 'Log in first.')
  return message.body()
}

/** `hoop ada@example.com psql`: the server's own activity view and log show the person; at most 63 bytes, as the server cuts there. */
function applicationName(context: ServeContext, startup: Startup): string {
  const name = `hoop ${context.identity.name}${startup.application ? ` ${startup.application}` : ''}`
  return name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 63)
}

function forCaller(error: unknown): boolean {
  return (
    error instanceof StartupRefused ||
    error instanceof ScramError ||
    error instanceof HoopError ||
    error instanceof BackendRefused ||
    (error instanceof Error &&
      ['PeerGone', 'ProtocolViolation', 'TimeoutError', 'AbortError', 'StreamReset'].includes(error.name))
  )
}

function loginError(error: unknown): Buffer {
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
