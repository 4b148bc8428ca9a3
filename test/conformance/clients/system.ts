import { randomBytes } from 'node:crypto'
import { demoDocuments } from '@hoop/demo'
import type { PostgresServer } from '@hoop/postgres-server'
import pg from 'pg'
import { type Connect, type GatewayProcess, type Stoppable, startConnect, startSystem } from '../../support/index.ts'
import { ServerLog } from '../../support/server-log.ts'
import { startDebianPostgres } from './debian-postgres.ts'

/** The two databases that each connection offers; the first is the default. */
export const databases = ['app', 'other'] as const
type Database = (typeof databases)[number]

/** The ordinary role that owns both databases, and that hoop logs in with. */
export const role = 'clients'

export interface ClientsOptions {
  /** Of the server; 15 is Debian's, for clients that refuse a newer one. Absent: 18. */
  readonly major?: 15 | 18
  /** Documents beside those of the connections, each an object as in the YAML. */
  readonly documents?: readonly object[]
}

/** A gateway before a real PostgreSQL, and the same PostgreSQL without the gateway. */
export interface ClientsSystem extends Stoppable {
  readonly server: PostgresServer
  readonly gateway: GatewayProcess
  /** What arrived at the server from {@link role}, directly or through hoop. */
  readonly log: ServerLog
  /** A connection string of {@link role} past hoop. */
  direct(database?: Database): string
  /** Runs SQL past hoop: as {@link role}, or as the superuser. */
  run(sql: string, as?: { database?: Database; superuser?: boolean }): Promise<pg.QueryResult>
  /**
   * A `hoop connect` of the user's, who may use all connections: `plain`, where a Policy allows everything and names 'unknown', and
   * `masked`, the same but for the Masks that select the label `masks: "yes"`; or, with no Policy at all, `unruled` and `unruled-masked`.
   */
  connect(
    connection?: 'plain' | 'masked' | 'unruled' | 'unruled-masked',
    options?: { user?: string; args?: readonly string[] },
  ): Promise<Connect>
  /** The home folder of a logged-in user. */
  home(user: string): Promise<string>
}

const passwordVariable = 'HOOP_TEST_CLIENTS_PASSWORD'
const settings = {
  log_statement: 'all',
  log_destination: 'jsonlog',
  log_filename: 'statements.log',
  max_prepared_transactions: '10',
}

/** Starts the gateway and the server for one test file. */
export async function startClientsSystem(options: ClientsOptions = {}): Promise<ClientsSystem> {
  const parts = new AsyncDisposableStack()
  const keep = async <T extends Stoppable>(starting: Promise<T>): Promise<T> => {
    const started = await starting
    parts.defer(async () => {
      await started.stop()
    })
    return started
  }
  const password = randomBytes(18).toString('base64url')
  try {
    const debian = options.major === 15 ? await keep(startDebianPostgres(settings)) : null
    const sample = debian === null ? { customers: 10, settings } : { customers: 10 }
    const system = await keep(
      startSystem({
        sample,
        env: { [passwordVariable]: password },
        documents: (shop) =>
          [
            demoDocuments(shop),
            ...connections(debian ?? shop.server).map((each) => JSON.stringify(each)),
            ...(options.documents ?? []).map((each) => JSON.stringify(each)),
          ].join('\n---\n'),
      }),
    )
    const server = debian ?? system.sample.server
    await layOut(server, password)
    const log = await ServerLog.open({ server, user: role })
    await keep(Promise.resolve({ stop: () => log.close() }))
    const direct = (database: Database = 'app') => `postgres://${role}:${password}@${server.host}:${server.port}/${database}`
    return {
      server,
      gateway: system.gateway,
      log,
      direct,
      run: (sql, { database = 'app', superuser = false } = {}) => query(superuser ? server.url(database) : direct(database), sql),
      connect: async (connection = 'plain', { user = 'ada', args = [] } = {}) =>
        keep(startConnect(connection, { home: await system.home(user), args })),
      home: system.home,
      stop: () => parts.disposeAsync(),
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

function connections({ host, port }: PostgresServer): object[] {
  const connection = (name: string, labels: object) => ({
    kind: 'Connection',
    name,
    protocol: 'postgres',
    labels: { suite: 'clients', rules: name.startsWith('unruled') ? 'none' : 'all', ...labels },
    address: `${host}:${port}`,
    databases,
    login: { user: role, password: { env: passwordVariable } },
    tls: 'disable',
  })
  return [
    connection('plain', {}),
    connection('masked', { masks: 'yes' }),
    connection('unruled', {}),
    connection('unruled-masked', { masks: 'yes' }),
    { kind: 'Access', name: 'clients', groups: ['engineering', 'dba'], connections: { labels: { suite: 'clients' } } },
    {
      kind: 'Policy',
      name: 'everything',
      connections: { labels: { suite: 'clients', rules: 'all' } },
      when: "'unknown' in operation.effects || true",
      // biome-ignore lint/suspicious/noThenProperty: the document's own word, and never awaited
      then: 'allow',
    },
  ]
}

async function layOut(server: PostgresServer, password: string): Promise<void> {
  await query(server.url(), `create role ${role} login createdb password '${password}'`)
  for (const database of databases) await query(server.url(), `create database ${database} owner ${role}`)
}

async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}
