import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { ScramVerifier } from '@hoop/contracts'
import type { Header } from '../protocol.ts'
import { BadRequest, headerOf } from './read-request.ts'

const derive = promisify(pbkdf2)
const localHost = /^(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?$/i

/**
 * Whether a request at the local port comes from a program that was given its secret, and not from a web page: any page can reach loopback,
 * by its own name (DNS rebinding) or from its own origin.
 */
export class LocalAccess {
  readonly #verifier: ScramVerifier
  /** Digests of what was right: it takes thousands of rounds to find that out. */
  #known: Buffer | null = null

  constructor(verifier: ScramVerifier) {
    this.#verifier = verifier
  }

  /** Rejects with a BadRequest. `headers` as they came. */
  async check(headers: readonly Header[], host: string | null): Promise<void> {
    if (host === null || !localHost.test(host))
      throw new BadRequest('the local port is called localhost, 127.0.0.1 or [::1]', 421)
    const authorization = headerOf(headers, 'authorization')
    const [site, origin] = [headerOf(headers, 'sec-fetch-site'), headerOf(headers, 'origin')]
    // Python's WebSocket client sends an origin, as no browser does: the port's own, and with it a secret that a page has no way to know.
    const program = site === null && origin?.replace(/^https?:\/\//, '') === host && /^bearer /i.test(authorization ?? '')
    if ((origin !== null && !program) || (site !== null && site !== 'none'))
      throw new BadRequest('web pages do not use this port', 403)
    const secret = secretOf(authorization)
    if (secret === null || !(await this.#isRight(secret)))
      throw new BadRequest('the password of this port is missing or wrong: hoop connect shows how it is given', 401)
  }

  /** RFC 5802, section 3: what the verifier says of a password. */
  async #isRight(secret: string): Promise<boolean> {
    const digest = createHash('sha256').update(secret).digest()
    if (this.#known !== null && timingSafeEqual(this.#known, digest)) return true
    const { salt, iterations, storedKey } = this.#verifier
    const salted = await derive(secret, Buffer.from(salt, 'base64'), iterations, 32, 'sha256')
    const key = createHash('sha256').update(createHmac('sha256', salted).update('Client Key').digest()).digest()
    const stored = Buffer.from(storedKey, 'base64')
    if (stored.length !== key.length || !timingSafeEqual(stored, key)) return false
    this.#known = digest
    return true
  }
}

/** `Bearer SECRET`, or `Basic` with any user and SECRET as the password. */
function secretOf(authorization: string | null): string | null {
  const [, scheme, value = ''] = /^(bearer|basic) +([^\s]{1,1000})$/i.exec(authorization ?? '') ?? []
  if (scheme === undefined) return null
  if (scheme.toLowerCase() === 'bearer') return value
  const pair = Buffer.from(value, 'base64').toString()
  const colon = pair.indexOf(':')
  return colon === -1 ? null : pair.slice(colon + 1)
}
