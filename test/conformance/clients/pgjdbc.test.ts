import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keepUntilEnd, requires, temporaryFolder } from '../../support/index.ts'
import { makeObjects } from './introspection/objects.ts'
import { buildJavaProgram } from './java-program.ts'
import { runParts, targetOf } from './parts.ts'
import { type ClientsSystem, startClientsSystem } from './system.ts'

/** Those of programs/java. */
const cases = [
  ...['simple', 'extended', 'extendedForPrepared', 'extendedCacheEverything'].map((mode) => `preferQueryMode=${mode}`),
  'prepareThreshold',
  'types as text',
  'types in binary',
  'fetch size',
  'arrays',
  'generated keys',
  'updatable result sets',
  'callable statements',
  'cursors of functions',
  'descriptions',
  'errors and warnings',
  'batches',
  'batches, reWriteBatchedInserts',
  'COPY',
  'large objects',
  'large values',
  'cancel and timeout',
  'savepoints',
  'autosave',
  'isolation and read only',
  'application name',
  'current schema',
  'options',
  'notifications',
  'two-phase commit',
  'pools',
  'metadata',
]

const keep = keepUntilEnd(afterAll)
let system: ClientsSystem
let runs: ReturnType<typeof runAll> | undefined

beforeAll(async () => {
  const masks = {
    kind: 'Mask',
    name: 'names-of-keepers',
    connections: { labels: { masks: 'yes' } },
    columns: ['zoo.keepers.name'],
    method: 'partial',
  }
  system = await keep(startClientsSystem({ documents: [masks] }))
  await makeObjects(system)
})
beforeEach((context) => requires(context, 'java', 'javac', 'mvn'))

/** One after the other: they make and drop the same tables. */
async function runAll() {
  const program = await buildJavaProgram((await keep(temporaryFolder('java'))).path)
  const direct = await runParts(program, targetOf(system.direct()))
  const throughHoop = await runParts(program, await system.connect())
  // A schema browser asks for nothing that needs a rule.
  const masked = await runParts(program, await system.connect('unruled-masked'), ['metadata'])
  return { direct, throughHoop, masked }
}

function once(): ReturnType<typeof runAll> {
  runs ??= runAll()
  return runs
}

test.each(cases)('pgjdbc: %s', async (name) => {
  const { direct, throughHoop } = await once()
  const expected = direct.get(name) ?? []
  expect(expected.length).toBeGreaterThan(0)
  expect(expected.join('\n')).not.toMatch(/^FAILED/m)
  expect(throughHoop.get(name)).toEqual(expected)
})

test('the program has no other cases', async () => {
  expect([...(await once()).direct.keys()]).toEqual(cases)
})

test('DatabaseMetaData without a Policy, while a column is masked', async () => {
  const { direct, masked } = await once()
  expect(masked.get('metadata')).toEqual(direct.get('metadata'))
})
