/**
 * Runs one statement with `pg` and the PG* environment and prints what came back, for machines without psql:
 * `hoop exec sample -- node packages/demo/src/query.ts 'select 1'`. Ctrl-C cancels the statement.
 */
import { connect } from 'node:net'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'

/** What `pg` knows of its backend for a CancelRequest, and its types do not say. */
type WithKey = pg.Client & { readonly processID: number; readonly secretKey: number }

/** https://www.postgresql.org/docs/current/protocol-message-formats.html: CancelRequest, on a connection of its own. */
function cancel({ host, port, processID, secretKey }: WithKey): void {
  const request = Buffer.alloc(16)
  request.writeInt32BE(16, 0)
  request.writeInt32BE(80_877_102, 4)
  request.writeInt32BE(processID, 8)
  request.writeInt32BE(secretKey, 12)
  connect(port, host)
    .on('error', () => {})
    .end(request)
}

function printTable({ fields, rows }: pg.QueryArrayResult<unknown[]>): void {
  const cells = [
    fields.map((field) => field.name),
    ...rows.map((row) => row.map((value) => (value === null ? '' : String(value)))),
  ]
  const widths = fields.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = cells.map((row) =>
    row
      .map((cell, column) => ` ${cell.padEnd(widths[column] ?? 0)} `)
      .join('|')
      .trimEnd(),
  )
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width + 2)).join('+'))
  process.stdout.write(`${lines.join('\n')}\n(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})\n`)
}

function printMessage(message: {
  severity?: string | undefined
  message?: string | undefined
  detail?: string | undefined
  hint?: string | undefined
}): void {
  const lines = [`${message.severity ?? 'ERROR'}:  ${message.message ?? ''}`]
  if (message.detail !== undefined) lines.push(`DETAIL:  ${message.detail}`)
  if (message.hint !== undefined) lines.push(`HINT:  ${message.hint}`)
  process.stderr.write(`${lines.join('\n')}\n`)
}

async function main(statement: string): Promise<number> {
  // Values are shown as the server wrote them.
  const client = new pg.Client({ types: { getTypeParser: () => (value: string) => value } }) as WithKey
  client.on('notice', printMessage)
  client.on('error', () => {})
  process.on('SIGINT', () => cancel(client))
  try {
    await client.connect()
    if (/^\s*copy\b.*\bto\s+stdout\b/is.test(statement)) {
      await pipeline(client.query(copyTo(statement)), process.stdout, { end: false })
      return 0
    }
    const answer: pg.QueryArrayResult<unknown[]> | pg.QueryArrayResult<unknown[]>[] = await client.query({
      text: statement,
      rowMode: 'array',
    })
    for (const result of [answer].flat()) {
      if (result.fields.length > 0) printTable(result)
      else process.stdout.write(`${result.command}${result.rowCount === null ? '' : ` ${result.rowCount}`}\n`)
    }
    return 0
  } catch (error) {
    printMessage(error instanceof pg.DatabaseError ? error : { message: error instanceof Error ? error.message : String(error) })
    return 1
  } finally {
    await client.end().catch(() => {})
  }
}

const [statement] = process.argv.slice(2)
if (statement === undefined) {
  process.stderr.write("usage: query.ts 'STATEMENT'\n")
  process.exitCode = 2
} else {
  process.exitCode = await main(statement)
}
