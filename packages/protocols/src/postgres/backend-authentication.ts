import { createHash } from 'node:crypto'
import { HoopError } from '@hoop/contracts'
import { type ByteReader, ProtocolViolation } from '../bytes.ts'
import { type ChannelBinding, ScramClient } from '../scram.ts'
import { read, write } from './codec.ts'
import { authentication } from './messages.ts'

/** What the gateway can show of itself. */
export interface Credential {
  readonly user: string
  readonly password: string | null
  /** Whether it showed a certificate in TLS. */
  readonly certificate: boolean
}

/** What is known of the way to the server. */
export interface Channel {
  readonly encrypted: boolean
  /** Null: there is nothing to bind to. */
  readonly binding: ChannelBinding | null
}

/**
 * The client's side of authentication, whatever the server asks for: `answer` takes the body of an AuthenticationXXX message and answers
 * with what to send, null for nothing; `done` after AuthenticationOk. Each step is taken once and in its order.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
 */
export class Authentication {
  readonly #credential: Credential
  readonly #channel: Channel
  #scram: ScramClient | null = null
  #state: 'start' | 'answered' | 'sasl-first' | 'sasl-final' | 'sasl-proven' | 'done' = 'start'
  /** The server asked for MD5. */
  weak = false

  constructor(credential: Credential, channel: Channel) {
    this.#credential = credential
    this.#channel = channel
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  /** Throws HoopError, ScramError, ProtocolViolation. */
  async answer(body: ByteReader): Promise<Buffer | null> {
    const request = body.int32()
    switch (request) {
      case authentication.ok:
        body.end()
        return this.#end()
      case authentication.cleartext:
        this.#expect('start', 'answered')
        body.end()
        return this.#cleartext()
      case authentication.md5:
        this.#expect('start', 'answered')
        return this.#md5(body)
      case authentication.sasl:
        this.#expect('start', 'sasl-first')
        return this.#begin(read.mechanisms(body))
      case authentication.saslContinue: {
        this.#expect('sasl-first', 'sasl-final')
        const first = body.rest().toString('utf8')
        return write.saslResponse((await this.#scram?.final(first)) ?? '')
      }
      case authentication.saslFinal:
        this.#expect('sasl-final', 'sasl-proven')
        this.#scram?.verify(body.rest().toString('utf8'))
        return null
      case authentication.gss:
      case authentication.gssContinue:
      case authentication.sspi:
      case authentication.kerberosV5:
        throw unsupported(request === authentication.sspi ? 'SSPI' : 'GSSAPI (Kerberos)')
      default:
        throw unsupported(`request ${request}`)
    }
  }

  #expect(state: 'start' | 'sasl-first' | 'sasl-final', next: 'answered' | 'sasl-first' | 'sasl-final' | 'sasl-proven'): void {
    if (this.#state !== state) throw new ProtocolViolation('an authentication request out of turn')
    this.#state = next
  }

  #end(): null {
    // A server that skips its own proof may not be the one that knows the password.
    if (this.#state === 'sasl-first' || this.#state === 'sasl-final')
      throw new HoopError('connection_unavailable', 'the database ended the login without its proof')
    if (this.#state === 'done') throw new ProtocolViolation('an authentication request out of turn')
    this.#state = 'done'
    return null
  }

  #cleartext(): Buffer {
    const password = this.#password()
    if (!this.#channel.encrypted) {
      throw new HoopError('connection_unavailable', 'the database asks for the password in clear on a connection without TLS', {
        hint: 'An admin turns TLS on, or has a scram-sha-256 line in pg_hba.conf.',
      })
    }
    return write.password(password)
  }

  #md5(body: ByteReader): Buffer {
    const salt = body.bytes(4)
    body.end()
    this.weak = true
    const md5 = (...parts: (string | Buffer)[]): string => {
      const hash = createHash('md5')
      for (const part of parts) hash.update(part)
      return hash.digest('hex')
    }
    return write.password(`md5${md5(md5(this.#password(), this.#credential.user), salt)}`)
  }

  #begin(offered: readonly string[]): Buffer {
    const { binding } = this.#channel
    const plus = offered.includes('SCRAM-SHA-256-PLUS')
    if (!offered.includes('SCRAM-SHA-256') && !(plus && binding !== null)) throw unsupported(offered.join(', '))
    this.#scram = new ScramClient(this.#password(), bindingFor(plus, binding))
    return write.saslInitial(this.#scram.mechanism, this.#scram.first())
  }

  #password(): string {
    const { password, certificate } = this.#credential
    if (password !== null) return password
    throw new HoopError(
      'connection_unavailable',
      `the database asks for a password, and this connection has ${certificate ? 'a certificate only' : 'none'}`,
      { hint: 'An admin gives login.password, or changes the line in pg_hba.conf.' },
    )
  }
}

/** Bound where both can; else said to the server, so that it finds out if somebody took its offer away. */
function bindingFor(offered: boolean, binding: ChannelBinding | null): ChannelBinding {
  if (binding === null) return { kind: 'none' }
  return offered ? binding : { kind: 'not-offered' }
}

function unsupported(method: string): HoopError {
  return new HoopError('connection_unavailable', `the database asks for an authentication that is not supported: ${method}`, {
    hint: "An admin gives the gateway's role a line with scram-sha-256 or cert in pg_hba.conf, and password_encryption = scram-sha-256.",
  })
}
