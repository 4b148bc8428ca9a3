import { z } from 'zod'
import { DocumentName, Duration } from './document-parts.ts'
import { Identity } from './identity.ts'

/** What a token is, to the exchange (RFC 8693, 3). */
export const tokenTypes = {
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  serviceAccountKey: 'urn:hoop:token-type:service-account-key',
  delegation: 'urn:hoop:token-type:delegation',
} as const

/** How secrets of ours begin, so that scanners find them where they should not be. */
export const secretPrefixes = { serviceAccountKey: 'hoop_sa_', delegation: 'hoop_dg_', adminToken: 'hoop_admin_' } as const

/** POST /v1/service-accounts/:name/keys. The key is shown here and never again. */
export const ServiceAccountKey = z.object({ id: z.string(), account: DocumentName, key: z.string() })
export type ServiceAccountKey = z.infer<typeof ServiceAccountKey>

/** GET /v1/service-accounts */
export const ServiceAccountSummary = z.object({
  name: DocumentName,
  keys: z.array(
    z.object({
      id: z.string(),
      createdAt: z.iso.datetime(),
      createdBy: Identity,
      lastUsedAt: z.iso.datetime().nullable(),
      revokedAt: z.iso.datetime().nullable(),
    }),
  ),
})
export type ServiceAccountSummary = z.infer<typeof ServiceAccountSummary>
export const ServiceAccountList = z.object({ accounts: z.array(ServiceAccountSummary) })
// DELETE /v1/service-accounts/:name/keys/:id: 204; what came in by the key ends.

/** POST /v1/delegations: the person who is logged in lets a machine act for them, as long as this login lasts at most. */
export const CreateDelegationRequest = z.strictObject({
  /** Of a ServiceAccount, or as a Trust calls it. */
  machine: DocumentName,
  lasts: Duration.default('8h'),
  /** Good for one exchange. */
  once: z.boolean().default(false),
})
/** The token is shown here and never again. */
export const Delegation = z.object({ machine: DocumentName, token: z.string(), expires_at: z.iso.datetime() })
export type Delegation = z.infer<typeof Delegation>
