/** The record against the server's own log, where gateways that record by a queue lose rows:  npm run conformance:volume */

import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  keepUntilEnd,
  requires,
  type Stoppable,
  type System,
  startConnect,
  startSystem,
  temporaryFolder,
} from '../../support/index.ts'
import { reconcile } from '../../support/reconcile.ts'
import { digestKeyOf, flawsOf, operationsOf, type RecordedOperation, readEvents } from '../../support/recorded.ts'
import { type Arrivals, ServerLog } from '../../support/server-log.ts'

const run = promisify(execFile)
const keep = keepUntilEnd(afterAll)
const clients = 64
const nothing = { unrecorded: [], neverArrived: [], unrecordedRefusals: [], untrue: [] }
let system: System
let log: ServerLog
let folder: Stoppable & { readonly path: string }

beforeEach((context) => requires(context, 'pgbench'))

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10, statementLog: true, settings: { max_connections: '200' } } }))
  const { host, port, user, password, database } = system.sample
  const direct = `postgresql://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}?sslmode=disable`
  await run('pgbench', ['-i', '-q', '-s', '1', direct])
  log = await ServerLog.open(system.sample)
  folder = await keep(temporaryFolder('volume'))
})
afterAll(() => log?.close())

/** What arrived at the server, and what the record of one session has, once the session has ended. */
async function through(work: (url: string) => Promise<unknown>): Promise<{ arrived: Arrivals; recorded: RecordedOperation[] }> {
  await log.quiet()
  await log.arrivals()
  const connect = await startConnect('sample', { home: await system.home('ada') })
  try {
    await work(connect.url)
  } finally {
    await connect.stop()
  }
  await log.quiet()
  const record = join(system.gateway.records, connect.session)
  await expect.poll(() => flawsOf(record, true), { timeout: 20_000 }).toEqual([])
  return { arrived: await log.arrivals(), recorded: operationsOf(connect.session, await readEvents(record)) }
}

/** The gateway's own look at the catalogue is on the record beside what the caller asked. */
function byCaller(recorded: readonly RecordedOperation[]): RecordedOperation['operation'][] {
  return recorded.map(({ operation }) => operation).filter(({ by }) => by === 'caller')
}

describe.each(['simple', 'extended', 'prepared'])('a burst of 64 clients, protocol %s', (mode) => {
  test.each([
    { script: ['-S'], transactions: 50, statements: 1 },
    { script: ['-N'], transactions: 10, statements: 5 },
  ])('pgbench $script', async ({ script, transactions, statements }) => {
    const args = ['-n', ...script, '-M', mode, '-c', String(clients), '-j', '2', '-t', String(transactions)]
    const { arrived, recorded } = await through((url) => run('pgbench', [...args, url]))
    const sent = clients * transactions * statements
    // Before it begins, pgbench asks for the size and the partitions of its tables.
    expect(byCaller(recorded)).toHaveLength(sent + 2)
    expect(arrived.statements).toHaveLength(recorded.length)
    expect(reconcile(arrived, recorded, await digestKeyOf(system.gateway.dataFolder))).toEqual(nothing)
  })
})

test('each execution of a prepared statement is on the record with its values, from 64 clients at once', async () => {
  const script = join(folder.path, 'values.sql')
  await writeFile(script, '\\set n random(1, 1000000000)\nSELECT :n + 1, :client_id::text;\n')
  const args = ['-n', '-f', script, '-M', 'prepared', '-c', String(clients), '-j', '2', '-t', '100']
  const { arrived, recorded } = await through((url) => run('pgbench', [...args, url]))
  const values = (all: readonly (readonly (string | null)[])[]) =>
    all
      .filter(({ length }) => length > 0)
      .map(String)
      .sort()
  const recordedValues = values(byCaller(recorded).map(({ parameters }) => parameters.map(({ value }) => value)))
  expect(recordedValues).toHaveLength(clients * 100)
  expect(recordedValues).toEqual(values(arrived.statements.map(({ parameters }) => parameters)))
})

test('a statement of 10 MiB, and a value of 10 MiB, are on the record to their last byte', async () => {
  const filler = 'word '.repeat(2 * 1024 * 1024)
  const [text, value] = [`select length('${filler}${randomUUID()}')`, `${filler}${randomUUID()}`]
  const { arrived, recorded } = await through(async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(text)
    await client.query('select length($1::text)', [value])
    await client.end()
  })
  const operations = byCaller(recorded)
  expect(operations.map((operation) => operation.text.length)).toEqual([text.length, 23])
  expect(operations[0]?.text === text).toBe(true)
  expect(operations[1]?.parameters[0]?.value === value).toBe(true)
  expect(reconcile(arrived, recorded, await digestKeyOf(system.gateway.dataFolder))).toEqual(nothing)
})
