import { readFile } from 'node:fs/promises'
import { text as readText } from 'node:stream/consumers'
import { HoopError } from '@hoop/contracts/errors'
import type { Client, DatabaseError, QueryArrayConfig, Query as Submitted } from 'pg'
import type { Endpoint } from './endpoints.ts'
import { readGivenFile } from './given-file.ts'

/** One statement's result; values as PostgreSQL writes them. */
export interface StatementResult {
  /** `SELECT`, `UPDATE`, … */
  readonly command: string
  /** Rows given or changed; null for what has none. */
  readonly count: number | null
  readonly columns: readonly { readonly name: string; readonly type: number }[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** What PostgreSQL, or the gateway in its place, answered in place of a result. */
export interface StatementError {
  readonly code: string
  readonly message: string
  readonly detail: string | null
  readonly hint: string | null
}

export type StatementsOutcome =
  | { readonly kind: 'done'; readonly results: readonly StatementResult[] }
  | { readonly kind: 'failed'; readonly error: StatementError }

/** Results are kept whole before they are printed. */
const maxBytes = 256 * 1024 * 1024

export interface StatementSources {
  readonly command?: readonly string[] | undefined
  readonly file?: readonly string[] | undefined
}

/** The statements of `-c`, of files (`-` is standard input), or of standard input where nothing else is given. */
export async function readStatements(given: StatementSources): Promise<string> {
  const { command: commands = [], file: files = [] } = given
  const sources = files.length === 0 && commands.length === 0 && !process.stdin.isTTY ? ['-'] : files
  const read = await Promise.all(sources.map((file) => (file === '-' ? readText(process.stdin) : readGivenFile(file))))
  const text = [...commands, ...read].join(';\n')
  if (/\S/.test(text)) return text
  throw new HoopError('invalid_request', 'there is nothing to run', {
    hint: "give a command after --, a statement with -c, a file with -f, or statements on standard input: hoop exec NAME -- psql -c 'select 1'",
  })
}

export interface RunStatementsOptions {
  readonly text: string
  readonly signal: AbortSignal
  /** The server, or the gateway, has said something on the way. */
  notice(message: string): void
}

/**
 * Sends the statements as one simple query, which is one transaction unless they say otherwise. Throws what is no answer to them: HoopError
 * `connection_unavailable` when there is no connection, or the signal's reason.
 */
export async function runStatements(endpoint: Endpoint, options: RunStatementsOptions): Promise<StatementsOutcome> {
  const { default: pg } = await import('pg')
  const { host, port, user, password, database, rootCertificate } = endpoint
  const ssl = rootCertificate === null ? false : { ca: await readFile(rootCertificate, 'utf8'), servername: 'localhost' }
  const client = new pg.Client({ host, port, user, password, database, ssl, application_name: 'hoop exec' })
  client.on('error', () => {
    // told by the query that is under way
  })
  client.on('notice', ({ message }) => options.notice(message ?? ''))
  const stop = () => void client.end().catch(() => {})
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    await client.connect()
    options.signal.throwIfAborted()
    return { kind: 'done', results: await query(client, pg, options.text) }
  } catch (error) {
    options.signal.throwIfAborted()
    if (error instanceof HoopError) throw error
    if (error instanceof pg.DatabaseError && error.severity !== 'FATAL') return { kind: 'failed', error: answerOf(error) }
    const words = error instanceof Error ? error.message : String(error)
    throw new HoopError('connection_unavailable', words, { hint: 'hoop doctor NAME looks what is wrong', cause: error })
  } finally {
    options.signal.removeEventListener('abort', stop)
    await client.end().catch(() => {})
  }
}

function query(client: Client, { Query }: { Query: typeof Submitted }, text: string): Promise<StatementResult[]> {
  const whole = { getTypeParser: () => (value: string) => value }
  const config: QueryArrayConfig = { text, rowMode: 'array', types: whole }
  const running = new Query<(string | null)[]>(config)
  const rowsOf = new Map<unknown, (string | null)[][]>()
  let bytes = 0
  return new Promise((resolve, reject) => {
    running.on('row', (row, result) => {
      bytes += row.reduce((sum, value) => sum + 16 + (value?.length ?? 0), 64)
      if (bytes > maxBytes) return reject(tooLarge())
      const rows = rowsOf.get(result) ?? []
      rowsOf.set(result, rows)
      rows.push(row)
    })
    running.on('error', reject)
    running.on('end', (ended) => {
      // several statements give an array
      resolve(
        [ended].flat().map((result) => ({
          command: result.command ?? '',
          count: result.rowCount,
          columns: result.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
          rows: rowsOf.get(result) ?? [],
        })),
      )
    })
    client.query(running)
  })
}

function tooLarge(): HoopError {
  return new HoopError('invalid_request', `the result is larger than ${maxBytes / 1024 / 1024} MiB`, {
    hint: 'ask for less of it, or run psql: hoop exec NAME -- psql -c "…"',
  })
}

function answerOf({ code, message, detail, hint }: DatabaseError): StatementError {
  return { code: code ?? '', message, detail: detail ?? null, hint: hint ?? null }
}
