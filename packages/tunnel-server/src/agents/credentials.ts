import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import { HoopError } from '@hoop/contracts'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

/** One agent, as its credential proves it. */
export interface AgentIdentity {
  /** Of the instance. */
  readonly id: string
  readonly name: string
  /** Thumbprint (RFC 7638) of its key. */
  readonly key: string
  readonly expiresAt: Date
}

/** Seconds. */
export const credentialLifetime = 600
// Another type and another audience than access tokens have: neither opens what the other does.
const type = 'agent+jwt'
const audience = 'hoop-agent'
const Claims = z.object({ sub: z.string(), exp: z.int(), agent: z.string(), cnf: z.object({ jkt: z.string() }) })

/** Credentials of agents: signed JWTs of ten minutes, bound to the agent's key (RFC 9449, 6.1). */
export class AgentCredentials {
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #issuer: () => string

  /** `pem`: an Ed25519 private key; `issuer`: the gateway's URL, asked when it is known. */
  constructor(pem: string, issuer: () => string) {
    this.#privateKey = createPrivateKey(pem)
    this.#publicKey = createPublicKey(this.#privateKey)
    this.#issuer = issuer
  }

  async issue({ id, name, key, expiresAt }: AgentIdentity): Promise<string> {
    return await new SignJWT({ agent: name, cnf: { jkt: key } })
      .setProtectedHeader({ alg: 'EdDSA', typ: type })
      .setIssuer(this.#issuer())
      .setAudience(audience)
      .setSubject(id)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(expiresAt)
      .sign(this.#privateKey)
  }

  /** @throws HoopError `invalid_token` */
  async verify(credential: string): Promise<AgentIdentity> {
    const { payload } = await jwtVerify(credential, this.#publicKey, {
      algorithms: ['EdDSA'],
      typ: type,
      issuer: this.#issuer(),
      audience,
      requiredClaims: ['exp', 'iat', 'sub'],
    }).catch((cause: unknown) => {
      const what = cause instanceof errors.JWTExpired ? 'has expired' : 'is not one of this gateway'
      throw new HoopError('invalid_token', `The credential of the agent ${what}.`, { cause })
    })
    const claims = Claims.safeParse(payload)
    if (!claims.success) throw new HoopError('invalid_token', 'The credential of the agent is of another version.')
    const { sub, exp, agent, cnf } = claims.data
    return { id: sub, name: agent, key: cnf.jkt, expiresAt: new Date(exp * 1000) }
  }
}
