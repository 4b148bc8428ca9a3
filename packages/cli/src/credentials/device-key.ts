import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'
import { withLock } from '../state/lock.ts'
import { accounts, type CredentialStore } from './store.ts'

export interface ProvenRequest {
  readonly method: string
  /** A WebSocket's is taken as that of the request which opens it. */
  readonly url: string
  /** Null where none goes with the request. */
  readonly accessToken: string | null
}

/** The key of this device at one gateway: what the gateway gives is bound to it, and worth nothing to who has not got it. */
export interface DeviceKey {
  /** A proof for one request (RFC 9449, 4.2); each is used once. */
  proof(request: ProvenRequest): Promise<string>
  /** RFC 7638, SHA-256, base64url. */
  thumbprint(): Promise<string>
}

/** The members that the thumbprint is taken of, in its order. */
const PublicJwk = z.object({ crv: z.literal('P-256'), kty: z.literal('EC'), x: z.string(), y: z.string() })
type PublicJwk = z.infer<typeof PublicJwk>

/** The key in the store: P-256, made at the first use. Other processes that run keep theirs, so a logout leaves it. */
export function deviceKey(options: { store: CredentialStore; lock: string; gateway: string }): DeviceKey {
  let loading: Promise<KeyObject> | null = null
  const key = async () => {
    loading ??= load(options).catch((error: unknown) => {
      loading = null
      throw error
    })
    const privateKey = await loading
    return { privateKey, jwk: publicJwk(privateKey) }
  }
  return {
    async proof({ method, url, accessToken }) {
      const { privateKey, jwk } = await key()
      const { origin, pathname } = new URL(url.replace(/^ws/, 'http'))
      const claims = {
        jti: randomUUID(),
        htm: method,
        htu: `${origin}${pathname}`,
        iat: Math.floor(Date.now() / 1000),
        ...(accessToken !== null && { ath: hashOf(accessToken) }),
      }
      const signed = `${encoded({ typ: 'dpop+jwt', alg: 'ES256', jwk })}.${encoded(claims)}`
      // RFC 7518, 3.4: R and S one after the other.
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      return `${signed}.${signature.toString('base64url')}`
    },
    thumbprint: async () => hashOf(JSON.stringify((await key()).jwk)),
  }
}

async function load({ store, lock, gateway }: { store: CredentialStore; lock: string; gateway: string }): Promise<KeyObject> {
  const account = accounts.deviceKey(gateway)
  const kept = await store.get(account)
  if (kept !== null) return parse(kept, gateway)
  // Not the lock of the login: who renews one holds that, and needs the key.
  return withLock(`${lock}-device-key`, async () => {
    const others = await store.get(account)
    if (others !== null) return parse(others, gateway)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await store.set(account, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    return privateKey
  })
}

function parse(pem: string, gateway: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new HoopError('internal', `the key of this device for ${gateway} cannot be used`, {
      hint: `remove it from where logins are kept, then: hoop login ${gateway}`,
      cause,
    })
  }
}

function publicJwk(privateKey: KeyObject): PublicJwk {
  return PublicJwk.parse(createPublicKey(privateKey).export({ format: 'jwk' }))
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
