import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keepUntilEnd, requires, temporaryFolder } from '../../support/index.ts'
import { expectRecorded } from './record.ts'
import { type ClientsSystem, startClientsSystem } from './system.ts'

const keep = keepUntilEnd(afterAll)
let system: ClientsSystem
let folder: string

beforeAll(async () => {
  system = await keep(startClientsSystem())
  folder = (await keep(temporaryFolder('pgbench'))).path
})
beforeEach((context) => requires(context, 'pgbench'))

/** Runs pgbench in a session of its own: the transactions that it says it processed, and the texts that arrived at the server. */
async function pgbench(...args: string[]): Promise<{ processed: number; texts: string[] }> {
  let processed = 0
  const arrived = await expectRecorded(system, async (connect) => {
    const { exitCode, stdout, stderr } = await execa('pgbench', [...args, connect.url], { reject: false, timeout: 300_000 })
    expect(exitCode, stderr).toBe(0)
    processed = Number(/transactions actually processed: (\d+)/.exec(stdout)?.[1] ?? '0')
  })
  return { processed, texts: arrived.map(({ text }) => text) }
}

const history = async () => Number((await system.run('select count(*) from pgbench_history')).rows[0].count)
const commits = (texts: readonly string[]) => texts.filter((text) => /^(end|commit);?$/i.test(text)).length

test('initialises: COPY, TRUNCATE, VACUUM, ALTER TABLE, foreign keys, and again with rows made in the server', async () => {
  await pgbench('--initialize', '--scale=2', '--foreign-keys', '--quiet')
  const rows = async () =>
    (
      await system.run(
        'select (select count(*) from pgbench_accounts) as accounts, (select sum(abalance) from pgbench_accounts) as sum',
      )
    ).rows
  expect(await rows()).toEqual([{ accounts: '200000', sum: '0' }])
  await pgbench('--initialize', '--init-steps=dtGvpf', '--scale=1', '--partitions=4')
  expect(await rows()).toEqual([{ accounts: '100000', sum: '0' }])
})

test.each(['simple', 'extended', 'prepared'].flatMap((protocol) => [1, 8].map((clients) => [protocol, clients] as const)))(
  'TPC-B by the %s protocol with %i clients',
  async (protocol, clients) => {
    const { processed, texts } = await pgbench(`--protocol=${protocol}`, `--client=${clients}`, '--transactions=25')
    expect(processed).toBe(25 * clients)
    expect(commits(texts)).toBe(processed)
    // It empties the table before it begins.
    expect(await history()).toBe(processed)
  },
)

const pipelined = `\\set aid random(1, 100000)
\\startpipeline
begin;
update pgbench_accounts set abalance = abalance + 1 where aid = :aid;
select abalance from pgbench_accounts where aid = :aid;
insert into pgbench_history (tid, bid, aid, delta, mtime) values (1, 1, :aid, 1, now());
commit;
\\endpipeline
`

test.each(['extended', 'prepared'].flatMap((protocol) => [1, 8].map((clients) => [protocol, clients] as const)))(
  'a pipeline by the %s protocol with %i clients',
  async (protocol, clients) => {
    const script = join(folder, 'pipelined.sql')
    await writeFile(script, pipelined)
    const { processed, texts } = await pgbench(
      '--no-vacuum',
      `--protocol=${protocol}`,
      `--client=${clients}`,
      '--transactions=25',
      '--file',
      script,
    )
    expect(processed).toBe(25 * clients)
    expect(commits(texts)).toBe(processed)
  },
)

test('serialization failures are tried again', async () => {
  const script = join(folder, 'serializable.sql')
  await writeFile(
    script,
    'begin isolation level serializable;\nupdate pgbench_branches set bbalance = bbalance + 1 where bid = 1;\nend;\n',
  )
  const before = Number((await system.run('select bbalance from pgbench_branches where bid = 1')).rows[0].bbalance)
  const { processed } = await pgbench('--no-vacuum', '--client=4', '--transactions=20', '--max-tries=1000', '--file', script)
  expect(processed).toBe(80)
  expect(Number((await system.run('select bbalance from pgbench_branches where bid = 1')).rows[0].bbalance)).toBe(before + 80)
})

test('-C opens a connection for each transaction', async () => {
  const { processed } = await pgbench('--connect', '--select-only', '--transactions=20')
  expect(processed).toBe(20)
})
