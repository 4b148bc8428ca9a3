import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exitCodes } from '@hoop/contracts'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyDocuments, hoop, keepUntilEnd, type System, startConnect, startSystem, temporaryFolder } from '../support/index.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let admin: string
let folder: string
beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 20 } }))
  admin = await system.home('root-admin')
  folder = (await keep(temporaryFolder('policy'))).path
  await applyDocuments(admin, cluster)
})

// Requests are read without it.
const cluster = `
kind: Connection
name: cluster
protocol: kubernetes
address: cluster.invalid:6443
login: { token: none }
---
kind: Access
name: cluster
groups: [engineering, secret-keepers]
connections: { names: [cluster] }
`

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const packs = readdirSync(new URL('../../packages/cli/packs/', import.meta.url))
  .filter((file) => /^[a-z-]+\.yaml$/.test(file))
  .map((file) => file.slice(0, -5))

test.each(packs)('the pack %s does what its cases say', async (pack) => {
  const path = async (...flags: string[]) =>
    (await hoop(['policy', 'pack', pack, '--path', ...flags], { home: admin })).stdout.trim()
  const { code, stdout, stderr } = await hoop(['policy', 'test', await path('--cases'), '-f', await path()], { home: admin })
  expect(`${stdout}${stderr}`).toMatch(/^(\d+) of \1 as expected/)
  expect(code).toBe(exitCodes.ok)
})

// docs/policy.md shows this.
const table = `connection: sample
cases:
  - name: an AI agent may look
    identity: { kind: ai-agent, groups: [coding-agents] }
    statement: select id, email from customers
    expect: permit
    masked: [email]
  - identity: { kind: person, groups: [engineering] }
    statements: [drop table orders, truncate orders]
    expect: refuse
    rule: Policy/nothing-is-dropped
`

test('a table of cases: all as expected, and not under other documents', async () => {
  const cases = await fileOf('cases.yaml', table)
  const inForce = await hoop(['policy', 'test', cases], { home: await system.home('otto') })
  expect(inForce).toMatchObject({ code: exitCodes.ok, stderr: '' })
  expect(inForce.stdout).toMatch(/^3 of 3 as expected \(policy version [0-9a-f]{12}\)\n$/)
  const laxer = await fileOf('laxer.yaml', 'kind: Policy\nname: nothing-is-dropped\nwhen: "false"\nthen: deny\n')
  const other = await hoop(['policy', 'test', cases, '-f', laxer, '--json'], { home: admin })
  expect(other.code).toBe(exitCodes.failed)
  expect(JSON.parse(other.stdout).results.map(({ line, wrong }: { line: number; wrong: string[] }) => [line, wrong])).toEqual([
    [3, []],
    [8, ['expected refuse, is permit', 'expected to be decided by Policy/nothing-is-dropped, is by no rule']],
    [8, expect.arrayContaining(['expected refuse, is permit'])],
  ])
  // Nothing of it was applied.
  expect((await hoop(['policy', 'test', cases], { home: admin })).code).toBe(exitCodes.ok)
})

test('a table or a document that is not right is shown with its place, and who may not ask is refused', async () => {
  const cases = await fileOf('wrong.yaml', table.replace('expect: permit', 'expect: perhaps'))
  const wrong = await hoop(['policy', 'test', cases], { home: admin })
  expect(wrong.code).toBe(exitCodes.usage)
  expect(wrong.stderr).toContain(`${cases}:6: cases.0.expect`)
  const documents = await fileOf('misspelt.yaml', 'kind: Policy\nname: p\nwhen: operation.efects == []\nthen: deny\n')
  const misspelt = await hoop(['policy', 'explain', '-c', 'sample', '-f', documents, 'select 1'], { home: admin })
  expect(misspelt.code).toBe(exitCodes.usage)
  expect(misspelt.stderr).toMatch(/misspelt\.yaml:3:.*efects[\s\S]*\^\^\^/)
  const ada = await hoop(['policy', 'explain', '-c', 'sample', 'select 1'], { home: await system.home('ada') })
  expect(ada.code).toBe(exitCodes.noAccess)
})

test('a statement is explained: verdict, each rule, each column', async () => {
  const explain = async (...args: string[]) => await hoop(['policy', 'explain', '-c', 'sample', ...args], { home: admin })
  const agent = ['--as', 'ai-agent:coding-agents']
  const held = await explain(...agent, 'delete from orders where id = 1')
  expect(held.stdout).toMatch(/^held for approval\n {2}Policy\/deletes-need-a-dba: dba within 15 min: Deleting rows needs a DBA/)
  expect(held.stdout).toContain('· Policy/nothing-is-dropped')
  expect(held.stdout).toContain('its condition is false: operation.destructive')
  const shown = await explain(...agent, 'select id, upper(email) as shout, card_number from customers join cards using (id)')
  expect(shown.stdout).toMatch(/^permitted\n/)
  expect(shown.stdout).toContain('shout  public.customers.email  masked by Mask/contact-data (redact: ')
  expect(shown.stdout).toContain('card_number  public.cards.card_number  masked by Mask/cardholder-data (partial)')
  // Nobody of no group has an Access; a person behind an agent must have one, too.
  for (const behind of [
    ['--as', 'person'],
    [...agent, '--as', 'person:visitors'],
  ]) {
    expect((await explain(...behind, 'select 1')).stdout).toMatch(/^no access to the connection\n/)
  }
  expect((await explain('select from where', '--json', ...agent)).stdout).toContain('"code":"unreadable"')
})

test('masks are explained: what each is about, by which lineage, and what may be asked', async () => {
  const masks = await fileOf(
    'explained.yaml',
    `kind: Mask
name: addresses
columns: [public.customers.email]
filter: never
method: partial
---
kind: Mask
name: secret-values
connections: { names: [cluster] }
fields: ["secrets:data.*", "configmaps:data.password"]
---
kind: Mask
name: badges
patterns: [{ name: badge, re2: "EMP-[0-9]{6}" }]
detect: [iban]
except: { groups: [fraud-desk] }
`,
  )
  const explain = async (connection: string, statement: string, ...flags: string[]) =>
    (await hoop(['policy', 'explain', '-c', connection, '-f', masks, ...flags, statement], { home: admin })).stdout
  const agent = ['--as', 'ai-agent:coding-agents']
  const joined = await explain('sample', "select full_name || ' ' || email as who, 1 as one from customers")
  expect(joined).toMatch(
    /who {2}public\.customers\.full_name, public\.customers\.email {2}masked by Mask\/addresses, which names public\.customers\.email \(redact: partial is for values as they are stored\)/,
  )
  expect(joined).toMatch(/✓ Mask\/addresses +partial: public\.customers\.email, which nothing may be asked about/)
  expect(joined).toMatch(/✓ Mask\/badges +redact: wherever it stands iban, badge/)
  expect(joined).toMatch(/· Mask\/secret-values +it is about the connection cluster/)
  expect(await explain('sample', 'select 1', '--as', 'person:fraud-desk')).toMatch(/· Mask\/badges +it excepts fraud-desk/)
  const asked = await explain('sample', "select id from customers where email = 'a@b.c'", ...agent)
  expect(asked).toMatch(
    /^refused\n {2}refused: this operation asks about masked values\n.*public\.customers\.email; Mask\/addresses has filter: never/,
  )

  const secrets = 'GET /api/v1/namespaces/prod/secrets/db'
  expect(await explain('cluster', secrets)).toMatch(/✓ Mask\/secret-values +redact: fields secrets:data\.\*\n/)
  expect(await explain('cluster', 'GET /api/v1/nodes')).toMatch(/✓ Mask\/secret-values +names nothing of it\n/)
  expect(await explain('cluster', secrets)).toMatch(/· Mask\/addresses +it names nothing that kubernetes has/)
  const { masks: all } = JSON.parse(await explain('cluster', secrets, '--json'))
  expect(all).toContainEqual({
    ...{ rule: 'Mask/secret-values', misfit: null, method: 'redact', filter: null, columns: [], detects: [] },
    fields: ['secrets:data.*'],
  })
})

test('recorded operations are judged anew by other documents', async () => {
  const home = await system.home('ada')
  const statements = [
    "select count(*) from orders; update orders set status = 'x' where id = 1",
    'select full_name from customers limit 1',
    "select 1 from customers where email = 'a@b.c'",
  ]
  await Promise.all(
    statements.map(async (statement) =>
      expect(await hoop(['exec', 'sample', '-c', statement], { home })).toMatchObject({ code: 0 }),
    ),
  )
  const stricter = await fileOf(
    'stricter.yaml',
    'kind: Policy\nname: no-updates\nwhen: "\'UPDATE\' in operation.verbs"\nthen: deny\n',
  )
  const replay = async (file: string, ...flags: string[]) =>
    await hoop(['policy', 'test', '-f', file, '--replay', '--since', '1h', ...flags], { home: admin })
  const shown = await replay(stricter)
  expect(shown.stdout).toMatch(/^1 permitted → refused\n {2}.*sample.* by Policy\/no-updates\n {4}select count/)
  expect(shown.stdout).toMatch(/3 operations of 3 sessions: 1 would differ, 2 not/)
  expect(shown.code).toBe(exitCodes.ok)
  expect((await replay(stricter, '--fail-on-change')).code).toBe(exitCodes.failed)
  // The e-mail address is not on the record: nothing is told of a rule that asks for it.
  const ofText = await fileOf(
    'of-text.yaml',
    "kind: Policy\nname: no-texts\nwhen: operation.text.contains('a@b.c')\nthen: deny\n",
  )
  const answer = JSON.parse((await replay(ofText, '--json')).stdout)
  expect(answer).toMatchObject({
    operations: 3,
    unchanged: 2,
    changes: [],
    notJudged: [{ count: 1, words: expect.stringContaining('masked') }],
  })
  expect((await hoop(['policy', 'test', '-f', stricter, '--replay'], { home })).code).toBe(exitCodes.noAccess)
})

test('a limit ends a result with its words, and not the session', async () => {
  const limit = (name: string, what: string) => `kind: Limit\nname: ${name}\nidentities: { groups: [dba] }\n${what}\n`
  await applyDocuments(
    admin,
    [
      limit('small', 'per: operation\nrows: 1000\nbytes: 1MB\noperationTime: 1s'),
      limit('slow', 'per: session\noperationsPerMinute: 15'),
    ].join('---\n'),
  )
  const connect = await keep(startConnect('sample', { home: await system.home('grace') }))
  const ended = async (statement: string | (pg.QueryConfig & { rows: number }), message: string) => {
    const client = new pg.Client({ connectionString: connect.url })
    client.on('error', () => {})
    await client.connect()
    await expect(client.query(statement), JSON.stringify(statement)).rejects.toMatchObject({
      severity: 'FATAL',
      message: expect.stringContaining(message),
    })
    await client.end()
  }
  await ended('select generate_series(1, 200000)', 'Limit/small allows 1000 rows of an operation')
  await ended('select generate_series(1, 1001)', 'Limit/small allows 1000 rows of an operation')
  await ended({ text: 'select generate_series(1, 1001)', rows: 400 }, 'Limit/small allows 1000 rows of an operation')
  await ended(
    'begin; declare c cursor for select generate_series(1, 1001); fetch 600 from c; fetch 600 from c',
    'Limit/small allows 1000 rows of an operation',
  )
  await ended("select repeat('x', 1000000)", 'Limit/small allows 1MB of an operation')
  await ended("copy (select repeat('x', 100000) from generate_series(1, 20)) to stdout", 'Limit/small allows 1MB of an operation')
  await ended('copy (select generate_series(1, 1001)) to stdout', 'Limit/small allows 1000 rows of an operation')
  await ended('select pg_sleep(60)', 'Limit/small allows 1s for an operation')
  const client = new pg.Client({ connectionString: connect.url })
  await client.connect()
  // What it left is not running any more, and what is within the limit passes.
  const sleeping =
    "select count(*)::int as n from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()"
  await expect.poll(async () => (await asSuperuser(sleeping)).rows).toEqual([{ n: 0 }])
  expect((await client.query('select generate_series(1, 1000)')).rowCount).toBe(1000)
  for (const options of ['', '(format csv, header)', '(format binary)']) {
    expect((await client.query(`copy (select generate_series(1, 1000)) to stdout ${options}`)).rowCount).toBe(1000)
  }
  const refused = async () => {
    for (let i = 0; i < 20; i++) await client.query('select 1')
  }
  await expect(refused()).rejects.toMatchObject({ code: '42501', message: 'refused: Limit/slow allows 15 operations a minute' })
  await client.end()
  const shown = await hoop(['sessions', 'show', connect.session, '--json'], { home: admin })
  expect(shown.stdout).toMatch(/"error":\{"code":"limit","message":"ended: Limit\/small allows 1000 rows of an operation"\}/)
})

test('patterns of a mask are applied, shown again, and masked in results', async () => {
  const yaml = `kind: Mask
name: badges
patterns:
  - name: badge
    re2: EMP-[0-9]{6}
method: redact
`
  expect((await hoop(['apply', '-f', await fileOf('badges.yaml', yaml)], { home: admin })).code).toBe(exitCodes.ok)
  const shown = await hoop(['get', 'mask', 'badges', '-o', 'yaml'], { home: admin })
  expect(shown.stdout).toContain('re2: EMP-[0-9]{6}')
  const home = await system.home('ada')
  const statement = "select 'EMP-123456 is badge ' || id, 'EMP-12345' from customers order by id limit 1"
  const result = await hoop(['exec', 'sample', '-c', statement], { home })
  expect(result.stdout).toContain('***-****** is badge 1')
  expect(result.stdout).toContain('EMP-12345')
  expect(result.stdout).not.toContain('EMP-123456')
  const wrong = await fileOf('wrong.yaml', yaml.replace('{6}', '{6}(?=x)'))
  expect((await hoop(['apply', '-f', wrong], { home: admin })).stderr).toMatch(/wrong\.yaml:5/)
  expect((await hoop(['delete', 'mask', 'badges'], { home: admin })).code).toBe(exitCodes.ok)
})

async function asSuperuser(statement: string) {
  const client = new pg.Client(system.sample.server.url())
  await client.connect()
  try {
    return await client.query(statement)
  } finally {
    await client.end()
  }
}
