import * as demo from '@hoop/demo'
import type { Stoppable } from './keep.ts'

export type IdentityProvider = demo.IdentityProvider & Stoppable

/** The development identity provider; the demo's users if none are given. */
export async function startIdentityProvider(
  options: { users?: readonly demo.DemoUser[]; port?: number } = {},
): Promise<IdentityProvider> {
  const { users = demo.demoUsers, port = 0 } = options
  const provider = await demo.startIdentityProvider({ users, port, demoMode: true })
  return { ...provider, stop: () => provider.close() }
}
