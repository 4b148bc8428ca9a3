import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { Target } from '../parts.ts'

/** One statement that a tool sends. */
export interface ToolStatement {
  readonly text: string
  /** Its rows differ from moment to moment, or by what else was asked before. */
  readonly varies: boolean
}

/**
 * The statements of a tool's file, between empty lines. A line `-- varies` says so of the statement below it; `{class zoo.animals}` stands
 * for the OID of a relation (also namespace, proc, type, role), `{pg_trigger.tgname a}` for that of what a catalogue calls so.
 */
export async function toolStatements(tool: string, client: pg.Client): Promise<ToolStatement[]> {
  const file = readFileSync(new URL(`${tool}.sql`, import.meta.url), 'utf8')
  const blocks = file.split(/\n\n+/).map((block) => {
    const lines = block.trim().split('\n')
    const start = lines.findIndex((line) => !line.startsWith('-- '))
    return {
      varies: lines.slice(0, Math.max(start, 0)).includes('-- varies'),
      text: start < 0 ? '' : lines.slice(start).join('\n'),
    }
  })
  const statements: ToolStatement[] = []
  for (const { varies, text } of blocks.filter((block) => block.text !== ''))
    statements.push({ varies, text: await withOids(text, client) })
  return statements
}

async function withOids(text: string, client: pg.Client): Promise<string> {
  const oids = new Map<string, string>()
  for (const [written, kind = '', name = ''] of text.matchAll(/\{([\w.]+) ([^}]+)\}/g))
    oids.set(written, await oidOf(kind, name, client))
  return text.replaceAll(/\{([\w.]+) ([^}]+)\}/g, (written) => oids.get(written) ?? written)
}

async function oidOf(kind: string, name: string, client: pg.Client): Promise<string> {
  const [table, column] = kind.split('.')
  const query =
    column === undefined
      ? `select $1::reg${kind}::oid`
      : `select oid from ${table} where ${column}::text = $1 order by oid limit 1`
  const { rows } = await client.query<unknown[]>({ text: query, values: [name], rowMode: 'array' })
  const [row] = rows
  if (row === undefined) throw new Error(`there is no ${kind} ${name}`)
  return String(row[0])
}

/** What a statement answers: names of columns, and rows as text in an order of their own; or how it fails. */
export type Answer =
  | { readonly columns: readonly string[]; readonly rows: readonly string[] }
  | { readonly error: string; readonly code: string | undefined }

/** Runs statements in one session, as one text each. */
export async function answers(target: Target, statements: readonly ToolStatement[]): Promise<Answer[]> {
  const { host, port, user, password, database } = target
  const client = new pg.Client({ host, port, user, password, database, types: { getTypeParser: () => (value: string) => value } })
  await client.connect()
  try {
    const all: Answer[] = []
    for (const { text } of statements) all.push(await answer(client, text))
    return all
  } finally {
    await client.end()
  }
}

type Result = Pick<pg.QueryArrayResult<unknown[]>, 'rows' | 'fields'>

async function answer(client: pg.Client, text: string): Promise<Answer> {
  try {
    const results: Result | readonly Result[] = await client.query<unknown[]>({ text, rowMode: 'array' })
    // The results of a text with several statements come as a list.
    const all = 'rows' in results ? [results] : results
    const columns = all.flatMap(({ fields }) => fields.map(({ name }) => name))
    return { columns, rows: all.flatMap(({ rows }) => rows.map((row) => JSON.stringify(row))).sort() }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return { error: [error.message, error.detail ?? ''].join('\n'), code: error.code }
  }
}
