import type { Examiners } from './examination.ts'
import { examine as examineHttp } from './http/doctor.ts'
import { http } from './http/index.ts'
import { openReading as openHttpReading } from './http/text-reading.ts'
import { examine as examineKubernetes } from './kubernetes/doctor.ts'
import { kubernetes } from './kubernetes/index.ts'
import { openReading as openKubernetesReading } from './kubernetes/text-reading.ts'
import { examine as examinePostgres } from './postgres/doctor.ts'
import { postgres } from './postgres/index.ts'
import { openReading as openPostgresReading } from './postgres/text-reading.ts'
import type { Protocols } from './protocol.ts'
import type { Readings } from './reading.ts'

export * from './examination.ts'
export * from './protocol.ts'
export * from './reading.ts'

/** Every protocol that a connection may be registered with. */
export const protocols: Protocols = { postgres, http, kubernetes }

/** How the backend of each protocol is looked at. */
export const examiners: Examiners = { postgres: examinePostgres, http: examineHttp, kubernetes: examineKubernetes }

/** How texts of each protocol are read outside of a session. */
export const readings: Readings = { postgres: openPostgresReading, http: openHttpReading, kubernetes: openKubernetesReading }
