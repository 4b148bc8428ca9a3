import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as demo from '@hoop/demo'
import { layCluster } from '@hoop/postgres-server/testing'
import { temporaryFolder } from './keep.ts'

/** One line of the server's own log that is about a statement: what really arrived there. */
export interface LoggedStatement {
  readonly user: string
  readonly database: string
  readonly application: string | null
  readonly pid: number
  readonly message: string
  /** `parameters: $1 = '…'` where there are any. */
  readonly detail: string | null
}

export interface Sample extends demo.SamplePostgres {
  /** Statements that callers of the shop's role sent so far, from the server's own log; only with `statementLog`. */
  statements(): Promise<LoggedStatement[]>
}

/** The sample shop in a temporary folder, with TLS by its own authority; 500 customers if not said otherwise. */
export async function startSamplePostgres(
  options: { customers?: number; statementLog?: boolean; settings?: Readonly<Record<string, string>> } = {},
): Promise<Sample> {
  const folder = await temporaryFolder('sample')
  const log = { log_statement: 'all', log_destination: 'jsonlog', log_filename: 'statements.log' }
  const password = 'sample'
  try {
    await layCluster(folder.path, password)
    const sample = await demo.startSamplePostgres({
      dataFolder: folder.path,
      password,
      customers: options.customers ?? 500,
      settings: { ...(options.statementLog === true ? log : {}), ...options.settings },
    })
    return {
      ...sample,
      statements: () => readStatements(join(sample.server.logFolder, 'statements.json'), sample.user),
      async stop() {
        await sample.stop()
        await folder.stop()
      },
    }
  } catch (error) {
    await folder.stop()
    throw error
  }
}

/** https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG */
interface JsonLogLine {
  readonly user?: string
  readonly dbname?: string
  readonly application_name?: string
  readonly pid: number
  readonly message?: string
  readonly detail?: string
}

async function readStatements(file: string, user: string): Promise<LoggedStatement[]> {
  const text = await readFile(file, 'utf8')
  // The last line may still be being written.
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
  return lines
    .map((line) => JSON.parse(line) as JsonLogLine)
    .filter((line) => line.user === user && /^(statement|execute [^:]*): /.test(line.message ?? ''))
    .map((line) => ({
      user: line.user ?? '',
      database: line.dbname ?? '',
      application: line.application_name ?? null,
      pid: line.pid,
      message: line.message ?? '',
      detail: line.detail ?? null,
    }))
}
