import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { ScramVerifier } from '@hoop/contracts'

/** SCRAM-SHA-256 (RFC 5802, RFC 7677), both sides, without channel binding. */

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

/** The server's side of one exchange: `first` answers client-first-message, `final` checks the proof and answers with ours. */
export class ScramServer {
  readonly #verifier: ScramVerifier
  #nonce = ''
  #transcript = ''
  #header = ''

  constructor(verifier: ScramVerifier) {
    this.#verifier = verifier
  }

  first(message: string): string {
    // gs2-header: n or y (the client does no channel binding), no authzid.
    const header = /^([ny],,)(.*)$/s.exec(message)
    if (header?.[1] === undefined || header[2] === undefined) throw new ScramError('channel binding is not offered here')
    this.#header = header[1]
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
    if (attribute(found, 'c') !== Buffer.from(this.#header).toString('base64'))
      throw new ScramError('SCRAM channel binding does not match')
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

/** The client's side: `first()` is sent first, `final` answers server-first-message, `verify` checks that the server knows the secret too. */
export class ScramClient {
  readonly #password: string
  readonly #bare: string
  readonly #nonce: string
  #serverSignature: Buffer | null = null

  constructor(password: string) {
    this.#password = password
    this.#nonce = randomBytes(18).toString('base64')
    this.#bare = `n=,r=${this.#nonce}`
  }

  first(): string {
    return `n,,${this.#bare}`
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
    const salted = await derive(this.#password.normalize('NFKC'), salt, iterations, 32, 'sha256')
    const clientKey = hmac(salted, 'Client Key')
    const withoutProof = `c=biws,r=${nonce}`
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
