import { join } from 'node:path'
import { stringify } from 'yaml'
import {
  applyDocuments,
  type Connect,
  loginAs,
  type Stoppable,
  startConnect,
  startGatewayProcess,
  startIdentityProvider,
  startJoinedAgent,
  temporaryFolder,
} from '../../support/index.ts'
import type { Cluster } from './cluster.ts'

/** What the connection is called. */
export const connection = 'gke-prod'

/** A real `hoop connect` to a cluster, through a gateway of its own. */
export interface ThroughHoop extends Stoppable {
  /** The home folder of ada, who is an engineer. */
  readonly home: string
  readonly connect: Connect
  /** Path of the kubeconfig that `hoop connect` wrote. */
  readonly kubeconfig: string
  /** Folder of the session's record. */
  readonly record: string
  /** The home folder of somebody else who is logged in. */
  homeOf(name: string): Promise<string>
  /** What the gateway complained about. */
  logs(): string
}

/** How the gateway is known at the cluster. */
export type Login = 'token' | 'client certificate'

export interface ThroughHoopOptions {
  readonly login: Login
  /** The rules for engineers; all is allowed if not given. */
  readonly rules?: readonly object[]
  /** Whether the cluster is reached by a `hoop agent` only. */
  readonly agent?: boolean
}

/** Starts it all on a fresh data folder. What it started before an error is stopped. */
export async function startThroughHoop(cluster: Cluster, options: ThroughHoopOptions): Promise<ThroughHoop> {
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
    if (options.agent === true)
      await keep(startJoinedAgent({ gateway: gateway.url, name: agentName, allow: cluster.address, admin: admin.home }))
    await applyDocuments(admin.home, await documents(cluster, options))
    const { home } = await keep(loginAs('ada', { gateway: gateway.url }))
    const connect = await keep(startConnect(connection, { home }))
    if (connect.configuration === null) throw new Error('hoop connect wrote no kubeconfig')
    return {
      home,
      connect,
      kubeconfig: connect.configuration,
      record: join(gateway.records, connect.session),
      homeOf: async (name) => (await keep(loginAs(name, { gateway: gateway.url }))).home,
      logs: () => gateway.logs(),
      stop: () => parts.disposeAsync(),
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

const agentName = 'in-the-cluster'

async function documents(
  { address, ca, token, clientCertificate }: Cluster,
  { login, rules = [policy('everything', 'allow', everything)], agent = false }: ThroughHoopOptions,
): Promise<string> {
  const { certificate, key } = clientCertificate
  const all = [
    {
      kind: 'Connection',
      name: connection,
      protocol: 'kubernetes',
      address,
      tls: { mode: 'verify-full', ca },
      login: login === 'token' ? { token: await token() } : { certificate, key },
      ...(agent && { agent: agentName }),
    },
    { kind: 'Access', name: 'engineers', groups: ['engineering'], connections: { names: [connection] } },
    ...rules,
  ]
  return all.map((document) => stringify(document)).join('---\n')
}

/** What hoop cannot read is allowed only where a rule names it. */
export const everything = "operation.effects.all(e, e != 'unknown') || 'unknown' in operation.effects"

/** A Policy of the connection; who approves is a dba. */
export function policy(name: string, decision: 'allow' | 'deny' | 'approve', when: string): object {
  return {
    kind: 'Policy',
    name,
    connections: { names: [connection] },
    when,
    // biome-ignore lint/suspicious/noThenProperty: the document's own word, and never awaited
    then: decision,
    ...(decision === 'approve' && { approvers: { groups: ['dba'] } }),
    ...(decision !== 'allow' && { message: `${name} are looked at` }),
  }
}
