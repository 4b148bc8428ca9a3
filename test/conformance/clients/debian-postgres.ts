import { join } from 'node:path'
import { type PostgresServer, startPostgres } from '@hoop/postgres-server'
import { type Stoppable, temporaryFolder } from '../../support/index.ts'

/** Where Debian's packages postgresql-15 and postgresql-client-15 put their programs. */
export const debianPrograms = '/usr/lib/postgresql/15/bin'

/** A PostgreSQL 15 from Debian's package in a temporary folder, for clients that refuse a server newer than themselves (pg_dump). */
export async function startDebianPostgres(settings: Readonly<Record<string, string>>): Promise<PostgresServer & Stoppable> {
  const folder = await temporaryFolder('postgres-15')
  const binaries = { initdb: join(debianPrograms, 'initdb'), postgres: join(debianPrograms, 'postgres') }
  try {
    const server = await startPostgres({ dataFolder: folder.path, password: 'superuser', settings, durable: false, binaries })
    return { ...server, stop: () => server.stop().finally(folder.stop) }
  } catch (error) {
    await folder.stop()
    throw error
  }
}
