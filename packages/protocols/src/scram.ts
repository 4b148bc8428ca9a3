import { createHash, createHmac, hash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { ScramVerifier } from '@hoop/contracts'
import { saslprep } from '@mongodb-js/saslprep'

/** SCRAM-SHA-256 (RFC 5802, RFC 7677), both sides. */

/** The other side did not prove that it knows the secret, or spoke out of turn. */
export class ScramError extends Error {
  override readonly name = 'ScramError'
}

const hmac = (key: Uint8Array, data: string): Buffer => createHmac('sha256', key).update(data).digest()
const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest()
function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)))
}

/** Off the event loop: the other side chooses how much work it is. */
const derive = promisify(pbkdf2)

function attributes(message: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const part of message.split(',')) {
    if (part[1] !== '=' || found.has(part.slice(0, 1))) throw new ScramError('a SCRAM message that is not well formed')
    found.set(part.slice(0, 1), part.slice(2))
  }
  return found
}
function attribute(of: Map<string, string>, name: string): string {
  const value = of.get(name)
  if (value === undefined) throw new ScramError(`a SCRAM message without ${name}=`)
  return value
}

/** With channel binding first: a client takes what it likes best. */
const mechanisms = { bound: 'SCRAM-SHA-256-PLUS', unbound: 'SCRAM-SHA-256' } as const

/**
 * The server's side of one exchange: `first` answers client-first-message, `final` checks the proof and answers with ours. With an
 * `endPoint`, which is the data of tls-server-end-point (RFC 5929, section 4), channel binding is offered.
 */
export class ScramServer {
  readonly #verifier: ScramVerifier
  readonly #endPoint: Buffer | null
  #nonce = ''
  #transcript = ''
  #binding: Buffer = Buffer.alloc(0)

  constructor(verifier: ScramVerifier, endPoint: Buffer | null = null) {
    this.#verifier = verifier
    this.#endPoint = endPoint
  }

  /** Mechanisms to offer, in the order of preference. */
  get mechanisms(): readonly string[] {
    return this.#endPoint === null ? [mechanisms.unbound] : [mechanisms.bound, mechanisms.unbound]
  }

  first(message: string, mechanism: string = mechanisms.unbound): string {
    if (!this.mechanisms.includes(mechanism)) throw new ScramError('a SASL mechanism that was not offered')
    // gs2-header, without authzid (RFC 5802, section 7)
    const header = /^(n|y|p=tls-server-end-point),,(.*)$/s.exec(message)
    if (header?.[1] === undefined || header[2] === undefined) throw new ScramError('a SCRAM header that is not supported')
    const flag = header[1]
    // y: the client would bind, and believes that we do not; so somebody took our offer away (RFC 5802, section 6).
    if (flag === 'y' && this.#endPoint !== null) throw new ScramError('channel binding was hidden from the client')
    if ((flag[0] === 'p') !== (mechanism === mechanisms.bound)) throw new ScramError('channel binding that the mechanism has not')
    this.#binding = Buffer.concat([Buffer.from(`${flag},,`), ...(flag[0] === 'p' && this.#endPoint ? [this.#endPoint] : [])])
    const bare = header[2]
    if (bare.startsWith('m=')) throw new ScramError('a mandatory SCRAM extension that is not known')
    const clientNonce = attribute(attributes(bare), 'r')
    if (clientNonce.length < 8 || clientNonce.length > 256) throw new ScramError('a SCRAM nonce of a wrong length')
    this.#nonce = clientNonce + randomBytes(18).toString('base64')
    const reply = `r=${this.#nonce},s=${this.#verifier.salt},i=${this.#verifier.iterations}`
    this.#transcript = `${bare},${reply}`
    return reply
  }

  final(message: string): string {
    const proofAt = message.lastIndexOf(',p=')
    if (proofAt < 0 || this.#nonce === '') throw new ScramError('a SCRAM message out of turn')
    const withoutProof = message.slice(0, proofAt)
    const found = attributes(withoutProof)
    if (attribute(found, 'c') !== this.#binding.toString('base64')) throw new ScramError('SCRAM channel binding does not match')
    if (attribute(found, 'r') !== this.#nonce) throw new ScramError('SCRAM nonce does not match')
    const proof = Buffer.from(message.slice(proofAt + 3), 'base64')
    const transcript = `${this.#transcript},${withoutProof}`
    const storedKey = Buffer.from(this.#verifier.storedKey, 'base64')
    const signature = hmac(storedKey, transcript)
    if (proof.length !== signature.length || !timingSafeEqual(sha256(xor(proof, signature)), storedKey)) {
      throw new ScramError('the password is wrong')
    }
    return `v=${hmac(Buffer.from(this.#verifier.serverKey, 'base64'), transcript).toString('base64')}`
  }
}

/**
 * What the client knows of the channel (RFC 5802, section 6): `none` means it can bind to none, `not-offered` that it could and the
 * server did not offer it, by which a server that did offer it notices who took the offer away.
 */
export type ChannelBinding =
  | { readonly kind: 'none' | 'not-offered' }
  | { readonly kind: 'tls-server-end-point'; readonly data: Uint8Array }

const gs2Headers = { none: 'n,,', 'not-offered': 'y,,', 'tls-server-end-point': 'p=tls-server-end-point,,' } as const

/** RFC 4013, as PostgreSQL does it: a password that SASLprep forbids, or of which it leaves nothing, is taken as it is. */
function prepared(password: string): string {
  try {
    return saslprep(password) || password
  } catch {
    return password
  }
}

/** Beyond them the oldest is forgotten. */
const maxSalted = 64
const saltedPasswords = new Map<string, Promise<Buffer>>()

/**
 * SaltedPassword (RFC 5802, section 3): most of the work of a login, and the same in each, since a server keeps one salt for a role. Found again
 * by a digest of what it is made of.
 */
function saltedPassword(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  const key = hash('sha256', JSON.stringify([password, salt.toString('base64'), iterations]))
  const known = saltedPasswords.get(key)
  if (known !== undefined) return known
  const salted = derive(prepared(password), salt, iterations, 32, 'sha256')
  saltedPasswords.set(key, salted)
  salted.catch(() => saltedPasswords.delete(key))
  const [oldest] = saltedPasswords.keys()
  if (saltedPasswords.size > maxSalted && oldest !== undefined) saltedPasswords.delete(oldest)
  return salted
}

/** The client's side: `first()` is sent first, `final` answers server-first-message, `verify` checks that the server knows the secret too. */
export class ScramClient {
  readonly #password: string
  readonly #binding: ChannelBinding
  readonly #bare: string
  readonly #nonce: string
  #serverSignature: Buffer | null = null

  constructor(password: string, binding: ChannelBinding = { kind: 'none' }) {
    this.#password = password
    this.#binding = binding
    this.#nonce = randomBytes(18).toString('base64')
    this.#bare = `n=,r=${this.#nonce}`
  }

  /** The SASL mechanism that this exchange is. */
  get mechanism(): string {
    return this.#binding.kind === 'tls-server-end-point' ? mechanisms.bound : mechanisms.unbound
  }

  first(): string {
    return `${gs2Headers[this.#binding.kind]}${this.#bare}`
  }

  async final(serverFirst: string): Promise<string> {
    const found = attributes(serverFirst)
    const nonce = attribute(found, 'r')
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length)
      throw new ScramError('the server changed the SCRAM nonce')
    const iterations = Number(attribute(found, 'i'))
    // An upper bound: a hostile server must not be able to keep this process busy.
    if (!Number.isInteger(iterations) || iterations < 4096 || iterations > 1_000_000) {
      throw new ScramError('a SCRAM iteration count outside 4096 to 1000000')
    }
    const salt = Buffer.from(attribute(found, 's'), 'base64')
    const salted = await saltedPassword(this.#password, salt, iterations)
    const clientKey = hmac(salted, 'Client Key')
    const header = Buffer.from(gs2Headers[this.#binding.kind])
    const input = this.#binding.kind === 'tls-server-end-point' ? Buffer.concat([header, this.#binding.data]) : header
    const withoutProof = `c=${input.toString('base64')},r=${nonce}`
    const transcript = `${this.#bare},${serverFirst},${withoutProof}`
    const proof = xor(clientKey, hmac(sha256(clientKey), transcript))
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), transcript)
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  verify(serverFinal: string): void {
    const found = attributes(serverFinal)
    const signature = Buffer.from(attribute(found, 'v'), 'base64')
    if (this.#serverSignature === null || signature.length !== 32 || !timingSafeEqual(signature, this.#serverSignature)) {
      throw new ScramError('the server did not prove that it knows the password')
    }
  }
}
