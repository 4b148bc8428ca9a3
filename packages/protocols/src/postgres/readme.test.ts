import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { fixtureCatalogue } from './catalogue.fixture.ts'
import { definitions } from './definitions.ts'
import { backend, frontend } from './messages.ts'
import { loadParser, readStatement } from './operations.ts'

const catalogue = fixtureCatalogue()
beforeAll(loadParser)

/** Rows of the README by the heading that they stand under, cells without code marks. */
const tables = new Map(
  readFileSync(new URL('README.md', import.meta.url), 'utf8')
    .split(/^## /m)
    .map((section) => [section.split('\n', 1)[0] ?? '', rows(section)]),
)
function rows(section: string): string[][] {
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) => {
    const cells = line.split('|').slice(1, -1)
    return cells.map((cell) => cell.trim().replace(/^`(.*)`$/, '$1'))
  })
}
function table(heading: string): string[][] {
  const found = tables.get(heading) ?? []
  expect(found).not.toHaveLength(0)
  return found
}

test.each([
  ['From the caller', frontend],
  ['From the database', backend],
])('%s: every message has its row, in the order of the specification', (heading, tags) => {
  const messages = Object.entries(tags).map(([name, tag]) => [String.fromCharCode(tag), name.toLowerCase()])
  const listed = table(heading).map(([tag = '', message = ''], i) => {
    const name = messages[i]?.[1] ?? ''
    return [tag, message.toLowerCase().startsWith(name) ? name : message]
  })
  expect(listed).toEqual(messages)
})

test('what is said to be not supported is refused in these words', () => {
  const listed = table('SQL that is refused for now')
  const words = listed.map(([sql = '']) => readStatement(sql, catalogue).operation.refused?.words)
  expect(words).toEqual(listed.map(([, said]) => said))
  const built = Object.values(definitions).flatMap(({ notSupported }) => (notSupported === undefined ? [] : [notSupported]))
  expect(words).toEqual(expect.arrayContaining(built))
})

test('what is said to be unknown is, for this reason', () => {
  for (const [sql = '', why] of table('SQL that is refused unless a rule names `unknown`')) {
    const { effects, refused, unknownBecause } = readStatement(sql, catalogue).operation
    expect({ sql, refused, unknownBecause }).toEqual({ sql, refused: null, unknownBecause: [why] })
    expect(effects).toContain('unknown')
  }
})
