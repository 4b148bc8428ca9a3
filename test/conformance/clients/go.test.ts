import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keepUntilEnd, requires, temporaryFolder } from '../../support/index.ts'
import { runParts, targetOf } from './parts.ts'
import { type ClientsSystem, startClientsSystem } from './system.ts'

/** Those of programs/go. */
const cases = [
  'pgx: types',
  'pgx: CopyFrom',
  'pgx: batches',
  'pgx: pipelines',
  'pgx: notifications',
  'pgx: large objects',
  'pgx: pool',
  'pgx: cancelled contexts',
  'pgx: types of the database',
  'pgx: transactions',
  'pgx: database/sql',
  'pgx: settings',
  'pgx: cursors in SQL',
  ...['cache_statement', 'cache_describe', 'describe_exec', 'exec', 'simple_protocol'].map(
    (mode) => `pgx: default_query_exec_mode=${mode}`,
  ),
  'lib/pq: database/sql',
  'lib/pq: binary_parameters',
  'lib/pq: CopyIn',
  'lib/pq: listener',
  'lib/pq: errors and notices',
  'lib/pq: settings',
]

const sources = fileURLToPath(new URL('programs/go', import.meta.url))
const keep = keepUntilEnd(afterAll)
let system: ClientsSystem
let runs: ReturnType<typeof runBoth> | undefined

beforeAll(async () => {
  system = await keep(startClientsSystem())
})
beforeEach((context) => requires(context, 'go'))

async function runBoth() {
  const program = join((await keep(temporaryFolder('go'))).path, 'clients')
  await execa('go', ['build', '-o', program, '.'], { cwd: sources })
  const direct = await runParts([program], targetOf(system.direct()))
  return { direct, throughHoop: await runParts([program], await system.connect()) }
}

function once(): ReturnType<typeof runBoth> {
  runs ??= runBoth()
  return runs
}

test.each(cases)('%s', async (name) => {
  const { direct, throughHoop } = await once()
  const expected = direct.get(name) ?? []
  expect(expected.length).toBeGreaterThan(0)
  expect(expected.join('\n')).not.toMatch(/^FAILED/m)
  expect(throughHoop.get(name)).toEqual(expected)
})

test('the program has no other cases', async () => {
  expect([...(await once()).direct.keys()]).toEqual(cases)
})
