import type { Examine } from './examination.ts'
import { examine as examinePostgres } from './postgres/doctor.ts'
import { postgres } from './postgres/index.ts'
import type { Protocol } from './protocol.ts'

export * from './examination.ts'
export * from './protocol.ts'

/** Every protocol that a connection may be registered with. */
export const protocols = { postgres } satisfies Record<string, Protocol>

/** How the backend of each protocol is looked at. */
export const examiners = { postgres: examinePostgres } satisfies Record<keyof typeof protocols, Examine>
