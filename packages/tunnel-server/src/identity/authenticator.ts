import type { IncomingMessage } from 'node:http'
import { HoopError } from '@hoop/contracts'
import type { Documents } from '../documents/documents.ts'
import type { Caller } from './access-tokens.ts'
import type { DpopProofs } from './dpop.ts'
import type { Logins } from './logins.ts'
import { mustStillBeLetIn } from './machine-document.ts'

type Request = Pick<IncomingMessage, 'method' | 'url' | 'headers'>

/** Tells who asks, for requests, streams, downloads and tunnels alike: by an access token, and a proof of the key it is bound to. */
export class Authenticator {
  readonly #documents: Pick<Documents, 'current'>
  readonly #logins: Pick<Logins, 'verifyAccessToken'>
  readonly #proofs: DpopProofs
  readonly #url: () => string

  /** `url`: the gateway's, as callers reach it. */
  constructor(parts: {
    documents: Pick<Documents, 'current'>
    logins: Pick<Logins, 'verifyAccessToken'>
    proofs: DpopProofs
    url: () => string
  }) {
    this.#proofs = parts.proofs
    this.#documents = parts.documents
    this.#logins = parts.logins
    this.#url = parts.url
  }

  /** `once`: as for `proofOf`. @throws HoopError `invalid_token`, `invalid_proof`, `unavailable` */
  async authenticate(request: Request, once = whereUsedUp(request)): Promise<Caller> {
    const [, scheme = '', token] = /^(Bearer|DPoP) ([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (token === undefined) throw new HoopError('invalid_token', 'This needs a login.', { hint: 'Run: hoop login' })
    const caller = await this.#logins.verifyAccessToken(token)
    mustStillBeLetIn(caller, this.#documents)
    const bound = scheme.toLowerCase() === 'dpop'
    if (caller.device === null) {
      if (bound) throw new HoopError('invalid_token', 'The access token is bound to no key.', { hint: 'Send it as Bearer.' })
      return caller
    }
    // A bound token without its proof is a stolen one.
    const device = bound ? await this.proofOf(request, token, once) : null
    if (device === caller.device) return caller
    const what = device === null ? 'came without a proof of it' : "the proof is another key's"
    throw new HoopError('invalid_proof', `The access token is bound to the key of a device, and ${what}.`, {
      hint: 'Run: hoop login',
    })
  }

  /**
   * The thumbprint of the key that the request proves; null where no proof came. `once`: where the proof is used up.
   * @throws HoopError `invalid_proof`, `unavailable`
   */
  async proofOf(request: Request, accessToken: string | null, once = whereUsedUp(request)): Promise<string | null> {
    const { method = '', url = '/', headers } = request
    const { dpop: proof } = headers
    if (proof === undefined) return null
    const at = new URL(this.#url())
    at.pathname = url.split('?', 1)[0] ?? ''
    // Several headers arrive as one text, which is no signed token.
    return (await this.#proofs.verify({ proof: String(proof), method, url: at.href, accessToken, once })).jkt
  }
}

/** What changes something, opens a tunnel or gives a token costs the store more than this; what only reads would not. */
function whereUsedUp({ method, headers }: Request): 'here' | 'everywhere' {
  return method === 'GET' && headers.upgrade === undefined ? 'here' : 'everywhere'
}
