import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'

/** A device as the gateway sees one: a key, and proofs that it is held (RFC 9449). */
export interface Device {
  readonly thumbprint: string
  /** A proof for one request. `change`: claims that are otherwise than they should be. */
  proof(request: ProvenRequest, change?: Record<string, unknown>): Promise<string>
  /** The headers of a request with a token that is bound to this device. */
  headers(request: ProvenRequest & { accessToken: string }): Promise<Record<string, string>>
}

export interface ProvenRequest {
  readonly method: string
  readonly url: string
  readonly accessToken?: string
}

export async function makeDevice(algorithm: 'ES256' | 'EdDSA' = 'ES256'): Promise<Device> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(publicKey)
  const proof: Device['proof'] = async ({ method, url, accessToken }, change = {}) =>
    await new SignJWT({
      jti: randomUUID(),
      htm: method,
      htu: url.replace(/[?#].*$/, ''),
      iat: Math.floor(Date.now() / 1000),
      ...(accessToken !== undefined && { ath: createHash('sha256').update(accessToken).digest('base64url') }),
      ...change,
    })
      .setProtectedHeader({ alg: algorithm, typ: 'dpop+jwt', jwk })
      .sign(privateKey)
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    proof,
    headers: async (request) => ({ authorization: `DPoP ${request.accessToken}`, dpop: await proof(request) }),
  }
}
