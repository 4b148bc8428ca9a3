import { join } from 'node:path'
import type { PostgresServer } from '@hoop/postgres-server'
import {
  applyDocuments,
  loginAs,
  type Stoppable,
  startConnect,
  startGatewayProcess,
  startIdentityProvider,
} from '../../support/index.ts'
import type { Address } from './suite.ts'

export type Profile = 'strict' | 'transparent'

const passwordVariable = 'HOOP_TEST_REGRESS_PASSWORD'

/** A real `hoop connect` to a server, through a gateway of its own. */
export interface ThroughHoop extends Stoppable {
  readonly address: Address
  /** The record of the session, whole once `closeSession` is done. */
  readonly record: string
  readonly gatewayFolder: string
  /** What the gateway complained about. */
  logs(): string
  closeSession(): Promise<void>
}

/** Starts it all on a fresh data folder in `folder`, which the caller removes. */
export async function startThroughHoop(server: PostgresServer, profile: Profile, folder: string): Promise<ThroughHoop> {
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
    const env = { [passwordVariable]: server.password, HOOP_LOG: 'warn' }
    const gateway = await keep(startGatewayProcess({ provider, env, dataFolder: join(folder, 'gateway') }))
    const admin = await keep(loginAs('root-admin', { gateway: gateway.url }))
    await applyDocuments(admin.home, documents(server, profile))
    const { home } = await keep(loginAs('ada', { gateway: gateway.url }))
    // As root, the suite runs as another user than the one that connects.
    const connect = await keep(startConnect('regress', { home, args: ['--any-user'] }))
    return {
      address: { host: connect.host, port: connect.port, user: server.user, password: connect.password },
      record: join(gateway.records, connect.session),
      gatewayFolder: gateway.dataFolder,
      logs: () => gateway.logs(),
      closeSession: async () => {
        await connect.stop()
      },
      stop: () => parts.disposeAsync(),
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

function documents({ host, port, user }: PostgresServer, profile: Profile): string {
  return `kind: Connection
name: regress
protocol: postgres
address: ${host}:${port}
databases: [postgres, regression]
login: { user: ${user}, password: { env: ${passwordVariable} } }
tls: disable
profile: ${profile}
---
kind: Access
name: engineers
groups: [engineering]
connections: { names: [regress] }
${profile === 'strict' ? everything : ''}`
}

/** What hoop cannot read is allowed only where a rule names it. */
const everything = `---
kind: Policy
name: everything
connections: { names: [regress] }
when: "operation.effects.all(e, e != 'unknown') || 'unknown' in operation.effects"
then: allow
`
