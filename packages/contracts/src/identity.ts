import { z } from 'zod'

/** Who asks. `person` logs in, `service` is a workload, `ai-agent` is a coding agent (never our own agent, which is a connector). */
export const IdentityKind = z.enum(['person', 'service', 'ai-agent'])
export type IdentityKind = z.infer<typeof IdentityKind>

/** One proven identity, as the access token carries it. `id` is stable: issuer and subject, never an e-mail address. */
export const Identity = z.object({
  id: z.string().min(1),
  kind: IdentityKind,
  name: z.string().min(1),
  email: z.string().nullable(),
  groups: z.array(z.string()),
  issuer: z.string(),
})
export type Identity = z.infer<typeof Identity>
