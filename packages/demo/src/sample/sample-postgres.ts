import { randomBytes } from 'node:crypto'
import { type PostgresServer, startPostgres } from '@hoop/postgres-server'
import { makeCertificates } from './certificates.ts'
import { layOutShop, shopDatabase, shopUser } from './shop.ts'

export interface SampleOptions {
  readonly dataFolder: string
  /** Of the superuser; the same at each start. */
  readonly password: string
  readonly port?: number
  readonly settings?: Readonly<Record<string, string>>
  /** Fewer than 50,000 for a test. */
  readonly customers?: number
}

/** A running PostgreSQL with the sample shop, reached by TLS with a certificate of its own authority. */
export interface SamplePostgres {
  readonly server: PostgresServer
  readonly host: string
  readonly port: number
  readonly database: string
  /** The ordinary role that owns the tables; its password is new at each start. */
  readonly user: string
  readonly password: string
  /** PEM of the authority. */
  readonly ca: string
  stop(): Promise<void>
}

/** Starts the sample database, loading its rows at the first start on this folder. */
export async function startSamplePostgres(options: SampleOptions): Promise<SamplePostgres> {
  const { ca, cert, key } = await makeCertificates(['127.0.0.1', 'localhost'])
  const server = await startPostgres({
    dataFolder: options.dataFolder,
    password: options.password,
    tls: { cert, key },
    durable: false,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  })
  const password = randomBytes(18).toString('base64url')
  try {
    await layOutShop({
      url: (database) => server.url(database),
      password,
      ...(options.customers === undefined ? {} : { customers: options.customers }),
    })
  } catch (error) {
    await server.stop()
    throw error
  }
  const { host, port } = server
  return { server, host, port, database: shopDatabase, user: shopUser, password, ca, stop: () => server.stop() }
}
