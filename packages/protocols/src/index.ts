import type { Examine } from './examination.ts'
import { examine as examinePostgres } from './postgres/doctor.ts'
import { postgres } from './postgres/index.ts'
import { openReading as openPostgresReading } from './postgres/text-reading.ts'
import type { Protocol } from './protocol.ts'
import type { OpenReading } from './reading.ts'

export * from './examination.ts'
export * from './protocol.ts'
export * from './reading.ts'

/** Every protocol that a connection may be registered with. */
export const protocols = { postgres } satisfies Record<string, Protocol>

/** How the backend of each protocol is looked at. */
export const examiners = { postgres: examinePostgres } satisfies Record<keyof typeof protocols, Examine>

/** How texts of each protocol are read outside of a session. */
export const readings = { postgres: openPostgresReading } satisfies Record<keyof typeof protocols, OpenReading>
