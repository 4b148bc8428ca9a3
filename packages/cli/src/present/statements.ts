import type { StatementError, StatementResult } from '../services/statements.ts'
import { escapeBlock, escapedJson, escapeLine } from './escape.ts'
import { type Screen, table } from './screen.ts'

export type Output = 'table' | 'json' | 'csv'

/** Results of statements, one after the other. */
export async function resultText(screen: Screen, output: Output, results: readonly StatementResult[]): Promise<string> {
  const texts = await Promise.all(results.map((result) => formats[output](screen, result)))
  return texts.join(output === 'json' ? '\n' : '\n\n')
}

const formats: Record<Output, (screen: Screen, result: StatementResult) => string | Promise<string>> = {
  async table(screen, { command, count, columns, rows }) {
    if (columns.length === 0) return count === null ? command : `${command} ${count}`
    const cells = rows.map((row) => row.map((value) => value ?? ''))
    const grid = await table(
      screen,
      columns.map(({ name }) => escapeLine(name)),
      cells,
    )
    return screen.terminal ? `${grid}\n${screen.colour.dim(`${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`)}` : grid
  },
  /** RFC 4180 with line feeds; NULL is empty, and an empty text is "". */
  csv(_, { command, count, columns, rows }) {
    if (columns.length === 0) return count === null ? command : `${command},${count}`
    return [columns.map(({ name }) => name), ...rows].map((row) => row.map(csvField).join(',')).join('\n')
  },
  json(_, { command, count, columns, rows }) {
    const names = distinct(columns.map(({ name }) => name))
    const objects = rows.map((row) =>
      Object.fromEntries(row.map((value, index) => [names[index] ?? '', jsonValue(value, columns[index]?.type ?? 0)])),
    )
    return escapedJson({ command, count, rows: objects })
  },
}

function csvField(value: string | null): string {
  if (value === null) return ''
  return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

/** A second `id` is `id_2`: an object has one of each. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let own = name
    for (let number = 2; taken.has(own); number++) own = `${name}_${number}`
    taken.add(own)
    return own
  })
}

/** Types whose every value JSON can say: bool; int2, int4, oid; float4, float8; json, jsonb. The rest are texts, as PostgreSQL writes them. */
const booleans = new Set([16])
const numbers = new Set([21, 23, 26, 700, 701])
const documents = new Set([114, 3802])

function jsonValue(value: string | null, type: number): unknown {
  if (value === null) return null
  if (booleans.has(type)) return value === 't'
  if (numbers.has(type)) return Number.isFinite(Number(value)) ? Number(value) : value
  if (!documents.has(type)) return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    // a mask may have made text of it
    return value
  }
}

/** An answer of the database, or of the gateway in its place, for stderr. */
export function statementError({ code, message, detail, hint }: StatementError, exit: number, json: boolean): string {
  if (json) return escapedJson({ error: { code, message, detail, hint, exit } })
  const more = [detail, hint]
    .filter((line) => line !== null)
    .map((line) => `      ${escapeBlock(line).replaceAll('\n', '\n      ')}`)
  return [`hoop: ${escapeBlock(message).replaceAll('\n', '\n      ')} (${escapeLine(code)})`, ...more].join('\n')
}
