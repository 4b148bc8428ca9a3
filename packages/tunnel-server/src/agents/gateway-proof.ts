import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { HoopError } from '@hoop/contracts'
import { exportJWK, importJWK, type JWK, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

/** Seconds. */
const lifetime = 30
/** Other types than every token of a person, a machine or an agent has: none opens what another does. */
const types = { dial: 'gateway-dial+jwt', answer: 'gateway-answer+jwt' } as const

/** What one gateway proves to another: who it is, to nobody else, on one connection. */
export interface GatewayProof {
  readonly purpose: keyof typeof types
  /** Ids of gateways. */
  readonly from: string
  readonly to: string
  /** Of the connection that it is sent on. */
  readonly channel: string
  /** Made up by the one who dials, and returned in the answer. */
  readonly nonce: string
}

const Claims = z.object({ channel: z.string(), nonce: z.string().min(1).max(100) })
const PublicKey = z.looseObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().max(100) })

/** The key of a gateway, made at its start and never kept: the store has the public half as long as it runs. */
export class GatewayKey {
  readonly publicJwk: JWK
  readonly #privateKey: KeyObject

  private constructor(privateKey: KeyObject, publicJwk: JWK) {
    this.#privateKey = privateKey
    this.publicJwk = publicJwk
  }

  static async make(): Promise<GatewayKey> {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    return new GatewayKey(privateKey, await exportJWK(publicKey))
  }

  async prove({ purpose, from, to, channel, nonce }: GatewayProof): Promise<string> {
    return await new SignJWT({ channel, nonce })
      .setProtectedHeader({ alg: 'EdDSA', typ: types[purpose] })
      .setIssuer(from)
      .setAudience(to)
      .setIssuedAt()
      .setExpirationTime(`${lifetime}s`)
      .sign(this.#privateKey)
  }
}

export function freshNonce(): string {
  return randomUUID()
}

/**
 * Verifies a proof by the key that the store has for the gateway it is from; answers its nonce.
 * @throws HoopError `invalid_proof`
 */
export async function verifyGatewayProof(
  token: string,
  publicKey: unknown,
  { purpose, from, to, channel }: Omit<GatewayProof, 'nonce'>,
): Promise<string> {
  const key = PublicKey.safeParse(publicKey)
  if (!key.success) throw refused('is of a gateway without a key')
  const { payload } = await jwtVerify(token, await importJWK(key.data, 'EdDSA'), {
    algorithms: ['EdDSA'],
    typ: types[purpose],
    issuer: from,
    audience: to,
    maxTokenAge: 2 * lifetime,
    requiredClaims: ['exp', 'iat'],
  }).catch((cause: unknown) => {
    throw refused('does not hold', cause)
  })
  const claims = Claims.safeParse(payload)
  if (!claims.success) throw refused('lacks a claim')
  if (claims.data.channel !== channel) {
    throw new HoopError('invalid_proof', 'The proof of the gateway is of another connection: something stands between the two.', {
      hint: 'HOOP_ADVERTISE_URL must lead to the gateway itself, not to what decrypts TLS before it.',
    })
  }
  return claims.data.nonce
}

/**
 * What only the two ends of one TLS connection know (RFC 9266): a proof that names it is worth nothing to whoever stands between them,
 * so that no certificate has to be believed. Plain connections stay on this machine, and have none.
 * @throws HoopError `invalid_proof` for a version of TLS that has no such thing
 */
export function channelOf(socket: Duplex): string {
  if (!(socket instanceof TLSSocket)) return 'plain'
  if (socket.getProtocol() !== 'TLSv1.3') throw refused('needs TLS 1.3')
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('base64url')
}

function refused(what: string, cause?: unknown): HoopError {
  return new HoopError('invalid_proof', `The proof of the gateway ${what}.`, {
    hint: "Gateways know each other by their store: compare its address, and the machines' clocks.",
    cause,
  })
}
