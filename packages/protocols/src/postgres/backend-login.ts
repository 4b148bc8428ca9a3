import type { Duplex } from 'node:stream'
import { ProtocolViolation } from '../bytes.ts'
import { Authentication, type Channel, type Credential } from './backend-authentication.ts'
import { BackendRefused, refused } from './backend-errors.ts'
import { type MessageReader, read, write } from './codec.ts'
import { Handshake } from './handshake.ts'
import { backend, startupCodes } from './messages.ts'

/** Bounds of what a server may say before it is ready: many times what PostgreSQL says. */
const limits = { messages: 1_000, bytes: 512 * 1024, parameters: 200 } as const

/** Versions of the protocol that the gateway offers; a server that knows less is taken at its word. */
export type Version = typeof startupCodes.protocol30 | typeof startupCodes.protocol32

/** A login that is complete. */
export interface CompletedLogin {
  /** What came after its end. */
  readonly rest: Buffer
  readonly parameters: ReadonlyMap<string, string>
  readonly key: { readonly processId: number; readonly secret: Buffer } | null
  /** The password was sent as MD5. */
  readonly weak: boolean
}

/** The server does not know protocol 3.2, and does not know how to say so: it must be asked again, on a new connection. */
export class VersionRefused extends Error {
  override readonly name = 'VersionRefused'
  override readonly cause: Error
  constructor(cause: Error) {
    super(cause.message)
    this.cause = cause
  }
}

/**
 * Logs in on one stream, from the startup packet to the first ReadyForQuery. `parameters` are those of the startup packet but `user`.
 * Rejects with VersionRefused, or as `unavailable` understands; the stream is left to the caller of this, paused.
 */
export async function logIn(
  stream: Duplex,
  options: {
    version: Version
    credential: Credential
    channel: Channel
    parameters: ReadonlyMap<string, string>
    signal: AbortSignal
  },
): Promise<CompletedLogin> {
  const handshake = new Handshake(stream, options.signal)
  let released = false
  try {
    const server = new ServerSpeech(handshake, options.version)
    stream.write(write.startup(options.version, [['user', options.credential.user], ...options.parameters]))
    const authentication = await authenticate(server, options.credential, options.channel)
    const { parameters, key } = await untilReady(server)
    released = true
    return { rest: handshake.release(), parameters, key, weak: authentication.weak }
  } finally {
    if (!released) handshake.release()
  }
}

/** What the server says during a login, within limits; errors and notices are dealt with here. */
class ServerSpeech {
  readonly stream: Duplex
  readonly #handshake: Handshake
  readonly #asked: Version
  #version: Version
  #messages = 0
  #bytes = 0
  #begun = false

  constructor(handshake: Handshake, version: Version) {
    this.stream = handshake.stream
    this.#handshake = handshake
    this.#asked = version
    this.#version = version
  }

  /** The version that both sides agreed upon. */
  get version(): Version {
    return this.#version
  }

  /** The next message that means something for the login. */
  async next(): Promise<MessageReader> {
    for (;;) {
      const message = await this.#handshake.message()
      this.#bytes += message.message.length
      if (++this.#messages > limits.messages || this.#bytes > limits.bytes) throw new ProtocolViolation('a login without an end')
      const first = !this.#begun
      if (message.tag === backend.noticeResponse) continue
      this.#begun = true
      if (message.tag === backend.errorResponse) throw this.#refusal(read.diagnostics(message.body()), first)
      if (message.tag !== backend.negotiateProtocolVersion) return message
      if (!first) throw new ProtocolViolation('NegotiateProtocolVersion out of turn')
      this.#negotiate(read.negotiateProtocolVersion(message.body()))
    }
  }

  /** Servers before NegotiateProtocolVersion, and some poolers, end the connection with an error in place of naming another version. */
  #refusal(fields: ReadonlyMap<string, string>, first: boolean): Error {
    const error = refused(fields)
    const aboutVersion = error instanceof BackendRefused && (error.code === '0A000' || error.code === '08P01')
    return first && aboutVersion && this.#asked !== startupCodes.protocol30 ? new VersionRefused(error) : error
  }

  #negotiate({ version, options }: { version: number; options: readonly string[] }): void {
    if (options.length > 0) throw new ProtocolViolation('it refuses protocol options that were not asked for')
    if (version !== startupCodes.protocol30) {
      throw new ProtocolViolation(
        `it answers with protocol ${version >>> 16}.${version & 0xffff}, which is no lower one that there is`,
      )
    }
    this.#version = version
  }
}

async function authenticate(server: ServerSpeech, credential: Credential, channel: Channel): Promise<Authentication> {
  const authentication = new Authentication(credential, channel)
  while (!authentication.done) {
    const message = await server.next()
    if (message.tag !== backend.authentication) throw unexpected(message.tag)
    const answer = await authentication.answer(message.body())
    if (answer !== null) server.stream.write(answer)
  }
  return authentication
}

async function untilReady(server: ServerSpeech): Promise<Pick<CompletedLogin, 'parameters' | 'key'>> {
  const parameters = new Map<string, string>()
  let key: CompletedLogin['key'] = null
  for (;;) {
    const message = await server.next()
    if (message.tag === backend.parameterStatus) {
      const { name, value } = read.parameterStatus(message.body())
      parameters.set(name, value)
      if (parameters.size > limits.parameters) throw new ProtocolViolation(`more than ${limits.parameters} parameters`)
    } else if (message.tag === backend.backendKeyData) {
      if (key !== null) throw new ProtocolViolation('two cancel keys')
      key = read.backendKeyData(message.body())
      if (server.version === startupCodes.protocol30 && key.secret.length !== 4) {
        throw new ProtocolViolation(`a cancel key of ${key.secret.length} bytes, where protocol 3.0 has 4`)
      }
    } else if (message.tag === backend.readyForQuery) {
      if (read.readyForQuery(message.body()) !== 'I') throw new ProtocolViolation('a transaction that nobody began')
      return { parameters, key }
    } else throw unexpected(message.tag)
  }
}

function unexpected(tag: number): ProtocolViolation {
  return new ProtocolViolation(`message ${JSON.stringify(String.fromCharCode(tag))} during the login`)
}
