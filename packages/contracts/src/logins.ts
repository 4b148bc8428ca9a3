import { z } from 'zod'
import { Identity } from './identity.ts'

/** One login that runs: of a person on a device, or what a machine exchanged its token for. */
export const LoginSummary = z.object({
  id: z.string(),
  identity: Identity,
  /** What the device calls itself, which nobody has checked; null: it did not say. */
  device: z.string().nullable(),
  begun_at: z.iso.datetime(),
  /** To ten minutes: when its access token was last made. */
  last_used_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  /** Whether it is the login with which this was asked. */
  current: z.boolean(),
})
export type LoginSummary = z.infer<typeof LoginSummary>

/**
 * GET /v1/logins?of=: the caller's own, unless `of` names somebody by their id or e-mail address; those of machines that act for them, too. The last
 * used first, 200 at most.
 */
export const LoginList = z.object({ logins: z.array(LoginSummary) })

/** POST /v1/logins/end: ends all that GET would list; null: the caller's own. */
export const EndLoginsRequest = z.strictObject({ of: z.string().min(1).max(2000).nullable() })
export const EndLoginsResponse = z.object({ ended: z.int() })
// POST /v1/logins/:id/end: ends one; 204.

/** POST /v1/first-admin: by the one-time token of a gateway that has no admin, the caller becomes one; the name of the Role document that says so. */
export const BecomeAdminRequest = z.strictObject({ token: z.string().max(200) })
export const BecomeAdminResponse = z.object({ role: z.string() })
