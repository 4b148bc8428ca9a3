import { z } from 'zod'
import { DocumentName, Duration } from './document-parts.ts'
import { Identity } from './identity.ts'

/** POST /v1/access: asks for a connection, for so long from the last yes on. */
export const AccessRequest = z.strictObject({
  connection: DocumentName,
  reason: z.string().trim().min(1).max(2000),
  lasts: Duration,
})
export type AccessRequest = z.infer<typeof AccessRequest>

/** GET /v1/access?state=open|all: those that concern me: mine, those I may decide, and for admins all. */
export const AccessGrant = z.object({
  id: z.string(),
  state: z.enum(['requested', 'granted', 'ended', 'denied', 'withdrawn', 'timed-out']),
  /** The Access document that it is by. */
  access: z.string(),
  connection: z.string(),
  requester: Identity,
  reason: z.string(),
  /** Seconds. */
  duration: z.int(),
  approvers: z.array(z.string()),
  /** How many must say yes, and who did. */
  count: z.int(),
  approvals: z.array(z.object({ by: Identity, at: z.iso.datetime(), reason: z.string().nullable() })),
  requestedAt: z.iso.datetime(),
  /** Until when it may be decided. */
  expiresAt: z.iso.datetime(),
  grantedAt: z.iso.datetime().nullable(),
  endsAt: z.iso.datetime().nullable(),
  /** Who denied or withdrew it, when, and why. */
  closedBy: Identity.nullable(),
  closedAt: z.iso.datetime().nullable(),
  closedReason: z.string().nullable(),
  /** What the one who asks may do with it now. */
  mine: z.enum(['decide', 'requested', 'see']),
})
export type AccessGrant = z.infer<typeof AccessGrant>
export const AccessGrantList = z.object({ grants: z.array(AccessGrant) })
// POST /v1/access/:id/approve, /deny (needs a reason) and /withdraw, each a DecideRequest, answer with the AccessGrant.
