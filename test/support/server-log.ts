import { randomUUID } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresServer } from '@hoop/postgres-server'
import pg from 'pg'

/** A statement as the server's own log has it. */
export interface ServerStatement {
  readonly text: string
  /** Bound values as texts, in the order of their numbers. */
  readonly parameters: readonly (string | null)[]
  readonly application: string | null
}

/** What arrived at the server from one role. */
export interface Arrivals {
  /** What ran, or began to. */
  readonly statements: readonly ServerStatement[]
  /** Ids of operations in whose place the gateway sent something that fails. */
  readonly refused: readonly string[]
}

/** https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG */
export interface JsonLogLine {
  readonly pid?: number
  readonly backend_type?: string
  readonly user?: string
  readonly application_name?: string
  readonly error_severity?: string
  readonly message?: string
  readonly detail?: string
  readonly statement?: string
}

const quietLimit = 30_000
const block = 1024 * 1024

/**
 * Reads the log of a server that logs all statements as JSON, a part at a time. Errors of the server are not statements; the only ones
 * looked at are those of what the gateway sends for a refused operation, which the server logs as errors alone.
 */
export class ServerLog {
  readonly #role: string
  readonly #file: string
  readonly #admin: pg.Client
  #offset = 0
  #rest = Buffer.alloc(0)

  private constructor(role: string, file: string, admin: pg.Client) {
    this.#role = role
    this.#file = file
    this.#admin = admin
  }

  /** Of what `role` sends; begins with the log as it is now. */
  static async open({ server, user }: { server: PostgresServer; user: string }): Promise<ServerLog> {
    const admin = new pg.Client(server.url())
    await admin.connect()
    const log = new ServerLog(user, join(server.logFolder, 'statements.json'), admin)
    await log.arrivals()
    return log
  }

  close(): Promise<void> {
    return this.#admin.end()
  }

  /** Waits until no connection of the role is left: what a killed gateway had sent is read and run to its end by then. */
  async quiet(): Promise<void> {
    const end = Date.now() + quietLimit
    for (;;) {
      const { rows } = await this.#admin.query<{ query: string }>('select query from pg_stat_activity where usename = $1', [
        this.#role,
      ])
      if (rows.length === 0) return
      if (Date.now() > end) throw new Error(`the server still serves ${rows.map(({ query }) => query.slice(0, 200)).join('; ')}`)
      await delay(10)
    }
  }

  /** What arrived since the last call: everything that the server has read by now. */
  async arrivals(): Promise<Arrivals> {
    // The log's lines stand in the order in which they were written: behind our own there is nothing older.
    const barrier = `select 'barrier ${randomUUID()}'`
    await this.#admin.query(barrier)
    const statements: ServerStatement[] = []
    const refused: string[] = []
    for (const end = Date.now() + quietLimit; ; await delay(10)) {
      for (const line of await this.#lines()) {
        if (line.message === `statement: ${barrier}`) return { statements, refused }
        if (line.user !== this.#role) continue
        const statement = statementOf(line)
        if (statement !== null) statements.push(statement)
        const id = refusedOperationOf(line)
        if (id !== null) refused.push(id)
      }
      if (Date.now() > end) throw new Error('the log of the server does not come to its end')
    }
  }

  async #lines(): Promise<JsonLogLine[]> {
    await using file = await open(this.#file, 'r')
    const lines: JsonLogLine[] = []
    for (const buffer = Buffer.allocUnsafe(block); ; ) {
      const { bytesRead } = await file.read(buffer, 0, block, this.#offset)
      if (bytesRead === 0) return lines
      this.#offset += bytesRead
      const bytes = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)])
      const whole = bytes.lastIndexOf(0x0a) + 1
      this.#rest = bytes.subarray(whole)
      for (const line of bytes.toString('utf8', 0, whole).split('\n')) if (line !== '') lines.push(JSON.parse(line))
    }
  }
}

/** All whole lines of a JSON log; a line that is still being written is left out. */
export async function readLogLines(file: string): Promise<JsonLogLine[]> {
  const text = await readFile(file, 'utf8')
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as JsonLogLine)
}

/** The message says how it came; a portal that goes on after it was suspended is the same execution. */
export function statementOf({
  message = '',
  detail = '',
  application_name: application = null,
}: LogLine): ServerStatement | null {
  const found = /^(?:statement|execute (?!fetch from )[^:]*): /.exec(message)
  if (found === null) return null
  return { text: message.slice(found[0].length), parameters: parametersOf(detail), application }
}
type LogLine = Omit<JsonLogLine, 'application_name'> & { application_name?: string | null }

function parametersOf(detail: string): (string | null)[] {
  if (!/^parameters: /i.test(detail)) return []
  return Array.from(
    detail.matchAll(/\$\d+ = (?:NULL|'([^']*(?:''[^']*)*)')/g),
    ([, value]) => value?.replaceAll("''", "'") ?? null,
  )
}

/** The id of the operation in whose place something that fails was sent. */
export function refusedOperationOf({ error_severity: severity, message = '', statement = '' }: JsonLogLine): string | null {
  if (severity !== 'ERROR') return null
  return /^hoop refused (op_\w+)$/.exec(statement)?.[1] ?? /"hoop refused (op_\w+)"/.exec(message)?.[1] ?? null
}
