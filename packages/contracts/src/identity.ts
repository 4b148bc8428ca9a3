import { z } from 'zod'

/** Who asks. `person` logs in, `service` is a workload, `ai-agent` is a coding agent (never our own agent, which is a connector). */
export const IdentityKind = z.enum(['person', 'service', 'ai-agent'])
export type IdentityKind = z.infer<typeof IdentityKind>

const Person = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  email: z.string().nullable(),
  groups: z.array(z.string()),
  issuer: z.string(),
})

/** One proven identity, as the access token carries it. `id` is stable: issuer and subject, never an e-mail address. */
export const Identity = z.object({
  id: z.string().min(1),
  kind: IdentityKind,
  name: z.string().min(1),
  email: z.string().nullable(),
  groups: z.array(z.string()),
  issuer: z.string(),
  /** The person for whom a machine acts (RFC 8693, 4.1): it may do what both may. Its `id` and `name` say both. */
  onBehalfOf: Person.optional(),
})
export type Identity = z.infer<typeof Identity>

/** Those who act: the identity alone, and the person behind it, if there is one. What is done must be allowed to each of them. */
export function actors(identity: Identity): readonly Identity[] {
  const { onBehalfOf, ...own } = identity
  return onBehalfOf === undefined ? [identity] : [own, { ...onBehalfOf, kind: 'person' }]
}
