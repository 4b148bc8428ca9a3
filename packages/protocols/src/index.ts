import { postgres } from './postgres/index.ts'
import type { Protocol } from './protocol.ts'

export * from './protocol.ts'

/** Every protocol that a connection may be registered with. */
export const protocols = { postgres } satisfies Record<string, Protocol>
