import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keepUntilEnd, requires } from '../../support/index.ts'
import { makeObjects } from './introspection/objects.ts'
import { type ClientsSystem, startClientsSystem } from './system.ts'

const script = fileURLToPath(new URL('introspection/describe.psql', import.meta.url))
const keep = keepUntilEnd(afterAll)
let system: ClientsSystem

beforeAll(async () => {
  const mask = {
    kind: 'Mask',
    name: 'mails',
    connections: { labels: { masks: 'yes' } },
    columns: ['zoo.keepers.mail'],
    method: 'partial',
  }
  system = await keep(startClientsSystem({ major: 15, documents: [mask] }))
  await makeObjects(system)
})
beforeEach((context) => requires(context, 'psql'))

/** What psql shows of every command, with the queries that it sends, and what it complains of. */
async function describeAll(url: string) {
  const { stdout, stderr } = await execa('psql', [url, '-XAtE', '-f', script], { env: { PSQL_PAGER: 'cat' }, timeout: 120_000 })
  return { shown: stdout.split('\n'), complaints: stderr.split('\n') }
}

test.each(['unruled', 'unruled-masked'] as const)('psql 15 describes everything the same (%s)', async (connection) => {
  const direct = await describeAll(system.direct())
  const through = await describeAll((await system.connect(connection)).url)
  expect(direct.shown.length).toBeGreaterThan(5_000)
  expect(through.complaints).toEqual(direct.complaints)
  expect(through.shown).toEqual(direct.shown)
})
