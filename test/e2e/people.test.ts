import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Approval, type ConnectionSummary, exitCodes, type SessionSummary } from '@hoop/contracts'
import { demoDocuments, demoUsers, logIn, type Program, type Run, startHoop } from '@hoop/demo'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  applyDocuments,
  type Connect,
  hoop,
  keepUntilEnd,
  requires,
  type System,
  startConnect,
  startSystem,
  temporaryFolder,
} from '../support/index.ts'
import { readPages } from './pages.ts'

type User = (typeof demoUsers)[number]['name']

const keep = keepUntilEnd(afterAll)
let system: System
beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 50 } }))
})

/** What must hold of all that people are shown: no stack trace, and nothing that a terminal would obey. */
function expectPresentable({ stdout, stderr }: Pick<Run, 'stdout' | 'stderr'>): void {
  expect(stdout + stderr).not.toMatch(/^ +at .*:\d+/m)
  expect(stdout + stderr).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/)
}

/** Types `hoop …` as one of the demo's users. */
async function as(user: User, ...args: string[]): Promise<Run> {
  const run = await hoop(args, { home: await system.home(user) })
  expectPresentable(run)
  return run
}

/** The answer of a command that succeeds; it is all that stands on stdout. */
async function answer(user: User, ...args: string[]): Promise<string> {
  const run = await as(user, ...args)
  expect(run, `hoop ${args.join(' ')}`).toMatchObject({ code: 0 })
  return run.stdout.trimEnd()
}
async function json<T>(user: User, ...args: string[]): Promise<T> {
  return JSON.parse(await answer(user, ...args, '--json')) as T
}

/** The words of a command that fails with this exit code; stdout stays empty. With --json the same is one object. */
async function refusal(code: number, user: User, ...args: string[]): Promise<string> {
  const run = await as(user, ...args)
  expect(run, `hoop ${args.join(' ')}`).toMatchObject({ code, stdout: '' })
  expect(run.stderr).toMatch(/^hoop: /)
  const dashes = args.indexOf('--')
  const told = await as(user, ...args.toSpliced(dashes < 0 ? args.length : dashes, 0, '--json'))
  expect(JSON.parse(told.stderr)).toMatchObject({ error: { exit: code, message: expect.any(String) } })
  return run.stderr
}

/** A database client of the user; it and its `hoop connect` end with the test. */
async function connectAs(user: User, ...args: string[]): Promise<{ connect: Connect; client: pg.Client }> {
  const connect = await startConnect('sample', { home: await system.home(user), args })
  onTestFinished(async () => void (await connect.stop()))
  const client = new pg.Client(connect.url)
  client.on('error', () => undefined)
  await client.connect()
  onTestFinished(() => client.end())
  return { connect, client }
}

/** A command that runs until it is stopped, at the end of the test at the latest. */
async function start(user: User, ...args: string[]): Promise<Program> {
  const program = await startHoop(args, { home: await system.home(user) })
  onTestFinished(async () => void (await program.stop()))
  return program
}

async function document(text: string): Promise<string> {
  const file = join((await keep(temporaryFolder('people'))).path, 'file.yaml')
  await writeFile(file, text)
  return file
}

/** The held operation that says `text`, once the user sees it. */
function held(user: User, text: string): Promise<Approval> {
  const find = async () => (await json<Approval[]>(user, 'approvals', 'ls')).find((approval) => approval.text.includes(text))
  return expect.poll(find).toBeDefined().then(find) as Promise<Approval>
}

/** What a page shows first. */
function firstBlock(page: string): string {
  return readPages().find(({ path }) => path === page)!.blocks[0]!.text
}

const noOrders = `kind: Policy
name: orders-are-closed
when: operation.objects.exists(o, o.name == 'public.orders')
then: deny
message: Orders are closed for the inventory until noon.
`

describe('an admin', () => {
  test('is shown every mistake of a file with its line and a caret, and no password', async () => {
    const file = await document(`${noOrders.replace('then: deny', 'then: dney')}---
kind: Connection
name: New DB
protocol: postgres
address: db:5432
databases: [app]
login: { user: app, password: hunter2 }
`)
    const words = await refusal(exitCodes.usage, 'root-admin', 'apply', '-f', file)
    expect(words).toMatch(/file\.yaml:4:7: "dney" is not allowed for then\..*\n +then: dney\n +\^\^\^\^\n/)
    expect(words).toMatch(/file\.yaml:8:7: .*\n +name: New DB\n +\^+\n/)
    expect(words).toContain('Nothing was applied.')
    expect(words).not.toContain('hunter2')
    expect(await answer('root-admin', 'get', 'policy')).not.toContain('orders-are-closed')
  })

  test('applies, reads, changes and deletes documents', async () => {
    const file = await document(noOrders)
    expect(await answer('root-admin', 'apply', '-f', file)).toBe('Policy/orders-are-closed created')
    expect(await json('root-admin', 'apply', '-f', file)).toMatchObject({
      results: [{ kind: 'Policy', name: 'orders-are-closed', change: 'unchanged' }],
    })
    const again = await document(await answer('root-admin', 'get', 'policy', 'orders-are-closed'))
    expect(await answer('root-admin', 'apply', '-f', again)).toBe('Policy/orders-are-closed unchanged')
    expect(await json('root-admin', 'get', 'policies', 'orders-are-closed')).toHaveProperty('then', 'deny')
    expect(await answer('root-admin', 'delete', 'policy', 'orders-are-closed')).toBe('Policy/orders-are-closed deleted')
    await refusal(exitCodes.failed, 'root-admin', 'get', 'policy', 'orders-are-closed')
    await refusal(exitCodes.failed, 'root-admin', 'delete', 'policy', 'orders-are-closed')
    expect(await refusal(exitCodes.usage, 'root-admin', 'get', 'polcy')).toContain(
      'kinds are Connection, Access, Policy, Mask, Limit, Role',
    )
  })

  test('reads a connection without its password', async () => {
    const yaml = await answer('root-admin', 'get', 'connection', 'sample')
    expect(yaml).toContain('env: HOOP_DEMO_SAMPLE_PASSWORD')
    expect(yaml).not.toContain(`password: ${system.sample.password}`)
  })

  test('changes a policy that holds at once for a session that is open', async () => {
    const { client } = await connectAs('ada')
    const count = () => client.query('SELECT count(*) FROM orders')
    await count()
    await applyDocuments(await system.home('root-admin'), noOrders)
    await expect(count()).rejects.toMatchObject({ code: '42501', message: 'Orders are closed for the inventory until noon.' })
    await answer('root-admin', 'delete', 'policy', 'orders-are-closed')
    await count()
  })

  test('takes an access away: whoever is at work is told, and cannot come again', async (context) => {
    requires(context, 'psql')
    const sleeping = await start('ada', 'exec', 'sample', '--', 'psql', '-c', 'SELECT pg_sleep(60)')
    await expect.poll(() => running('pg_sleep(60)')).toBe(1)
    const demo = demoDocuments(system.sample)
    const admin = await system.home('root-admin')
    onTestFinished(() => applyDocuments(admin, demo))
    await applyDocuments(admin, demo.replace('[engineering, ', '['))
    const { code, stderr } = await sleeping.finish()
    expect(stderr).toContain('FATAL:  The access to sample has ended.')
    expect(code).toBe(2)
    expect(await refusal(exitCodes.noAccess, 'ada', 'exec', 'sample', '--', 'echo', 'ran')).toContain('sample')
    await expect.poll(() => running('pg_sleep(60)')).toBe(0)
  })
})

/** How many of the shop's statements are running in the database that contain this. */
async function running(text: string): Promise<number> {
  const { host, port, user, password, database, ca } = system.sample
  const client = new pg.Client({ host, port, user, password, database, ssl: { ca } })
  await client.connect()
  try {
    const sql = `select from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and strpos(query, $1) > 0`
    return (await client.query(sql, [text])).rowCount ?? 0
  } finally {
    await client.end()
  }
}

describe('an engineer', () => {
  test('logs in, sees who she is, logs out, and is then nobody', async () => {
    const { path: home } = await keep(temporaryFolder('people'))
    const lines: string[] = []
    const ada = demoUsers.find(({ name }) => name === 'ada')!
    const onLine = (line: string, from: string) => void lines.push(`${from}: ${line}`)
    await logIn({ gateway: system.gateway.url, home, user: ada, json: false, onLine })
    expect(lines.every((line) => line.startsWith('stderr: '))).toBe(true)
    expect(lines.join('\n')).toMatch(/Open {3}http.*\nstderr: Code {3}\w+-\w+/)
    expect(lines.join('\n')).toContain(`Logged in at ${system.gateway.url} as ada@shop.example until `)
    const whoami = await hoop(['whoami'], { home })
    expect(whoami.stdout).toMatch(/^groups +engineering$/m)
    expect(whoami.stderr).toBe('')
    expect(await hoop(['logout'], { home })).toMatchObject({ code: 0, stdout: '' })
    const after = await hoop(['ls'], { home })
    expect(after).toMatchObject({ code: exitCodes.notLoggedIn, stdout: '' })
    expect(after.stderr).toContain('hoop login')
  })

  test('lists what she may use', async () => {
    expect(await answer('ada', 'ls')).toBe('sample\tpostgres\t\tshop\tenv=demo')
    expect(await json<ConnectionSummary[]>('ada', 'ls')).toMatchObject([{ name: 'sample', databases: ['shop'] }])
    expect(await json('ada', 'whoami')).toMatchObject({ identity: { kind: 'person', groups: ['engineering'] }, may: [] })
  })

  test('keeps a port open: its address on stdout, what happens on stderr, and no password unless asked for', async () => {
    const withPassword = await startConnect('sample', { home: await system.home('ada') })
    await withPassword.stop()
    const connect = await start('ada', 'connect', 'sample', '--reason', 'INC-7')
    const url = await connect.find('stdout', (line) => /^sample {2}→ {2}(\S+)$/.exec(line)?.[1])
    expect(url).toBe(withPassword.url.replace(`:${withPassword.password}@`, '@'))
    const client = new pg.Client(withPassword.url)
    await client.connect()
    await client.query('SELECT email FROM customers LIMIT 2')
    await client.end()
    await connect.find('stderr', (line) => /^done +SELECT email .* SELECT 2, 2 masked, /.exec(line)?.[0])
    await connect.find('stderr', (line) => /^ +masked 2 by Mask\/contact-data$/.exec(line)?.[0])
    expect(await connect.stop('SIGINT')).toEqual({ code: 0, signal: null })
    expect(connect.output('stdout')).toBe(`sample  →  ${url}\n`)
    expect(url).toMatch(/^postgresql:\/\/hoop@127\.0\.0\.1:\d+\/shop$/)
  })

  test('runs a command with the connection in its environment, and gets its exit code', async () => {
    const run = await as('ada', 'exec', 'sample', '--', 'bash', '-c', 'echo "$PGHOST $PGDATABASE"; echo oops >&2; exit 7')
    expect(run).toMatchObject({ code: 7, stdout: '127.0.0.1 shop\n', stderr: 'oops\n' })
    expect(await refusal(exitCodes.usage, 'ada', 'exec', 'sample', '--', 'no-such-program')).toContain('no such command')
    expect(await refusal(exitCodes.usage, 'ada', 'exec', 'sample')).toContain('there is nothing to run')
  })

  test('sees her own sessions, and nobody else’s', async () => {
    const devins = await connectAs('devin')
    const own = await json<SessionSummary[]>('ada', 'sessions', 'ls')
    expect(new Set(own.map(({ identity }) => identity.email))).toEqual(new Set(['ada@shop.example']))
    for (const command of ['show', 'tail', 'kill']) {
      await refusal(exitCodes.noAccess, 'ada', 'sessions', command, devins.connect.session)
    }
    await refusal(exitCodes.noAccess, 'ada', 'get', 'policy')
  })

  test('ends her own session', async () => {
    const { connect, client } = await connectAs('ada')
    const ended = new Promise<Error>((resolve) => client.once('error', resolve))
    const [short] = await Promise.all([answer('ada', 'sessions', 'kill', connect.session.slice(0, 12), '--reason', 'lunch')])
    expect(short).toBe(`${connect.session} ended`)
    expect((await ended).message).toMatch(/^The session was ended by Ada Okafor: lunch/)
    expect(await connect.program.exited).toMatchObject({ code: exitCodes.connectionUnavailable })
    const shown = await answer('ada', 'sessions', 'show', connect.session)
    expect(shown).toMatch(/^closed .*: The session was ended by Ada Okafor: lunch$/m)
  })
})

describe('an AI agent', () => {
  beforeEach((context) => requires(context, 'psql'))

  test('is refused in words that it can act upon, as docs/errors.md shows', async () => {
    const { code, stdout, stderr } = await as('devin', 'exec', 'sample', '--', 'psql', '-c', 'DROP TABLE orders')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr.trimEnd().replaceAll(/\b(ses|op)_\w+/g, '$1_…')).toBe(firstBlock('docs/errors.md'))
  })

  test.each([
    ['SELECT my_function(1)', 'refused: hoop cannot tell what this operation does', 'Why: there is no function my_function().'],
    ["LOAD 'auto_explain'", 'refused: hoop does not support LOAD', 'Nobody may run it, whatever the policies say.'],
    [
      'CREATE TABLE copies AS SELECT * FROM cards',
      'refused: this operation would copy masked data to where no mask covers it',
      'Mask/cardholder-data masks public.cards.card_number for you.',
    ],
  ])('is told why of %s', async (sql, message, why) => {
    const { stderr } = await as('devin', 'exec', 'sample', '--', 'psql', '-c', sql)
    expect(stderr).toContain(`ERROR:  ${message}\nDETAIL:  Rule: hoop/`)
    expect(stderr).toContain(`. ${why}`)
    expect(stderr).toMatch(/\. Session ses_\w+, operation op_\w+\.\nHINT: {2}\S/)
  })

  test('is shown where a statement is mistyped', async () => {
    const { stderr } = await as('devin', 'exec', 'sample', '--', 'psql', '-c', 'SELECT * FORM orders')
    expect(stderr).toMatch(/^ERROR: {2}syntax error at or near "FORM"\nLINE 1: SELECT \* FORM orders\n +\^/)
  })

  test('waits for a person, as docs/approvals.md shows, and gets the reason of a no', async () => {
    const sql = 'DELETE FROM orders WHERE id = 11'
    const psql = await start('devin', 'exec', 'sample', '--reason', 'INC-9', '--', 'psql', '-c', sql)
    await psql.find('stderr', (line) => line.startsWith('HINT:') || undefined)
    const shown = psql
      .output('stderr')
      .trimEnd()
      .replaceAll(/(ap_[0-9a-f]{8}-)[0-9a-f-]+/g, '$1…')
    expect(shown.replaceAll(/ap_[0-9a-f]{8}/g, 'ap_05408432')).toBe(firstBlock('docs/approvals.md'))
    const { id } = await held('grace', 'id = 11')
    await answer('grace', 'approvals', 'deny', id, '--reason', 'Cancel it instead: orders are kept for seven years.')
    const { code, stderr } = await psql.finish()
    expect(code).toBe(1)
    expect(stderr).toContain(
      'ERROR:  Grace Lindqvist denied this statement: Cancel it instead: orders are kept for seven years.\nDETAIL:  Rule: Policy/deletes-need-a-dba. ',
    )
  })
})

describe('an approver', () => {
  test('reads what is held with nothing hidden, and lets it go on', async () => {
    const { client, connect } = await connectAs('devin', '--reason', 'INC-12 \u001b[2J\u202ecleanup')
    const deleting = client.query("DELETE FROM orders WHERE id = 12 AND '' <> '\u001b[2J\u202eharmless'")
    const approval = await held('grace', 'id = 12')
    const row = (await answer('grace', 'approvals', 'ls')).split('\t')
    expect(row.slice(0, 6)).toEqual([
      approval.id,
      'operation',
      expect.stringMatching(/^held, 1\d min( \d+ s)? left$/),
      'devin@shop.example',
      'sample',
      'yours to decide',
    ])
    const shown = await as('grace', 'approvals', 'show', approval.id.slice(0, 11))
    expect(shown.stdout).toContain("  DELETE FROM orders WHERE id = 12 AND '' <> '\\u{1b}[2J\\u{202e}harmless'")
    expect(shown.stdout).toMatch(/^why +INC-12 \\u\{1b\}\[2J\\u\{202e\}cleanup$/m)
    expect(shown.stdout).toMatch(/^who +devin@shop\.example \(ai-agent\)$/m)
    expect(shown.stdout).toMatch(/^effects +write$/m)
    // What to type next is no part of the answer.
    expect(shown.stderr).toContain(`hoop approvals approve ${approval.id}`)
    expect(await refusal(exitCodes.noAccess, 'devin', 'approvals', 'approve', approval.id)).toContain('Only a person decides')
    await refusal(exitCodes.failed, 'otto', 'approvals', 'approve', approval.id)
    await refusal(exitCodes.failed, 'ada', 'approvals', 'show', approval.id)

    const decided = await json<Approval>('grace', 'approvals', 'approve', approval.id.slice(0, 11), '--reason', 'seen')
    expect(decided).toMatchObject({ state: 'approved', decisionReason: 'seen' })
    expect((await deleting).command).toBe('DELETE')
    expect(await refusal(exitCodes.failed, 'grace', 'approvals', 'deny', approval.id, '--reason', 'late')).toContain(
      'not held any more',
    )
    const session = await answer('devin', 'sessions', 'show', connect.session)
    expect(session).toMatch(
      /\tapproved, done\tDELETE 1, .*\tDELETE FROM orders WHERE id = 12 AND '' <> '\\u\{1b\}\[2J\\u\{202e\}harmless'\t/,
    )
  })

  test('needs a reason for a no', async () => {
    const { client } = await connectAs('devin')
    const deleting = client.query('DELETE FROM orders WHERE id = 13')
    deleting.catch(() => undefined)
    const { id } = await held('grace', 'id = 13')
    expect(await refusal(exitCodes.usage, 'grace', 'approvals', 'deny', id)).toContain('--reason')
    expect(await answer('grace', 'approvals', 'deny', id, '--reason', 'no')).toContain(`denied by grace@shop.example  ${id}`)
    await expect(deleting).rejects.toMatchObject({ code: '42501', message: 'Grace Lindqvist denied this statement: no' })
  })

  test('watches what comes', async () => {
    const words = await start('grace', 'approvals', 'watch')
    const lines = await start('grace', 'approvals', 'watch', '--json')
    const { client, connect } = await connectAs('devin')
    const deleting = client.query('DELETE FROM orders WHERE id = 14')
    deleting.catch(() => undefined)
    const line = await words.find('stdout', (each) => /^held .*left\) {2}(ap_\S+) .*id = 14$/.exec(each)?.[1])
    // Both watch by now: what ended before they did would not be shown.
    await lines.find('stdout', (each) => Approval.parse(JSON.parse(each)).id === line || undefined)
    await connect.stop()
    await expect(deleting).rejects.toThrow()
    await words.find('stdout', (each) => (each.startsWith('withdrawn') && each.includes(line)) || undefined)
    const state = await lines.find('stdout', (each) => {
      const approval = Approval.parse(JSON.parse(each))
      return approval.id === line && approval.state !== 'held' ? approval.state : undefined
    })
    expect(state).toBe('withdrawn')
    expect(await words.stop('SIGINT')).toEqual({ code: 0, signal: null })
  })

  test('has access that is asked for in the same inbox', async () => {
    await applyDocuments(
      await system.home('root-admin'),
      'kind: Access\nname: on-request\ngroups: [audit]\nconnections: { labels: { env: demo } }\nrequest: { approvers: [dba], count: 1, max: 1h }\n',
    )
    const watch = await start('grace', 'approvals', 'watch')
    const ask = (why: string) => json<{ id: string }>('otto', 'access', 'request', 'sample', '--for', '1h', '--reason', why)
    const [wanted, unwanted] = [await ask('audit 4711'), await ask('curious')]
    await watch.find('stdout', (line) => (line.includes(unwanted.id) && line.includes('for 1 h: curious')) || undefined)
    const rows = (await answer('grace', 'approvals')).split('\n').map((row) => row.split('\t'))
    expect(rows.find(([id]) => id === wanted.id)?.slice(1)).toEqual([
      ...['access', expect.stringMatching(/^requested, /), 'otto@shop.example', 'sample', 'yours to decide'],
      'access for 1 h: audit 4711',
    ])
    expect(await answer('grace', 'approvals', 'show', wanted.id.slice(0, 11))).toMatch(/^why +audit 4711$/m)
    const waiting = await start('otto', 'approvals', 'wait', unwanted.id, '--json')
    expect(await json('grace', 'approvals', 'deny', unwanted.id, '--reason', 'no')).toMatchObject({
      kind: 'access',
      state: 'denied',
    })
    expect(await json('grace', 'approvals', 'approve', wanted.id)).toMatchObject({ kind: 'access', state: 'granted' })
    expect(await waiting.finish()).toMatchObject({ code: exitCodes.approvalDenied })
    expect(await answer('otto', 'approvals', 'wait', wanted.id)).toMatch(/^granted until .*for 1 h: audit 4711$/)
    await answer('otto', 'access', 'withdraw', wanted.id)
    await answer('root-admin', 'delete', 'access', 'on-request')
  })

  test('never decides her own', async () => {
    await applyDocuments(
      await system.home('root-admin'),
      'kind: Policy\nname: four-eyes\nidentities: { groups: [dba] }\nwhen: \'"DELETE" in operation.verbs\'\nthen: approve\napprovers: { groups: [dba] }\n',
    )
    const { client, connect } = await connectAs('grace')
    const deleting = client.query('DELETE FROM orders WHERE id = 15')
    deleting.catch(() => undefined)
    const approval = await held('grace', 'id = 15')
    expect(approval.mine).toBe('requested')
    expect(await refusal(exitCodes.noAccess, 'grace', 'approvals', 'approve', approval.id)).toContain('Nobody decides their own')
    await connect.stop()
    await expect(deleting).rejects.toThrow()
    await answer('root-admin', 'delete', 'policy', 'four-eyes')
  })

  test('is not asked what nobody could read', async () => {
    const { client } = await connectAs('devin')
    const long = `DELETE FROM orders WHERE id IN (${'16, '.repeat(80_000)}16)`
    await expect(client.query(long)).rejects.toMatchObject({
      code: '42501',
      message: 'refused: the statement needs an approval, and cannot be put before an approver',
      detail: expect.stringContaining('The operation is too large to be read by an approver.'),
      hint: 'Split it into smaller ones.',
    })
  })
})

describe('an auditor', () => {
  test('reads everybody’s sessions, live too, and changes nothing', async () => {
    const { client, connect } = await connectAs('devin')
    await expect(client.query('SELECT * FROM nothing')).rejects.toThrow()
    const all = await json<SessionSummary[]>('otto', 'sessions', 'ls', '--state', 'open')
    expect(all).toContainEqual(expect.objectContaining({ id: connect.session, operations: 1 }))
    const tail = await start('otto', 'sessions', 'tail', connect.session)
    await client.query("SELECT 'a \u001b[31mred\u202e' AS x")
    await tail.find('stdout', (line) => line.includes("SELECT 'a \\u{1b}[31mred\\u{202e}' AS x  SELECT 1, ") || undefined)
    for (const args of [
      ['sessions', 'kill', connect.session],
      ['apply', '-f', await document(noOrders)],
      ['delete', 'mask', 'contact-data'],
    ]) {
      await refusal(exitCodes.noAccess, 'otto', ...args)
    }
    await connect.stop()
    await tail.find('stdout', (line) => line === 'ended    hoop connect ended.' || undefined)
    expect(await tail.finish()).toMatchObject({ code: 0, stderr: '' })

    const shown = await answer('otto', 'sessions', 'show', connect.session.slice(0, 14))
    expect(shown).toMatch(/^who +devin@shop\.example \(ai-agent\)$/m)
    expect(shown).toMatch(/\terror 42P01\t\d.* ms\tSELECT \* FROM nothing\trelation "nothing" does not exist$/m)
    expect(shown).toContain("SELECT 'a \\u{1b}[31mred\\u{202e}' AS x")
    const record = await json<{ operations: unknown[] }>('otto', 'sessions', 'show', connect.session)
    expect(record.operations).toHaveLength(
      shown.split('\n').filter((line) => /\t(done|error 42P01)\t/.test(line)).length + ownReads(shown),
    )
    const lines = (await answer('otto', 'sessions', 'tail', connect.session, '--json')).split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toContain('read')
  })
})

function ownReads(shown: string): number {
  return Number(/^by hoop +(\d+) /m.exec(shown)?.[1] ?? 0)
}

describe('somebody without access', () => {
  test('is told what to do, and nothing of theirs is run', async () => {
    expect(await as('otto', 'ls')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('An admin gives access'),
    })
    expect(await json('otto', 'ls')).toEqual([])
    const words = await refusal(exitCodes.noAccess, 'otto', 'exec', 'sample', '--', 'echo', 'ran')
    // The same words whether there is such a connection or not.
    expect(words.replaceAll('sample', 'nothing')).toBe(
      await refusal(exitCodes.noAccess, 'otto', 'exec', 'nothing', '--', 'echo', 'ran'),
    )
    await refusal(exitCodes.noAccess, 'otto', 'connect', 'sample')
  })
})
