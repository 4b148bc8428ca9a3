import { expect, test } from 'vitest'
import { buildCatalogue } from './catalogue.ts'
import { LargeStatements } from './large-statements.ts'
import { loadParser, readStatement, StatementUnreadable } from './operations.ts'
import { noSessionNames } from './session-change.ts'

const catalogue = buildCatalogue({
  session: [['180004', '["public"]', 'public']],
  schemas: [['public']],
  relations: [['1', 'public', 't', 'r', null]],
  columns: [
    ['1', '1', 'a', '23', null],
    ['1', '2', 'b', '25', null],
  ],
  inheritance: [],
  functions: [],
  types: [],
  operators: [],
  operatorClasses: [],
  triggers: [],
  rules: [],
  foreignKeys: [],
  attached: [],
  eventTriggers: [],
  indexes: [],
  statistics: [],
  dependents: [],
})
const rows = Array.from({ length: 20_000 }, (_, i) => `(${i}, 'value ${i}')`)
const text = `INSERT INTO t VALUES ${rows.join(', ')}`

test('a long text is read as it would be here, and the event loop goes on meanwhile', async () => {
  await loadParser()
  const large = new LargeStatements()
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const statement = await large.read(text, catalogue, noSessionNames)
  clearInterval(timer)
  expect(statement).toEqual(readStatement(text, catalogue))
  expect(turns).toBeGreaterThan(5)
})

test('what cannot be read is said as usual, and the next is read', async () => {
  const large = new LargeStatements()
  await expect(large.read('SELEC 1', catalogue, noSessionNames)).rejects.toBeInstanceOf(StatementUnreadable)
  expect((await large.read('SELECT a FROM t', catalogue, noSessionNames)).parts[0]?.verb).toBe('SELECT')
})
