import { execFile } from 'node:child_process'
import { rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import {
  type Connect,
  hoop,
  keepUntilEnd,
  requires,
  type System,
  signalStore,
  startConnect,
  startSystem,
  storeProcesses,
} from '../support/index.ts'
import { reconcile } from '../support/reconcile.ts'
import { digestKeyOf, flawsOf, operationsOf, type RecordedOperation, readEvents } from '../support/recorded.ts'
import { ServerLog } from '../support/server-log.ts'

const run = promisify(execFile)
const keep = keepUntilEnd(afterAll)
let system: System
let log: ServerLog

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 100, statementLog: true } }))
  // Logged in before anything is down.
  for (const user of ['ada', 'devin', 'otto']) await system.home(user)
  log = await ServerLog.open(system.sample)
  await keep(Promise.resolve({ stop: () => log.close() }))
})
beforeEach(() => log.arrivals())

async function open(user: string): Promise<Connect> {
  const connect = await startConnect('sample', { home: await system.home(user) })
  onTestFinished(async () => void (await connect.stop()))
  return connect
}

async function clientOf({ url }: Connect): Promise<pg.Client> {
  const client = new pg.Client(url)
  // A connection that the gateway ends is told by the statement that it was asked.
  client.on('error', () => undefined)
  await client.connect()
  onTestFinished(() => client.end().catch(() => undefined))
  return client
}

/** Whatever the server ran is on one of these records, and what it must not have run it did not. */
async function expectAllRecorded(sessions: readonly string[], not: string): Promise<void> {
  await log.quiet()
  const arrived = await log.arrivals()
  const operations: RecordedOperation[] = []
  for (const session of sessions) {
    const record = join(system.gateway.records, session)
    expect(await flawsOf(record, false)).toEqual([])
    operations.push(...operationsOf(session, await readEvents(record)))
  }
  expect(reconcile(arrived, operations, await digestKeyOf(system.gateway.dataFolder)).unrecorded).toEqual([])
  expect(arrived.statements.filter(({ text }) => text.includes(not))).toEqual([])
}

/** The session as an auditor sees it in the list. */
async function listed(session: string): Promise<unknown> {
  const { stdout } = await hoop(['sessions', 'ls', '--json'], { home: await system.home('otto') })
  return (JSON.parse(stdout) as { id: string }[]).find(({ id }) => id === session)
}

const unrecordable = /^The record of session ses_\w+ cannot be written: E(FBIG|NOSPC)/

test('a session whose record cannot grow ends with that reason and runs nothing more, others go on', async (context) => {
  requires(context, 'prlimit')
  const [full, other] = [await open('ada'), await open('devin')]
  const [client, second, elsewhere] = [await clientOf(full), await clientOf(full), await clientOf(other)]
  await client.query(`select length('${'x'.repeat(200_000)}')`)
  const { size } = await stat(join(system.gateway.records, full.session, '000000', 'events.ndjson'))
  await limitFiles(String(size + 3000))
  onTestFinished(() => limitFiles('unlimited'))
  const waiting = second.query('select pg_sleep(30)').catch((error: unknown) => error)
  await expect(client.query(`select 'not to be run', '${'x'.repeat(10_000)}'`)).rejects.toMatchObject({
    severity: 'FATAL',
    message: expect.stringMatching(unrecordable),
    hint: expect.stringContaining('may have run'),
  })
  expect(await waiting).toMatchObject({ severity: 'FATAL', message: expect.stringMatching(unrecordable) })
  expect((await elsewhere.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  const ended = { state: 'closed', words: expect.stringMatching(unrecordable) }
  await expect.poll(() => listed(full.session)).toMatchObject(ended)
  const { code, signal } = await full.program.finish(30_000)
  expect({ code, signal }).toEqual({ code: 127, signal: null })
  expect(full.program.output('stdout')).toMatch(/"event":"ended".*cannot be written/)
  expect((await elsewhere.query('select 2 as two')).rows).toEqual([{ two: 2 }])
  await Promise.all([client, second, elsewhere].map((each) => each.end().catch(() => undefined)))
  await expectAllRecorded([full.session, other.session], 'not to be run')
})

/** Of each file that the gateway writes from now on; its store has its own limit. */
async function limitFiles(bytes: string): Promise<void> {
  await run('prlimit', ['--pid', String(system.gateway.pid), `--fsize=${bytes}:`])
}

test.runIf(process.platform === 'linux' && process.getuid?.() === 0)('a full disk stops what would not be recorded', async () => {
  const { records } = system.gateway
  await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', records])
  // Lazily: what still has a file open there must not keep it mounted for others.
  onTestFinished(async () => void (await run('umount', ['-l', records])))
  const connect = await open('ada')
  const client = await clientOf(connect)
  await client.query('select 1')
  const { bavail, bsize } = await statfs(records)
  await writeFile(join(records, 'ballast'), Buffer.alloc(bavail * bsize - 8 * bsize))
  const error: unknown = await (async () => {
    for (let n = 0; n < 1000; n++) await client.query(`select ${n}, '${'x'.repeat(2000)}'`)
  })().catch((reason: unknown) => reason)
  expect(error).toMatchObject({ severity: 'FATAL', message: expect.stringMatching(unrecordable) })
  const ended = { state: 'closed', words: expect.stringMatching(unrecordable) }
  await expect.poll(() => listed(connect.session)).toMatchObject(ended)
  // Not even a session is opened.
  await expect(startConnect('sample', { home: await system.home('devin') })).rejects.toThrow(/cannot be written: ENOSPC/)
  await expectAllRecorded([connect.session], 'not to be run')
  await rm(join(records, 'ballast'))
  const later = await open('devin')
  expect((await (await clientOf(later)).query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await later.stop()
})

/** Nobody knows then whether the caller's access has ended: nothing is admitted, and nobody is cut off. */
const cannotTell = {
  severity: 'ERROR',
  code: '58000',
  message: 'the gateway cannot tell at the moment which rules are in force',
}
const cannotAsk = {
  severity: 'ERROR',
  code: '58000',
  message: 'the statement needs an approval, and the gateway cannot ask for one now',
}

test.runIf(process.platform === 'linux')('a store that hangs: what needs an approval is refused, the rest goes on', async () => {
  const connect = await open('ada')
  const [client, another] = [await clientOf(connect), await clientOf(connect)]
  await signalStore(system.gateway, 'SIGSTOP')
  onTestFinished(() => signalStore(system.gateway, 'SIGCONT').catch(() => undefined))
  const needing = client.query('delete from orders where id = 5').catch((error: unknown) => error)
  const opening = startConnect('sample', { home: await system.home('devin') }).catch((error: unknown) => error)
  for (let n = 0; n < 20; n++) expect((await another.query('select $1::int as n', [n])).rows).toEqual([{ n }])
  expect(await needing).toMatchObject(cannotAsk)
  expect(await opening).toMatchObject({ message: expect.stringMatching(/does not answer|cannot tell/) })
  await expect(another.query("select 'not known'")).rejects.toMatchObject(cannotTell)
  await signalStore(system.gateway, 'SIGCONT')
  // On the same connections all is as before once the store is back.
  await expect.poll(() => another.query('select 1 as one').catch(() => null)).toMatchObject({ rowCount: 1 })
  const held = client.query('delete from orders where id = 5').catch((error: unknown) => error)
  await connect.program.find('stdout', (line) => (/"event":"held"/.test(line) ? true : undefined))
  await client.end()
  expect(await held).toBeInstanceOf(Error)
  await another.end()
  await connect.stop()
  await expectAllRecorded([connect.session], 'delete from orders')
})

test('a store that is gone: what needs an approval is refused, the rest goes on, nobody gets in', async () => {
  const connect = await open('ada')
  const client = await clientOf(connect)
  const [first] = await storeProcesses(system.gateway)
  if (first === undefined) throw new Error('there is no store')
  const held = (await clientOf(connect)).query('delete from orders where id = 6').catch((error: unknown) => error)
  await connect.program.find('stdout', (line) => (/"event":"held"/.test(line) ? true : undefined))
  process.kill(first, 'SIGQUIT')
  for (let n = 0; n < 20; n++) expect((await client.query('select $1::int as n', [n])).rows).toEqual([{ n }])
  await expect(client.query('delete from orders where id = 5')).rejects.toMatchObject(cannotAsk)
  const plain = () => client.query('select 1').catch((error: unknown) => error)
  await expect.poll(plain).toMatchObject(cannotTell)
  expect(await plain()).toMatchObject(cannotTell)
  await expect(startConnect('sample', { home: await system.home('devin') })).rejects.toThrow(/does not answer|cannot tell/)
  await client.end()
  await connect.stop()
  // It was never answered with a yes.
  expect(await held).toBeInstanceOf(Error)
  await expectAllRecorded([connect.session], 'delete from orders')
  // It still stops, waiting for nothing that will not come.
  expect(await system.gateway.stop()).toEqual({ code: 0, signal: null })
})
