import { join } from 'node:path'
import { type ConnectionDocument, Document } from '@hoop/contracts'
import { demoDocuments, samplePasswordVariable } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import { parseAllDocuments, stringify } from 'yaml'
import {
  applyDocuments,
  loginAs,
  type Sample,
  type Stoppable,
  startConnect,
  startGatewayProcess,
  startIdentityProvider,
  startJoinedAgent,
} from '../../support/index.ts'
import type { Candidate, Way } from './candidate.ts'
import { operationsByApplication } from './recorded.ts'

const throughAgent = { name: 'sample-through-agent', agent: 'private' }

/**
 * A gateway with the demo's policies and masks and the whole record on, a `hoop connect` to the sample, and one to the same sample through an
 * agent. `more` documents are applied beside the demo's. All that they need is stopped by the first of them.
 */
export async function startHoop(
  sample: Sample,
  way: Way,
  names: readonly ('hoop' | 'agent')[],
  more: string | null = null,
): Promise<Candidate[]> {
  const parts = new AsyncDisposableStack()
  const keep = async <T extends Stoppable>(starting: Promise<T>): Promise<T> => {
    const started = await starting
    parts.defer(async () => {
      await started.stop()
    })
    return started
  }
  try {
    const provider = await keep(startIdentityProvider())
    const port = await freePort()
    const url = `http://127.0.0.1:${await way(port)}`
    const env = { [samplePasswordVariable]: sample.password, HOOP_LOG: 'warn', HOOP_PUBLIC_URL: url }
    const gateway = await keep(startGatewayProcess({ provider, port, env }))
    const admin = (await keep(loginAs('root-admin', { gateway: url }))).home
    await applyDocuments(admin, documents(sample))
    if (more !== null) await applyDocuments(admin, more)
    const caller = (await keep(loginAs('ada', { gateway: url }))).home
    const candidates: Candidate[] = []
    if (names.includes('hoop')) candidates.push(await connected('hoop', 'sample', {}))
    if (names.includes('agent')) {
      const allow = `${sample.host}:${sample.port}`
      const agent = await keep(startJoinedAgent({ gateway: url, name: throughAgent.agent, allow, admin }))
      candidates.push(await connected('agent', throughAgent.name, { agent: agent.program.pid }))
    }
    return candidates

    async function connected(name: 'hoop' | 'agent', connection: string, more: Record<string, number>): Promise<Candidate> {
      const connect = await keep(startConnect(connection, { home: caller }))
      return {
        name,
        url: connect.url,
        programs: { gateway: gateway.pid, connect: connect.program.pid, ...more },
        recorded: () => operationsByApplication(join(gateway.records, connect.session)),
        stop: () => parts.disposeAsync(),
      }
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

/** The demo's, without TLS to the database: no other candidate has it. */
function documents(sample: Sample): string {
  const all = parseAllDocuments(demoDocuments(sample)).map((document) => Document.parse(document.toJS()))
  const changed = all.flatMap((document): Document[] => {
    if (document.kind === 'Connection') {
      const plain: ConnectionDocument = { ...document, tls: 'disable' }
      return [plain, { ...plain, ...throughAgent }]
    }
    if (document.kind !== 'Access') return [document]
    return [{ ...document, connections: { names: [...(document.connections.names ?? []), throughAgent.name] } }]
  })
  return changed.map((document) => stringify(document)).join('---\n')
}
