import { join } from 'node:path'
import { stringify } from 'yaml'
import {
  applyDocuments,
  loginAs,
  type Stoppable,
  startConnect,
  startGatewayProcess,
  startIdentityProvider,
  temporaryFolder,
} from '../../support/index.ts'
import type { Cluster } from './cluster.ts'

/** What the connection is called. */
export const connection = 'gke-prod'

/** A real `hoop connect` to a cluster, through a gateway of its own. */
export interface ThroughHoop extends Stoppable {
  /** The home folder of ada, who is an engineer. */
  readonly home: string
  /** Path of the kubeconfig that `hoop connect` wrote. */
  readonly kubeconfig: string
  /** Folder of the session's record. */
  readonly record: string
  /** What the gateway complained about. */
  logs(): string
}

/** How the gateway is known at the cluster. */
export type Login = 'token' | 'client certificate'

/** Starts it all on a fresh data folder. What it started before an error is stopped. */
export async function startThroughHoop(cluster: Cluster, login: Login): Promise<ThroughHoop> {
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
    const dataFolder = join((await keep(temporaryFolder('gateway'))).path, 'gateway')
    const gateway = await keep(startGatewayProcess({ provider, env: { HOOP_LOG: 'warn' }, dataFolder }))
    const admin = await keep(loginAs('root-admin', { gateway: gateway.url }))
    await applyDocuments(admin.home, await documents(cluster, login))
    const { home } = await keep(loginAs('ada', { gateway: gateway.url }))
    const connect = await keep(startConnect(connection, { home }))
    if (connect.configuration === null) throw new Error('hoop connect wrote no kubeconfig')
    return {
      home,
      kubeconfig: connect.configuration,
      record: join(gateway.records, connect.session),
      logs: () => gateway.logs(),
      stop: () => parts.disposeAsync(),
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

async function documents({ address, ca, token, clientCertificate }: Cluster, login: Login): Promise<string> {
  const { certificate, key } = clientCertificate
  const all = [
    {
      kind: 'Connection',
      name: connection,
      protocol: 'kubernetes',
      address,
      tls: { mode: 'verify-full', ca },
      login: login === 'token' ? { token: await token() } : { certificate, key },
    },
    { kind: 'Access', name: 'engineers', groups: ['engineering'], connections: { names: [connection] } },
    // What hoop cannot read is allowed only where a rule names it.
    {
      kind: 'Policy',
      name: 'everything',
      connections: { names: [connection] },
      when: "operation.effects.all(e, e != 'unknown') || 'unknown' in operation.effects",
      // biome-ignore lint/suspicious/noThenProperty: the document's own word, and never awaited
      then: 'allow',
    },
  ]
  return all.map((document) => stringify(document)).join('---\n')
}
