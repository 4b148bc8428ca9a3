import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { HoopError } from '@hoop/contracts'
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose'
import { z } from 'zod'
import { isLoopbackHost } from '../connections/address.ts'
import { SeenIds } from './seen-ids.ts'

/** Seconds by which a proof may be old, or its maker's clock ahead. */
const proofLifetime = 60
export const proofAlgorithms = ['ES256', 'EdDSA']
const longestProof = 8192

const Claims = z.object({
  jti: z.string().min(1).max(256),
  htm: z.string(),
  htu: z.url({ protocol: /^https?$/ }).max(4096),
  iat: z.int(),
  ath: z.string().optional(),
})

const remembered = { keepFor: 2 * proofLifetime * 1000, most: 100_000 }
/** Milliseconds for which a proof is remembered after its end: more than the clocks of gateways may differ. */
const margin = 120_000
/** Milliseconds that the store may take to use up a proof. */
const patience = 5_000

export interface ProofToVerify {
  /** The header `DPoP`. */
  readonly proof: string
  readonly method: string
  /** Of the request as this gateway is reached; what follows ? counts for nothing. */
  readonly url: string
  /** The token that came with it, verified before; null where none does, as at the token endpoint. */
  readonly accessToken: string | null
  /** Where it is used up: at this gateway, or at all that share a store. */
  readonly once: 'here' | 'everywhere'
}

/** Uses up what this names for all gateways, until then; false: that was done before. */
export type UseEverywhere = (hash: Buffer, until: Date) => Promise<boolean>

/** Proofs of possession that come to one gateway, each good for one use. */
export class DpopProofs {
  /** What strangers can fill does not stand in the way of those who hold a token. */
  readonly #seen = { withToken: new SeenIds(remembered), withoutToken: new SeenIds(remembered) }
  readonly #useEverywhere: UseEverywhere

  constructor(useEverywhere: UseEverywhere) {
    this.#useEverywhere = useEverywhere
  }

  /**
   * Verifies a proof (RFC 9449, 4.3) and uses it up. `jkt` is the thumbprint of its key (RFC 7638, SHA-256, base64url): the caller compares it
   * with that of the token.
   * @throws HoopError `invalid_proof` with what is wrong in it, `unavailable` where it cannot be told whether it was used elsewhere
   */
  async verify(given: ProofToVerify): Promise<{ jkt: string }> {
    const { jkt, jti, madeAt } = await verified(given)
    const id = createHash('sha256').update(`proof ${jkt} ${jti}`).digest()
    // First the memory, which has a bound: what is replayed here costs the store nothing.
    const seen = given.accessToken === null ? this.#seen.withoutToken : this.#seen.withToken
    const use = seen.use(id.toString('base64url'))
    if (use === 'full') throw new HoopError('too_many_requests', 'The gateway has too many requests. Try again in a minute.')
    const until = new Date((madeAt + proofLifetime) * 1000 + margin)
    const fresh = use === 'new' && (given.once === 'here' || (await inTime(this.#useEverywhere(id, until))))
    if (!fresh) throw refused('was used before')
    return { jkt }
  }
}

/** Whoever opens a tunnel waits 10 s for an answer: a store that hangs is told before that. */
async function inTime(used: Promise<boolean>): Promise<boolean> {
  used.catch(() => undefined)
  const late = new AbortController()
  const words = 'The gateway cannot tell at the moment whether this proof was used before.'
  const over = delay(patience, undefined, { signal: late.signal }).then(() => {
    throw new HoopError('unavailable', words, { hint: 'Try again in a moment.' })
  })
  over.catch(() => undefined)
  return await Promise.race([used, over]).finally(() => late.abort())
}

/** `madeAt`: seconds of Unix time. */
async function verified({
  proof,
  method,
  url,
  accessToken,
}: ProofToVerify): Promise<{ jkt: string; jti: string; madeAt: number }> {
  if (proof.length > longestProof) throw refused('is too long')
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: proofAlgorithms,
  }).catch((cause: unknown) => {
    // Whatever a key that somebody made up may cause.
    throw refused('is not signed as it should be', undefined, cause)
  })
  const claims = Claims.safeParse(payload)
  if (!claims.success || protectedHeader.jwk === undefined) throw refused('lacks a claim that it needs')
  const { jti, htm, htu, iat, ath } = claims.data
  if (htm !== method) throw refused(`is for ${htm.slice(0, 20)}, not for ${method}`)
  if (!isSameResource(new URL(htu), new URL(url))) {
    throw refused(
      `is for ${new URL(htu).origin}, and this gateway is ${new URL(url).origin}`,
      'Use the address that the gateway has in HOOP_PUBLIC_URL.',
    )
  }
  const age = Math.floor(Date.now() / 1000) - iat
  if (Math.abs(age) > proofLifetime) {
    const off = `${Math.abs(age)} s ${age > 0 ? 'behind' : 'ahead of'}`
    throw refused(`was made at another time: the clock there is ${off} the gateway's`, 'Set the clock of the machine.')
  }
  if (accessToken !== null && ath !== hashOf(accessToken)) throw refused('is for another access token')
  return { jkt: await calculateJwkThumbprint(protectedHeader.jwk, 'sha256'), jti, madeAt: iat }
}

/** The names of this machine are one to it: people type localhost, the gateway calls itself 127.0.0.1. */
function isSameResource(a: URL, b: URL): boolean {
  if (a.pathname !== b.pathname || a.protocol !== b.protocol || a.port !== b.port) return false
  return a.hostname === b.hostname || (isLoopback(a) && isLoopback(b))
}

function isLoopback({ hostname }: URL): boolean {
  return isLoopbackHost(hostname.replace(/^\[|\]$/g, ''))
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** What helps a person, whatever is wrong with the proof. */
export const loginHint = 'Run: hoop login'

function refused(what: string, hint?: string, cause?: unknown): HoopError {
  return new HoopError('invalid_proof', `The proof of the device's key ${what}.`, { hint: hint ?? loginHint, cause })
}
