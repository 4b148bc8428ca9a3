import { Approval, exitCodes, RecordedEvent } from '@hoop/contracts'
import { demoDocuments, demoUsers, startHoop } from '@hoop/demo'
import type { Tunnel } from '@hoop/tunnel'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hoop, keepUntilEnd, loginAs, requires, type System, startSystem } from '../support/index.ts'
import { readPages } from './pages.ts'
import { clientOn, RawCaller } from './security-caller.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let callers: Record<'ada' | 'devin' | 'grace' | 'hedy', RawCaller>

const more = `
---
kind: Connection
name: ledger
protocol: postgres
labels: { env: ledger }
address: ADDRESS
databases: [shop]
login: { user: shop_app, password: { env: HOOP_DEMO_SAMPLE_PASSWORD } }
tls: TLS
---
kind: Access
name: ledger-on-request
groups: [coding-agents]
connections: { names: [ledger] }
request: { approvers: [dba], max: 1h }
---
kind: Policy
name: updates-need-two
when: operation.verbs.exists(v, v == 'UPDATE')
then: approve
approvers: { groups: [dba], count: 2 }
reveal: true
message: Two DBAs must agree.
---
kind: Policy
name: functions-are-looked-at
when: operation.text.contains('of_tests()') || "unknown" in operation.effects || operation.verbs.exists(v, v == 'INSERT')
then: approve
approvers: { groups: [dba] }
---
kind: Policy
name: no-whole-tables
identities: { kinds: [ai-agent] }
when: operation.text.contains('SELECT * FROM cards')
then: deny
message: Name the columns that you need, without card_number.
---
kind: Role
name: on-call
groups: [engineering]
may: [break-glass]
connections: { names: [sample] }
`

const triggerFunction = (answer: string) =>
  `CREATE OR REPLACE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN ${answer}; END'`
/** Its body is longer than what is read of one. */
const largeFunction = (n: number) =>
  `CREATE OR REPLACE FUNCTION large_of_tests() RETURNS int LANGUAGE sql AS 'SELECT ${n} /* ${'-'.repeat(70_000)} */'`
const trigger = (n: number) =>
  `CREATE OR REPLACE TRIGGER watch BEFORE INSERT ON watched_of_tests FOR EACH ROW WHEN (NEW.n > ${n}) EXECUTE FUNCTION watch()`

beforeAll(async () => {
  const hedy = { name: 'hedy', password: 'demo', fullName: 'Hedy Moreau', groups: ['dba'], about: 'another DBA' }
  const documents = (sample: System['sample']) => {
    const demo = demoDocuments(sample)
    const [, address = '', tls = ''] = /address: (.*)\n[\s\S]*?\ntls:\n([\s\S]*?)\n---/.exec(demo) ?? []
    return demo + more.replace('ADDRESS', address).replace('tls: TLS', `tls:\n${tls}`)
  }
  const users = [...demoUsers.map((user) => ({ ...user })), hedy]
  const sample = { customers: 20 }
  system = await keep(startSystem({ sample, users, documents, env: { HOOP_TICKET_SECONDS: '2' } }))
  await asSuperuser(`CREATE TABLE notes_of_tests (note text); CREATE TABLE of_tests (n int);
    CREATE FUNCTION of_tests() RETURNS int LANGUAGE sql AS 'SELECT 1';
    ${largeFunction(1)};
    CREATE TABLE watched_of_tests (n int); ${triggerFunction('NEW')}; ${trigger(1)};
    GRANT ALL ON notes_of_tests, of_tests, watched_of_tests TO PUBLIC`)
  const at = system.gateway.url
  const other = await keep(loginAs('hedy', { gateway: at, users }))
  const [ada, devin, grace, hedyCaller] = await Promise.all([
    ...(['ada', 'devin', 'grace'] as const).map((name) => RawCaller.from(system, name)),
    RawCaller.at(at, other.home),
  ])
  callers = { ada, devin, grace, hedy: hedyCaller } as typeof callers
})

/** Past the gateway. */
async function asSuperuser(statements: string): Promise<void> {
  const superuser = new pg.Client(system.sample.server.url('shop'))
  await superuser.connect()
  await superuser.query(statements)
  await superuser.end()
}

const tunnels: Tunnel[] = []
afterAll(() => {
  for (const tunnel of tunnels) tunnel.close('done')
})

async function visit(who: keyof typeof callers): Promise<{ client: pg.Client; session: string }> {
  const tunnel = await callers[who].tunnel()
  tunnels.push(tunnel)
  const session = await callers[who].session(tunnel.id)
  return { client: await clientOn(tunnel, session), session }
}

interface Said {
  readonly code: string
  readonly message: string
  readonly detail: string
  readonly hint: string
}

/** Runs a statement; the id by which it is held, if it is, and what came of it. */
function run(client: pg.Client, text: string, values: unknown[] = []) {
  const { promise: id, resolve } = Promise.withResolvers<string>()
  client.once('notice', ({ message }) => resolve(/ap_[\w-]+/.exec(message ?? '')?.[0] ?? ''))
  const result: Promise<Said> = client.query(text, values).then(
    ({ rowCount }) => ({ code: 'ran', message: `${rowCount}`, detail: '', hint: '' }),
    ({ code, message, detail, hint }: Said) => ({ code, message, detail, hint }),
  )
  // What is not held has no id.
  result.then(() => resolve(''))
  return { id, result }
}

const decide = (who: keyof typeof callers, id: string, how: string, body: object = { reason: 'because' }) =>
  callers[who].ask('POST', `/v1/approvals/${id}/${how}`, body)

async function recordOf(who: keyof typeof callers, session: string): Promise<RecordedEvent[]> {
  const { text } = await callers[who].ask('GET', `/v1/sessions/${session}/events`)
  return text
    .trim()
    .split('\n')
    .map((line) => RecordedEvent.parse(JSON.parse(line)))
}

test('an approved ticket passes once, for the same text and parameters of the same identity', async () => {
  const { client, session } = await visit('devin')
  const text = 'DELETE FROM orders WHERE id = $1'
  const first = run(client, text, [71])
  const id = await first.id
  const [told, again] = [await first.result, await run(client, text, [71]).result]
  expect(told).toMatchObject({
    code: 'WH001',
    message: expect.stringContaining(id),
    hint: expect.stringContaining(`hoop approvals wait ${id}`),
  })
  const shown = `ERROR:  ${told.message}\nDETAIL:  ${told.detail}\nHINT:  ${told.hint}`
    .replaceAll(id, 'ap_05408432-…')
    .replaceAll(/\b(ses|op)_\w+/g, '$1_…')
  const [, documented] = readPages()
    .find(({ path }) => path === 'docs/approvals.md')!
    .blocks.filter(({ language }) => language === 'text')
  expect(shown).toBe(documented?.text)
  // Nobody is asked a second time.
  expect({ ...again, detail: '' }).toEqual({ ...told, detail: '' })
  expect((await decide('grace', id, 'approve')).status).toBe(200)
  // Others are not let pass by it, nor is the same where row security may see another tenant.
  const other = await visit('devin')
  await other.client.query("SET app.tenant = 'b'")
  const unlike = await Promise.all([run(client, text, [72]).result, run(other.client, text, [71]).result])
  for (const { code, message } of unlike) expect([code, message.includes(id)]).toEqual(['WH001', false])
  expect((await run(client, text, [71]).result).code).toBe('ran')
  expect((await run(client, text, [71]).result).message).not.toContain(id)
  const decided = (await recordOf('devin', session)).filter((event) => event.type === 'decided')
  expect(decided).toMatchObject([{ approval: id, decision: 'approved', by: { name: 'Grace Lindqvist' }, through: 'ticket' }])
})

test('exec waits for the answer to a ticket with --wait, and sends the same again', async () => {
  const home = await system.home('devin')
  const send = (id: number, wait: string) =>
    startHoop(['exec', 'sample', '--wait', wait, '-c', `DELETE FROM orders WHERE id = ${id}`], { home })
  const [approved, denied, late] = await Promise.all([send(74, '60s'), send(75, '60s'), send(76, '3s')])
  const ticketOf = (program: typeof approved) =>
    program.find('stderr', (line) => /^hoop: waiting for (ap_[\w-]+):/.exec(line)?.[1])
  const tickets = await Promise.all([approved, denied].map(ticketOf))
  await decide('grace', tickets[0]!, 'approve')
  await decide('grace', tickets[1]!, 'deny', { reason: 'not this one' })
  const [yes, no, nobody] = await Promise.all([approved, denied, late].map((program) => program.finish()))
  expect([yes!.code, no!.code, nobody!.code]).toEqual([exitCodes.ok, exitCodes.approvalDenied, exitCodes.held])
  expect(yes!.stdout).toMatch(/DELETE/)
  expect(no!.stderr).toContain('Grace Lindqvist denied this statement: not this one')
  expect(nobody!.stderr).toMatch(/held for approval ap_[\s\S]*\(WH001\)/)
})

test('a ticket sent many times at once runs once', async () => {
  const each = await Promise.all(Array.from({ length: 4 }, () => visit('devin')))
  const text = 'DELETE FROM orders WHERE id = 73'
  const first = run(each[0]!.client, text)
  const id = await first.id
  await first.result
  await decide('grace', id, 'approve')
  const results = await Promise.all(each.map(({ client }) => run(client, text).result))
  expect(results.filter(({ code }) => code === 'ran')).toHaveLength(1)
})

test('a batch passes so many like it, and no others; revoked, none', async () => {
  const { client, session } = await visit('devin')
  const insert = (note: string) => run(client, `INSERT INTO notes_of_tests VALUES ('${note}')`).result
  const first = run(client, "INSERT INTO notes_of_tests VALUES ('1')")
  const id = await first.id
  expect((await decide('grace', id, 'approve', { reason: null, for: '10m', uses: 3 })).status).toBe(200)
  expect((await first.result).code).toBe('ran')
  expect([(await insert('2')).code, (await insert('3')).code, (await insert('4')).code]).toEqual(['ran', 'ran', 'WH001'])
  const through = (await recordOf('devin', session)).flatMap((event) => (event.type === 'decided' ? [event.through] : []))
  expect(through).toEqual([undefined, 'batch', 'batch'])

  const second = run(client, "INSERT INTO notes_of_tests VALUES ('5')")
  const batch = await second.id
  await decide('grace', batch, 'approve', { reason: null, uses: 100 })
  await second.result
  const listed = await hoop(['approvals', 'ls'], { home: await system.home('devin') })
  expect(listed.stdout).toMatch(new RegExp(`${batch}\toperation\tapproved, 1 of 100 used, (59|1 h).*left\t`))
  const revoked = await hoop(['approvals', 'revoke', batch, '--reason', 'enough'], { home: await system.home('root-admin') })
  expect(revoked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^void/) })
  expect((await insert('6')).code).toBe('WH001')
})

test('two must agree where the rule says so, and one who says no is enough', async () => {
  const { client, session } = await visit('ada')
  const update = "UPDATE customers SET email = 'new@shop.example' WHERE id = 3"
  const held = run(client, update)
  const id = await held.id
  expect((await decide('grace', id, 'approve')).body).toMatchObject({
    state: 'held',
    votes: [{ by: { name: 'Grace Lindqvist' } }],
  })
  expect((await decide('grace', id, 'approve')).status).toBe(409)
  expect((await decide('hedy', id, 'approve', { reason: null, uses: 5 })).status).toBe(400)
  // The original is there for those who may decide, and that they looked is on the record.
  expect((await decide('hedy', id, 'reveal', undefined)).body).toMatchObject({ text: update })
  expect((await decide('ada', id, 'reveal', undefined)).status).toBe(403)
  expect((await decide('hedy', id, 'approve')).body).toMatchObject({ state: 'approved' })
  expect((await held.result).code).toBe('ran')
  const record = await recordOf('ada', session)
  expect(record.find(({ type }) => type === 'operation')).not.toMatchObject({ text: expect.stringContaining('new@shop') })
  expect(record).toContainEqual(expect.objectContaining({ type: 'read', what: `the original of ${id}` }))
  expect(record).toContainEqual(
    expect.objectContaining({
      type: 'decided',
      by: expect.objectContaining({ name: 'Hedy Moreau' }),
      also: [expect.objectContaining({ name: 'Grace Lindqvist' })],
    }),
  )
  const refused = run(client, update)
  const second = await refused.id
  await decide('grace', second, 'approve')
  await decide('hedy', second, 'deny', { reason: 'not now' })
  expect(await refused.result).toMatchObject({ code: '42501', message: 'Hedy Moreau denied this statement: not now' })
})

test.each([
  ['a table that is altered', 'DELETE FROM of_tests WHERE n = 1', 'ALTER TABLE of_tests ADD COLUMN more int'],
  [
    'a function that is redefined',
    'SELECT of_tests()',
    "CREATE OR REPLACE FUNCTION of_tests() RETURNS int LANGUAGE sql AS 'SELECT 2'",
  ],
  ['a function that nobody here reads', 'SELECT large_of_tests()', largeFunction(2)],
  ['a trigger that is changed', 'INSERT INTO watched_of_tests VALUES (1)', trigger(0)],
  ['the function of a trigger that is redefined', 'INSERT INTO watched_of_tests VALUES (1)', triggerFunction('NULL')],
])('%s by another session while it is held voids the approval', async (_, statement, change) => {
  const { client } = await visit('ada')
  const held = run(client, statement)
  const id = await held.id
  await asSuperuser(change)
  expect((await decide('grace', id, 'approve')).status).toBe(200)
  expect(await held.result).toMatchObject({ code: '42501', message: expect.stringContaining('was redefined while it was held') })
  const { body } = await callers.ada.ask('GET', '/v1/approvals?state=all')
  const { approvals } = body as { approvals: Approval[] }
  expect(approvals.find((approval) => approval.id === id)?.state).toBe('void')
  // With nothing changed meanwhile it runs.
  const again = run(client, statement)
  await decide('grace', await again.id, 'approve')
  expect((await again.result).code).toBe('ran')
})

test('who may break the glass passes a rule with a reason, and nobody else', async () => {
  const { client, session } = await visit('ada')
  await client.query('BEGIN')
  await client.query('SELECT 7 AS before_it FROM orders LIMIT 1')
  await client.query("SET LOCAL app.tenant = 'b'")
  const held = run(client, 'DELETE FROM orders WHERE id = 74')
  const id = await held.id
  const shown = async () => {
    const { body } = await callers.grace.ask('GET', '/v1/approvals')
    return Approval.array()
      .parse((body as { approvals: unknown }).approvals)
      .find((approval) => approval.id === id)
  }
  await expect.poll(async () => (await shown())?.locks).toEqual(['AccessShareLock on public.orders'])
  expect(await shown()).toMatchObject({
    ...{ inTransaction: true, database: 'shop', role: 'shop_app', settings: [{ name: 'app.tenant', value: 'b' }] },
    before: ['BEGIN', 'SELECT 7 AS before_it FROM orders LIMIT 1', "SET LOCAL app.tenant = 'b'"],
  })
  const { stdout } = await hoop(['approvals', 'show', id], { home: await system.home('grace') })
  expect(stdout).toMatch(/through +sample, database shop, role shop_app\nset +app\.tenant = b\n/)
  expect(stdout).toMatch(/stays locked while it waits\.\n {2}AccessShareLock on public\.orders\n/)
  expect((await decide('grace', id, 'break-glass')).status).toBe(403)
  const broke = await hoop(['approvals', 'break-glass', id, '--reason', 'the shop is down'], { home: await system.home('ada') })
  expect(broke.code).toBe(0)
  expect((await held.result).code).toBe('ran')
  await client.query('ROLLBACK')
  expect(await recordOf('ada', session)).toContainEqual(
    expect.objectContaining({ type: 'decided', approval: id, through: 'break-glass', reason: 'the shop is down' }),
  )
  const devin = await visit('devin')
  const other = run(devin.client, 'DELETE FROM orders WHERE id = 75')
  expect((await decide('devin', await other.id, 'break-glass')).status).toBe(403)
})

/** What a coding agent reads: the words of the error, and nothing else. */
async function psql(connection: string, statement: string): Promise<string> {
  const args = ['exec', connection, '--', 'psql', '--no-psqlrc', '--set=VERBOSITY=verbose', '-tAc', statement]
  const { code, stdout, stderr } = await hoop(args, { home: await system.home('devin') })
  return code === 0 ? `answer: ${stdout}` : stderr
}

test('the words of the errors alone lead an AI agent on', { timeout: 120_000 }, async (context) => {
  requires(context, 'psql')
  const grace = await system.home('grace')
  // Denied: the rule's own words say what would be right.
  const denied = await psql('sample', 'SELECT * FROM cards')
  const [, unwanted] = /ERROR: +42501: Name the columns that you need, without (\w+)\./.exec(denied) ?? []
  expect(unwanted).toBe('card_number')
  expect(await psql('sample', 'SELECT count(id) FROM cards')).toMatch(/^answer: \d+/)

  // Held: the ticket, the wait, the same again.
  const remove = 'DELETE FROM orders WHERE id = 76'
  const held = await psql('sample', remove)
  const [, command = ''] =
    /ERROR: +WH001: [\s\S]*HINT: +hoop (approvals wait \S+); once it is approved, send exactly the same again/.exec(held) ?? []
  const waiting = await startHoop(command.split(' '), { home: await system.home('devin') })
  await hoop(['approvals', 'approve', command.split(' ').at(-1) ?? ''], { home: grace })
  expect((await waiting.finish()).code).toBe(0)
  expect(await psql('sample', remove)).toMatch(/^answer: DELETE/)

  // No access: what to type stands in the words.
  const stranger = await psql('ledger', 'SELECT 1')
  const [, request = ''] = /hoop (access request \w+ --reason … --for \w+)/.exec(stranger) ?? []
  const args = request.split(' ').map((word) => (word === '…' ? 'ticket 12' : word))
  const asked = await startHoop([...args, '--wait', '--json'], { home: await system.home('devin') })
  const find = async () => {
    const { stdout } = await hoop(['approvals', 'ls', '--json'], { home: grace })
    return (JSON.parse(stdout) as { id: string; kind: string }[]).find(({ kind }) => kind === 'access')?.id
  }
  await expect.poll(find).toBeDefined()
  await hoop(['approvals', 'approve', (await find()) ?? ''], { home: grace })
  expect((await asked.finish()).code).toBe(0)
  expect(await psql('ledger', 'SELECT 1')).toBe('answer: 1\n')
})

test('what is pipelined around a held statement keeps its order, and other streams of the session go on', async () => {
  const tunnel = await callers.ada.tunnel()
  tunnels.push(tunnel)
  const session = await callers.ada.session(tunnel.id)
  const [client, beside] = [await clientOn(tunnel, session), await clientOn(tunnel, session)]
  const done: string[] = []
  const note = (name: string) => (result: unknown) => {
    done.push(name)
    return result
  }
  // node-postgres sends each at once.
  Object.assign(client, { pipeline: true })
  const before = client.query('SELECT 1').then(note('before'))
  const { promise: id, resolve } = Promise.withResolvers<string>()
  client.once('notice', ({ message }) => resolve(/ap_[\w-]+/.exec(message ?? '')?.[0] ?? ''))
  const held = client.query('DELETE FROM orders WHERE id = 77').then(note('held'))
  const after = client.query('SELECT count(*) FROM orders WHERE id = 77').then(note('after'))
  await before
  await beside.query('SELECT 2').then(note('beside'))
  await decide('grace', await id, 'approve')
  await Promise.all([held, after])
  expect(done).toEqual(['before', 'beside', 'held', 'after'])
  expect(((await after) as pg.QueryResult).rows).toEqual([{ count: '0' }])
})
