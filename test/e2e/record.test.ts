import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { demoDocuments, samplePasswordVariable, searchForCards } from '@hoop/demo'
import { dataOf, readData } from '@hoop/recording'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { cardNumber, notesTable, works } from '../chaos/works.ts'
import { type Connect, hoop, keepUntilEnd, type Sample, type System, startConnect, startSystem } from '../support/index.ts'
import { reconcile } from '../support/reconcile.ts'
import { digestKeyOf, flawsOf, operationsOf, type RecordedOperation, readEvents } from '../support/recorded.ts'
import { ServerLog } from '../support/server-log.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let log: ServerLog
let key: KeyObject

/** The demo's documents, the same database under other rules of recording, and a rule whose question nobody answers. */
function documents(sample: Sample): string {
  const connection = (name: string, record: object) => ({
    kind: 'Connection',
    name,
    protocol: 'postgres',
    labels: { env: 'demo' },
    address: `${sample.host}:${sample.port}`,
    databases: [sample.database],
    login: { user: sample.user, password: { env: samplePasswordVariable } },
    tls: { mode: 'verify-full', ca: sample.ca },
    record,
  })
  const more = [
    connection('digests', { results: 'digest' }),
    connection('nothing', { results: 'none' }),
    connection('synced', { durability: 'synced' }),
    { kind: 'Access', name: 'others', groups: ['engineering'], connections: { names: ['digests', 'nothing', 'synced'] } },
    {
      kind: 'Policy',
      name: 'notes-are-slow',
      when: "operation.verbs.exists(v, v == 'UPDATE') && operation.objects.exists(o, o.name == 'public.slow_notes')",
      // biome-ignore lint/suspicious/noThenProperty: the document's own word, and never awaited
      then: 'approve',
      approvers: { groups: ['dba'], timeout: '1s' },
      message: 'Nobody will answer.',
    },
  ]
  return [demoDocuments(sample), ...more.map((document) => JSON.stringify(document))].join('\n---\n')
}

beforeAll(async () => {
  // The tables are there before the gateway reads the catalogue.
  system = await keep(startSystem({ sample: { customers: 100, statementLog: true }, documents }))
  const { sample } = system
  const owner = new pg.Client({ ...sample, ssl: { ca: sample.ca } })
  await owner.connect()
  await owner.query(`${notesTable}; create table slow_notes (body text); insert into slow_notes values ('first')`)
  await owner.end()
  log = await ServerLog.open(sample)
  await keep(Promise.resolve({ stop: () => log.close() }))
  key = await digestKeyOf(system.gateway.dataFolder)
})

// Whatever a test before left there is not this one's.
beforeEach(() => log.arrivals())

interface Visit {
  readonly connect: Connect
  client(): Promise<pg.Client>
}

/** Opens a session for one user, lets `visit` use it, ends it, and answers with its record. */
async function record(visit: (open: Visit) => Promise<void>, { user = 'ada', connection = 'sample', reason = 'a test' } = {}) {
  const connect = await startConnect(connection, { home: await system.home(user), args: ['--reason', reason] })
  const clients: pg.Client[] = []
  const client = async () => {
    const made = new pg.Client(connect.url)
    await made.connect()
    clients.push(made)
    return made
  }
  try {
    await visit({ connect, client })
  } finally {
    await Promise.all(clients.map((each) => each.end()))
    await connect.stop()
  }
  const folder = join(system.gateway.records, connect.session)
  expect(await flawsOf(folder, true)).toEqual([])
  const events = await readEvents(folder)
  const operations = operationsOf(connect.session, events)
  return { folder, events, operations, asked: operations.filter(({ operation }) => operation.by === 'caller') }
}

async function expectBothSame(operations: readonly RecordedOperation[]): Promise<void> {
  await log.quiet()
  const arrived = await log.arrivals()
  expect(arrived.statements.length).toBeGreaterThan(0)
  const refusals = operations.filter(({ operation }) => operation.verdict === 'refuse').map(({ operation }) => operation.id)
  expect(arrived.refused.toSorted()).toEqual(refusals.toSorted())
  expect(reconcile(arrived, operations, key)).toEqual({
    unrecorded: [],
    neverArrived: [],
    unrecordedRefusals: [],
    untrue: [],
  })
}

test('the record of a mixed workload and the log of the server say the same', async () => {
  const { asked, operations } = await record(async ({ client }) => {
    const clients = [await client(), await client()]
    for (const [who, each] of clients.entries()) for (const work of works) await work.run(each, `mark_${who}_${work.name}_`)
    await expect(clients[0]?.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' })
  })
  await expectBothSame(operations)
  expect(asked.every(({ operation, outcome }) => (operation.verdict === 'permit') === (outcome !== null))).toBe(true)
  expect(asked.find(({ operation }) => operation.text === 'select 1 / 0')?.outcome).toMatchObject({
    kind: 'error',
    error: { code: '22012' },
  })
  expect((await searchForCards(system.gateway.records, new Set([cardNumber]))).cards).toEqual([])
})

test('each execution of a prepared statement is on the record with its own values', async () => {
  const values = Array.from({ length: 50 }, (_, n) => [String(n), n % 7 === 0 ? null : `it's ${n}`])
  const text = 'select full_name, $2::text from customers where id = $1'
  const { asked, operations } = await record(async ({ client }) => {
    const one = await client()
    for (const each of values) await one.query({ name: 'again', text, values: each })
  })
  await expectBothSame(operations)
  expect(asked.map(({ operation }) => operation.text)).toEqual(values.map(() => text))
  expect(asked.map(({ operation }) => operation.parameters.map(({ value }) => value))).toEqual(values)
})

test('a burst of short statements on 64 connections is on the record to the last one', async () => {
  const sent: string[] = []
  const { asked, operations } = await record(async ({ client }) => {
    const clients = await Promise.all(Array.from({ length: 64 }, client))
    await Promise.all(
      clients.map(async (each, who) => {
        for (let n = 0; n < 40; n++) {
          // Half of them differ in what they compare a column with: the gateway reads one for many.
          const text =
            n % 2 === 0
              ? `select ${who}, ${n}`
              : `select 'of ${who % 3}' from customers where id = ${n} and ${who + 1} <> id * -1`
          sent.push(text)
          await each.query(text)
        }
      }),
    )
  })
  expect(asked.map(({ operation }) => operation.text).toSorted()).toEqual(sent.toSorted())
  expect(asked.every(({ outcome }) => outcome?.kind === 'done' && outcome.rows === 1)).toBe(true)
  await expectBothSame(operations)
})

test('a statement of 10 MiB is whole in the record', async () => {
  const text = `select length('${'0123456789abcdef'.repeat(640 * 1024)}')`
  const { asked, operations } = await record(async ({ client }) => {
    expect((await (await client()).query(text)).rows).toEqual([{ length: 10 * 1024 * 1024 }])
  })
  // Compared as a truth, for a difference of 10 MiB helps nobody.
  expect(asked.map(({ operation }) => operation.text === text)).toEqual([true])
  await expectBothSame(operations)
})

test('what was refused or held is on the record with rule, decision, by whom and why', async () => {
  const grace = await system.home('grace')
  const held = ({ connect }: Visit) =>
    connect.program.find('stdout', (line) => {
      const { event, approval } = JSON.parse(line) as { event: string; approval?: string }
      return event !== 'held' || approval === undefined || decided.has(approval) ? undefined : approval
    })
  const decided = new Set<string>()
  const decide = async (visit: Visit, verdict: 'approve' | 'deny', reason: string) => {
    const id = await held(visit)
    decided.add(id)
    expect((await hoop(['approvals', verdict, id, '--reason', reason], { home: grace })).code).toBe(0)
  }
  const { asked, operations } = await record(
    async (visit) => {
      const client = await visit.client()
      await expect(client.query('drop table notes')).rejects.toMatchObject({ code: '42501' })
      const [deletion] = await Promise.all([
        client.query('delete from orders where id = $1', ['3']),
        decide(visit, 'approve', 'request 118 is genuine'),
      ])
      expect(deletion.rowCount).toBe(1)
      await Promise.all([
        expect(client.query('delete from orders where id = 4')).rejects.toThrow('ask the shop first'),
        decide(visit, 'deny', 'ask the shop first'),
      ])
      await expect(client.query("update slow_notes set body = 'second' where body = 'first'")).rejects.toMatchObject({
        code: '42501',
      })
    },
    { user: 'devin', reason: 'erasure' },
  )
  const permitted = operations.filter(
    ({ operation, decided: end }) => operation.verdict === 'permit' || end?.decision === 'approved',
  )
  await log.quiet()
  const arrived = await log.arrivals()
  const { unrecorded, neverArrived } = reconcile(arrived, permitted, key)
  expect({ unrecorded, neverArrived }).toEqual({ unrecorded: [], neverArrived: [] })
  const by = expect.objectContaining({ name: expect.stringContaining('Grace') })
  expect(asked).toMatchObject([
    {
      operation: {
        text: 'drop table notes',
        verdict: 'refuse',
        refusal: { code: 'policy_denied', rule: 'Policy/nothing-is-dropped' },
        reasons: [{ rule: 'Policy/nothing-is-dropped', matched: true }],
      },
      outcome: null,
    },
    {
      operation: { verdict: 'hold', parameters: [{ value: '3' }] },
      held: { rule: 'Policy/deletes-need-a-dba', approvers: ['dba'] },
      decided: { decision: 'approved', by, reason: 'request 118 is genuine' },
      outcome: { kind: 'done', tag: 'DELETE 1' },
    },
    { operation: { verdict: 'hold' }, decided: { decision: 'denied', by, reason: 'ask the shop first' }, outcome: null },
    { operation: { verdict: 'hold' }, held: { timeout: 1 }, decided: { decision: 'timed-out', by: null }, outcome: null },
  ])
})

const cardsQuery =
  'select k.card_number, c.full_name from cards k join customers c on c.id = k.customer_id order by k.id limit 20'

test('a result is on the record as its caller received it, masked', async () => {
  let received: unknown[] = []
  const { folder, events, asked } = await record(async ({ client }) => {
    received = (await (await client()).query({ text: cardsQuery, rowMode: 'array' })).rows
  })
  expect(received).toHaveLength(20)
  const pieces: Buffer[] = []
  for (const data of events.map(dataOf)) if (data !== null) pieces.push(await readData(folder, data))
  expect(rowsIn(Buffer.concat(pieces))).toEqual(received)
  expect(received).toEqual(Array.from({ length: 20 }, () => [expect.stringMatching(/^\*+\d{4}$/), expect.stringMatching(/\w/)]))
  expect(asked[0]?.outcome).toMatchObject({ rows: 20, masked: { 'Mask/cardholder-data': 20 } })
})

/** The values of the DataRow messages among a backend's messages. https://www.postgresql.org/docs/current/protocol-message-formats.html */
function rowsIn(bytes: Buffer): string[][] {
  const rows: string[][] = []
  for (let start = 0; start < bytes.length; start += 1 + bytes.readInt32BE(start + 1)) {
    if (bytes.toString('latin1', start, start + 1) !== 'D') continue
    const row: string[] = []
    let at = start + 7
    for (let column = bytes.readInt16BE(start + 5); column > 0; column--) {
      const length = bytes.readInt32BE(at)
      row.push(bytes.toString('utf8', at + 4, at + 4 + length))
      at += 4 + length
    }
    rows.push(row)
  }
  return rows
}

test('a connection may keep digests of results, or nothing of them, and still all operations', async () => {
  const query = async ({ client }: Visit) => void (await (await client()).query(cardsQuery))
  const digests = await record(query, { connection: 'digests' })
  const ranges = digests.events.map(dataOf).filter((data) => data !== null)
  expect(ranges).toMatchObject([{ offset: -1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }])
  expect(ranges[0]?.length).toBeGreaterThan(20 * 16)
  const nothing = await record(query, { connection: 'nothing' })
  expect(nothing.events.filter((event) => dataOf(event) !== null)).toEqual([])
  for (const { asked } of [digests, nothing]) {
    expect(asked).toMatchObject([{ operation: { text: cardsQuery, digest: null }, outcome: { rows: 20 } }])
  }
  await expectBothSame([...digests.operations, ...nothing.operations])
})

test('a synced record is as whole, many connections waiting for the same disk', async () => {
  const { events, asked, operations } = await record(
    async ({ client }) => {
      const clients = await Promise.all(Array.from({ length: 8 }, client))
      await Promise.all(
        clients.map(async (each, who) => {
          for (const work of works) await work.run(each, `mark_synced_${who}_${work.name}_`)
        }),
      )
    },
    { connection: 'synced' },
  )
  expect(events).toContainEqual(expect.objectContaining({ type: 'session.opened', durability: 'synced' }))
  expect(asked.every(({ operation, outcome }) => (operation.verdict === 'permit') === (outcome?.kind === 'done'))).toBe(true)
  await expectBothSame(operations)
})

test('a session is read by show and tail, and who reads is on the record', async () => {
  const otto = await system.home('otto')
  const { events } = await record(async ({ connect, client }) => {
    const one = await client()
    await one.query('select 42 as answer')
    await expect(one.query('drop table notes')).rejects.toMatchObject({ code: '42501' })
    const shown = await hoop(['sessions', 'show', connect.session], { home: otto })
    expect(shown.stdout).toMatch(/select 42 as answer/)
    expect(shown.stdout).toMatch(/refused.*drop table notes.*Policy\/nothing-is-dropped/)
    const tailed = hoop(['sessions', 'tail', connect.session], { home: otto })
    await expect.poll(async () => (await readers(connect.session)).length).toBe(3)
    await one.query('select 43 as later')
    await one.end()
    await connect.stop()
    const { code, stdout } = await tailed
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /done\s+select 42 as answer.*\nrefused\s+drop table notes\n.*\n(.*\n)*?done\s+select 43 as later.*\n(.*\n)*ended/,
    )
  })
  const reads = events.filter((event) => event.type === 'read').map(({ by, what }) => [by.name, what])
  expect(reads).toEqual([
    [expect.stringContaining('Ada'), 'events after -1, following'],
    [expect.stringContaining('Otto'), 'events after -1'],
    [expect.stringContaining('Otto'), 'events after -1, following'],
  ])
})

async function readers(session: string): Promise<unknown[]> {
  return (await readEvents(join(system.gateway.records, session))).filter(({ type }) => type === 'read')
}
