import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type PostgresServer, startPostgres } from '@hoop/postgres-server'
import type { Build } from './build.ts'

/** The JSON log of a server that `startServer` started. */
export function logFileOf(server: PostgresServer): string {
  return join(server.logFolder, 'statements.json')
}

/** A fresh cluster as pg_regress would make it, which logs every statement with its values. */
export function startServer(build: Build, folder: string): Promise<PostgresServer> {
  return startPostgres({
    dataFolder: join(folder, 'data'),
    password: randomBytes(16).toString('hex'),
    durable: false,
    binaries: { initdb: join(build.bin, 'initdb'), postgres: join(build.bin, 'postgres') },
    settings: {
      // What pg_regress sets in a cluster of its own, and what some tests look at.
      max_prepared_transactions: '2',
      synchronous_commit: 'on',
      dynamic_shared_memory_type: 'posix',
      log_statement: 'all',
      log_destination: 'jsonlog',
      log_filename: 'statements.log',
      log_parameter_max_length: '-1',
      log_min_error_statement: 'error',
    },
  })
}
