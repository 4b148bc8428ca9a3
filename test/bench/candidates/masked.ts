import { join } from 'node:path'
import { groups, samplePasswordVariable } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import {
  applyDocuments,
  loginAs,
  type Sample,
  type Stoppable,
  startConnect,
  startGatewayProcess,
  startIdentityProvider,
} from '../../support/index.ts'
import { operationsByApplication } from './recorded.ts'

/** What is masked: nothing, two columns by name, or whatever the detectors of all kinds find in any column. */
export const maskings = ['none', 'columns', 'detectors'] as const
export type Masking = (typeof maskings)[number]

/** One way to the sample through hoop. */
export interface MaskedWay {
  readonly masking: Masking
  readonly url: string
  /** Process ids of the gateway and of its `hoop connect`. */
  readonly pids: readonly number[]
  recorded(): Promise<ReadonlyMap<string, number>>
}

/** One gateway with the whole record on, and three connections that differ in their masks only. `columns` are those that are masked by name. */
export async function startMaskedWays(
  sample: Sample,
  columns: string,
): Promise<{ readonly ways: readonly MaskedWay[]; stop(): Promise<void> }> {
  const parts = new AsyncDisposableStack()
  const keep = async <T extends Stoppable>(starting: Promise<T>): Promise<T> => {
    const started = await starting
    parts.defer(async () => void (await started.stop()))
    return started
  }
  try {
    const provider = await keep(startIdentityProvider())
    const env = { [samplePasswordVariable]: sample.password, HOOP_LOG: 'warn' }
    const gateway = await keep(startGatewayProcess({ provider, port: await freePort(), env }))
    await applyDocuments((await keep(loginAs('root-admin', { gateway: gateway.url }))).home, documents(sample, columns))
    const { home } = await keep(loginAs('ada', { gateway: gateway.url }))
    const ways: MaskedWay[] = []
    for (const masking of maskings) {
      const { url, program, session } = await keep(startConnect(`bulk-${masking}`, { home }))
      const recorded = () => operationsByApplication(join(gateway.records, session))
      ways.push({ masking, url, pids: [gateway.pid, program.pid], recorded })
    }
    return { ways, stop: () => parts.disposeAsync() }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

function documents({ host, port, database, user }: Sample, columns: string): string {
  const connections = maskings.map(
    (masking) => `kind: Connection
name: bulk-${masking}
labels: { env: bench }
protocol: postgres
address: ${host}:${port}
databases: [${database}]
login: { user: ${user}, password: { env: ${samplePasswordVariable} } }
tls: disable
---
`,
  )
  return `${connections.join('')}kind: Access
name: bench
groups: [${groups.engineering}]
connections: { labels: { env: bench } }
---
kind: Mask
name: contact-data
connections: { names: [bulk-columns] }
columns: ["${columns}"]
method: partial
---
kind: Mask
name: whatever-is-found
connections: { names: [bulk-detectors] }
detect: [card, cloud-key, email, iban, ip, jwt, phone, private-key, national-id]
method: partial
`
}
