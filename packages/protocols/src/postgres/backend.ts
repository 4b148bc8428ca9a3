import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { HoopError } from '@hoop/contracts'
import { ByteWriter } from '../bytes.ts'
import type { Upstream } from '../protocol.ts'
import { ScramClient } from '../scram.ts'
import { read, write } from './codec.ts'
import { Handshake } from './handshake.ts'
import { authentication, backend, startupCodes } from './messages.ts'

/** A logged-in connection to the backend. */
export interface Backend {
  readonly stream: Duplex
  /** What came after the login's end. */
  readonly rest: Buffer
  readonly parameters: ReadonlyMap<string, string>
  readonly key: { readonly processId: number; readonly secret: Buffer } | null
}

/** The backend answered the login with an error of its own. */
export class BackendRefused extends Error {
  override readonly name = 'BackendRefused'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Pinned on every backend session: with other values the server would read a text differently than its parser here does. */
const pinned = { client_encoding: 'UTF8', standard_conforming_strings: 'on', backslash_quote: 'safe_encoding', array_nulls: 'on' }

/** Opens, secures and logs in one connection. Rejects with BackendRefused or HoopError; closes what it opened. */
export async function openBackend(options: {
  dial: (upstream: Upstream, signal?: AbortSignal) => Promise<Duplex>
  upstream: Upstream
  database: string
  settings: ReadonlyMap<string, string>
  signal: AbortSignal
}): Promise<Backend> {
  const { upstream, database, settings, signal } = options
  const stream = await secure(await options.dial(upstream, signal), upstream, signal)
  const handshake = new Handshake(stream, signal)
  try {
    stream.write(startupPacket({ user: upstream.user, database, ...Object.fromEntries(settings), ...pinned }))
    await authenticate(handshake, upstream.password)
    const parameters = new Map<string, string>()
    let key: Backend['key'] = null
    for (;;) {
      const message = await handshake.message()
      if (message.tag === backend.parameterStatus) {
        const { name, value } = read.parameterStatus(message.body())
        parameters.set(name, value)
      } else if (message.tag === backend.backendKeyData) key = read.backendKeyData(message.body())
      else if (message.tag === backend.readyForQuery) break
      else if (message.tag === backend.errorResponse) throw refused(read.diagnostics(message.body()))
      else if (message.tag !== backend.noticeResponse) throw unexpected(message.tag)
    }
    return { stream, rest: handshake.release(), parameters, key }
  } catch (error) {
    handshake.release()
    stream.destroy()
    throw error
  }
}

/** Sends a CancelRequest on a connection of its own, over the same TLS, and waits until the server has closed it. */
export async function cancelBackend(options: {
  dial: (upstream: Upstream, signal?: AbortSignal) => Promise<Duplex>
  upstream: Upstream
  key: NonNullable<Backend['key']>
  signal: AbortSignal
}): Promise<void> {
  const stream = await secure(await options.dial(options.upstream, options.signal), options.upstream, options.signal)
  const { processId, secret } = options.key
  const packet = new ByteWriter(16 + secret.length)
  packet
    .int32(12 + secret.length)
    .int32(startupCodes.cancel)
    .uint32(processId)
    .bytes(secret)
  await new Promise<void>((resolve) => {
    const giveUp = (): void => void stream.destroy()
    options.signal.addEventListener('abort', giveUp, { once: true })
    stream.on('error', () => resolve())
    stream.on('close', () => {
      options.signal.removeEventListener('abort', giveUp)
      resolve()
    })
    stream.resume()
    stream.end(packet.take())
  })
}

async function secure(raw: Duplex, upstream: Upstream, signal: AbortSignal): Promise<Duplex> {
  const { tls } = upstream
  if (tls === null) return raw
  const handshake = new Handshake(raw, signal)
  try {
    raw.write(new ByteWriter(8).int32(8).int32(startupCodes.ssl).take())
    const answer = await handshake.byte()
    if (answer !== 0x53)
      throw new HoopError('connection_unavailable', 'the database does not offer TLS', {
        hint: 'Turn ssl on at the database; tls: disable is for a backend on loopback only.',
      })
    // Bytes before the handshake could only come from somebody in between (CVE-2021-23222).
    if (handshake.early > 0) throw new HoopError('connection_unavailable', 'the database sent bytes before the TLS handshake')
    handshake.release()
  } catch (error) {
    handshake.release()
    raw.destroy()
    throw error
  }
  return await new Promise<Duplex>((resolve, reject) => {
    const secured = connectTls({
      socket: raw,
      host: tls.serverName,
      ...(isIP(tls.serverName) === 0 ? { servername: tls.serverName } : {}),
      ...(tls.ca === null ? {} : { ca: tls.ca }),
      minVersion: 'TLSv1.2',
    })
    const onAbort = (): void => fail(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', onAbort)
      secured.destroy()
      raw.destroy()
      reject(
        new HoopError('connection_unavailable', `TLS to the database failed: ${error.message}`, {
          hint: 'Check tls.ca and the name in the certificate.',
          cause: error,
        }),
      )
    }
    signal.addEventListener('abort', onAbort, { once: true })
    secured.once('error', fail)
    secured.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort)
      secured.off('error', fail)
      resolve(secured)
    })
  })
}

function startupPacket(parameters: Record<string, string>): Buffer {
  const writer = new ByteWriter()
  writer.int32(0).int32(startupCodes.protocol30)
  for (const [name, value] of Object.entries(parameters)) writer.cstring(name).cstring(value)
  writer.uint8(0)
  return writer.patchInt32(0, writer.position).take()
}

async function authenticate(handshake: Handshake, password: string): Promise<void> {
  let scram: ScramClient | null = null
  let proven = false
  for (;;) {
    const message = await handshake.message()
    if (message.tag === backend.errorResponse) throw refused(read.diagnostics(message.body()))
    if (message.tag === backend.negotiateProtocolVersion) continue
    if (message.tag !== backend.authentication) throw unexpected(message.tag)
    const body = message.body()
    const request = body.int32()
    if (request === authentication.ok) {
      body.end()
      // A server that skips its own proof may not be the one that knows the password.
      if (scram !== null && !proven)
        throw new HoopError('connection_unavailable', 'the database ended the login without its proof')
      return
    }
    if (request === authentication.sasl && scram === null) {
      const mechanisms: string[] = []
      while (body.remaining > 1) mechanisms.push(body.cstring())
      if (!mechanisms.includes('SCRAM-SHA-256')) throw unsupported(mechanisms.join(', '))
      scram = new ScramClient(password)
      handshake.stream.write(write.saslInitial('SCRAM-SHA-256', scram.first()))
    } else if (request === authentication.saslContinue && scram !== null) {
      handshake.stream.write(write.saslResponse(await scram.final(body.rest().toString('utf8'))))
    } else if (request === authentication.saslFinal && scram !== null) {
      scram.verify(body.rest().toString('utf8'))
      proven = true
    } else throw unsupported(`request ${request}`)
  }
}

function unsupported(method: string): HoopError {
  return new HoopError('connection_unavailable', `the database asks for an authentication that is not supported: ${method}`, {
    hint: 'Use password_encryption = scram-sha-256 and a scram-sha-256 line in pg_hba.conf.',
  })
}

function unexpected(tag: number): HoopError {
  return new HoopError(
    'connection_unavailable',
    `the database sent message ${JSON.stringify(String.fromCharCode(tag))} during login`,
  )
}

function refused(fields: ReadonlyMap<string, string>): Error {
  const code = fields.get('C') ?? 'XX000'
  // Words of class 28 name the account and how it is checked: they are for the gateway's log, not for callers.
  if (code.startsWith('28')) {
    return new HoopError('connection_unavailable', "the database refused the gateway's own credential", {
      hint: 'An admin must correct login of this connection.',
      cause: new BackendRefused(code, fields.get('M') ?? ''),
    })
  }
  return new BackendRefused(code, fields.get('M') ?? 'the database refused the login')
}
