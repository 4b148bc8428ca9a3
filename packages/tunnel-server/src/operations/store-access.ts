import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts'
import { runningPort, startPostgres } from '@hoop/postgres-server'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { type DataFolder, openDataFolder } from '../data-folder.ts'
import { ownKey } from '../secrets/key-file.ts'
import type { Settings } from '../settings.ts'
import * as schema from '../store/schema.ts'

/** A table of the store. */
export interface StoreTable {
  readonly name: string
  readonly columns: readonly string[]
}

/** The tables of this version, each behind those that it refers to. */
export function storeTables(): StoreTable[] {
  const tables = Object.values(schema).filter((each) => is(each, PgTable))
  const ordered: PgTable[] = []
  const place = (table: PgTable) => {
    if (ordered.includes(table)) return
    for (const key of getTableConfig(table).foreignKeys) place(key.reference().foreignTable)
    ordered.push(table)
  }
  for (const table of tables) place(table)
  return ordered.map((table) => ({
    name: getTableName(table),
    columns: Object.values(getTableColumns(table)).map(({ name }) => name),
  }))
}

/** Runs the work on the store of a gateway that may or may not run. */
export async function withStore<T>(
  settings: Settings,
  work: (client: pg.Client, folder: Pick<DataFolder, 'keys' | 'records'>) => Promise<T>,
): Promise<T> {
  const folders = { keys: join(settings.dataFolder, 'keys'), records: join(settings.dataFolder, 'records') }
  if (settings.databaseUrl !== null) return await connected(settings.databaseUrl, (client) => work(client, folders))
  const running = await urlOfRunning(settings.dataFolder)
  if (running !== null) return await connected(running, (client) => work(client, folders))
  await stat(join(settings.dataFolder, 'postgres')).catch(() => {
    throw new HoopError('not_found', `There is no gateway in ${settings.dataFolder}.`, { hint: 'HOOP_DATA names its folder.' })
  })
  return await withOwnStore(settings, work)
}

/** Runs the work on the store if it answers now; null: it is the embedded one of a gateway that does not run. Nothing is made or changed. */
export async function withReachableStore<T>(settings: Settings, work: (client: pg.Client) => Promise<T>): Promise<T | null> {
  const url = settings.databaseUrl ?? (await urlOfRunning(settings.dataFolder))
  return url === null ? null : await connected(url, work)
}

/** Runs the work on the store of a gateway that does not run. @throws HoopError `conflict` when it does */
export async function withOwnStore<T>(
  settings: Settings,
  work: (client: pg.Client, folder: DataFolder) => Promise<T>,
): Promise<T> {
  const folder = await openDataFolder(settings.dataFolder)
  try {
    if (settings.databaseUrl !== null) return await connected(settings.databaseUrl, (client) => work(client, folder))
    const password = (await ownKey(join(folder.keys, 'store-password'))).toString('hex')
    const server = await startPostgres({ dataFolder: folder.postgres, password })
    try {
      return await connected(server.url(), (client) => work(client, folder))
    } finally {
      await server.stop()
    }
  } finally {
    await folder.release()
  }
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'hoop backup', connectionTimeoutMillis: 10_000 })
  // Heard by the next statement.
  client.on('error', () => {})
  await client.connect().catch((cause: unknown) => {
    throw new HoopError('unavailable', "The gateway's store does not answer.", { hint: 'HOOP_DATABASE_URL names it.', cause })
  })
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Where the embedded store of a gateway that runs now listens; null: it does not. */
async function urlOfRunning(dataFolder: string): Promise<string | null> {
  const port = await runningPort(join(dataFolder, 'postgres'))
  const password = await readFile(join(dataFolder, 'keys', 'store-password'), 'utf8').catch(() => null)
  return port === null || password === null ? null : `postgres://postgres:${password.trim()}@127.0.0.1:${port}/postgres`
}
