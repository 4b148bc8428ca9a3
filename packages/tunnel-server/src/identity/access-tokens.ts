import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import { HoopError, Identity } from '@hoop/contracts'
import { calculateJwkThumbprint, errors, exportJWK, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

/** Who asks, as an access token proves it. */
export interface Caller {
  readonly identity: Identity
  /** The login that the token belongs to. */
  readonly login: string
  /** When the person proved who they are at the provider. */
  readonly authenticatedAt: Date
  readonly loginExpiresAt: Date
  /** Thumbprint (RFC 7638) of the key of the device that the token is bound to; null: a machine's, bound to none. */
  readonly device: string | null
  /** What let a machine in; absent: a person. */
  readonly machine?: Machine
}

/** By what a machine came in, and what ends with it. */
export interface Machine {
  /** `Trust/NAME` or `ServiceAccount/NAME`, as it was then: SHA-256, hex. */
  readonly document: string
  readonly digest: string
  /** The login of the person for whom it acts; null: it acts for itself. */
  readonly principal: string | null
}

/** Seconds. */
export const accessTokenLifetime = 600
const audience = 'hoop'
/** RFC 9449, 6.1. */
const Confirmation = z.object({ jkt: z.string() }).optional()
const MachineClaim = z.object({ document: z.string(), digest: z.string(), principal: z.string().nullable() }).optional()
const Claims = z.object({
  sid: z.string(),
  auth_time: z.int(),
  login_exp: z.int(),
  identity: Identity,
  cnf: Confirmation,
  machine: MachineClaim,
})

/** The gateway's own access tokens: signed JWTs (RFC 9068) of ten minutes. */
export class AccessTokens {
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #keyId: string
  readonly #issuer: () => string

  private constructor(privateKey: KeyObject, keyId: string, issuer: () => string) {
    this.#privateKey = privateKey
    this.#publicKey = createPublicKey(privateKey)
    this.#keyId = keyId
    this.#issuer = issuer
  }

  /** `pem`: an Ed25519 private key; `issuer`: the gateway's URL, asked when it is known. */
  static async from(pem: string, issuer: () => string): Promise<AccessTokens> {
    const privateKey = createPrivateKey(pem)
    const keyId = await calculateJwkThumbprint(await exportJWK(createPublicKey(privateKey)))
    return new AccessTokens(privateKey, keyId, issuer)
  }

  async issue(caller: Caller): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const loginEnd = seconds(caller.loginExpiresAt)
    const claims = {
      sid: caller.login,
      auth_time: seconds(caller.authenticatedAt),
      login_exp: loginEnd,
      identity: caller.identity,
      ...(caller.device !== null && { cnf: { jkt: caller.device } }),
      ...(caller.machine && { machine: caller.machine }),
    }
    return await new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', kid: this.#keyId, typ: 'at+jwt' })
      .setIssuer(this.#issuer())
      .setAudience(audience)
      .setSubject(caller.identity.id)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(Math.min(now + accessTokenLifetime, loginEnd))
      .sign(this.#privateKey)
  }

  /** @throws HoopError `invalid_token` */
  async verify(token: string): Promise<Caller> {
    const { payload } = await jwtVerify(token, this.#publicKey, {
      algorithms: ['EdDSA'],
      typ: 'at+jwt',
      issuer: this.#issuer(),
      audience,
      requiredClaims: ['exp', 'iat', 'sub'],
    }).catch((cause: unknown) => {
      const what = cause instanceof errors.JWTExpired ? 'has expired' : 'is not one of this gateway'
      throw new HoopError('invalid_token', `The access token ${what}.`, { hint: 'Run: hoop login', cause })
    })
    const claims = Claims.safeParse(payload)
    if (!claims.success)
      throw new HoopError('invalid_token', 'The access token is of another version.', { hint: 'Run: hoop login' })
    const { identity, sid, auth_time, login_exp, cnf, machine } = claims.data
    return {
      identity,
      login: sid,
      authenticatedAt: new Date(auth_time * 1000),
      loginExpiresAt: new Date(login_exp * 1000),
      device: cnf?.jkt ?? null,
      ...(machine && { machine }),
    }
  }
}

function seconds(moment: Date): number {
  return Math.floor(moment.getTime() / 1000)
}
