import { describe, expect, test } from 'vitest'
import { parseDocuments } from './parse.ts'
import { DocumentError } from './problems.ts'

const head = 'kind: Connection\nname: api\nprotocol: http\naddress: api.example:443\n'
const indented = (text: string): string => text.replaceAll(/^/gm, '  ')
const withMap = (openapi: string, more = ''): string => `${head}${more}openapi:\n${indented(openapi)}\n`
const withText = (openapi: string, more = ''): string => `${head}${more}openapi: |\n${indented(openapi)}\n`

function operationsOf(source: string) {
  const [parsed] = parseDocuments(source, 'f')
  const document = parsed?.document
  if (document?.kind !== 'Connection' || document.protocol !== 'http') throw new Error('there is no connection')
  expect(document).not.toHaveProperty('openapi')
  return document.operations
}

function problemsOf(source: string): string {
  try {
    parseDocuments(source, 'f')
  } catch (error) {
    if (error instanceof DocumentError) return error.problems.map(({ shown }) => shown).join('\n')
    throw error
  }
  return 'no problem'
}

const petStore = `openapi: 3.1.0
info: { title: Pets, version: "1" }
servers: [{ url: "https://{region}.pets.example/v2/", variables: { region: { default: eu } } }]
paths:
  x-internal: true
  /pets/{petId}:
    summary: One pet
    parameters: [{ $ref: "#/components/parameters/petId" }]
    get: { operationId: getPet, responses: { "200": { description: ok } } }
    delete: { operationId: deletePet, x-hoop-effects: ddl }
    trace: { operationId: tracePet }
  /pets/search:
    post: { operationId: searchPets, x-hoop-effects: [read] }
  /health: { $ref: "#/components/pathItems/health" }
components:
  pathItems:
    health: { get: {} }
`
const found = [
  { method: 'GET', path: '/v2/pets/{petId}', name: 'getPet' },
  { method: 'DELETE', path: '/v2/pets/{petId}', name: 'deletePet', effects: ['ddl'] },
  { method: 'POST', path: '/v2/pets/search', name: 'searchPets', effects: ['read'] },
  { method: 'GET', path: '/v2/health' },
]

describe('an OpenAPI document names the operations of a service', () => {
  test.each([
    ['as a map', withMap(petStore)],
    ['as text', withText(petStore)],
  ])('%s', (_, source) => {
    expect(operationsOf(source)).toEqual(found)
  })

  test('as JSON in text', () => {
    const json = JSON.stringify({ openapi: '3.0.3', paths: { '/a': { get: { operationId: 'a' } } } })
    expect(operationsOf(`${head}openapi: '${json}'\n`)).toEqual([{ method: 'GET', path: '/a', name: 'a' }])
  })

  test('the part of its server that the connection has as its base path does not stand before its paths', () => {
    expect(operationsOf(withMap(petStore, 'basePath: /v2\n')).map(({ path }) => path)).toContain('/pets/search')
  })

  test('what the connection lists itself counts', () => {
    const own = { method: 'POST', path: '/v2/pets/search', effects: ['write'] }
    const operations = operationsOf(withMap(petStore, `operations: [${JSON.stringify(own)}]\n`))
    expect(operations).toEqual([own, ...found.filter(({ name }) => name !== 'searchPets')])
  })
})

describe('what is wrong is shown at its place', () => {
  test.each([
    ['Swagger 2', 'swagger: "2.0"', /openapi: openapi is missing/],
    ['another version', 'openapi: 4.0.0', /6:12: openapi: openapi must be 3\.0 or 3\.1/],
    [
      'an effect that there is not',
      'openapi: 3.0.0\npaths: { /a: { get: { x-hoop-effects: reed } } }',
      /7:41: openapi: .*reed.*/,
    ],
    ['a path without a slash', 'openapi: 3.0.0\npaths: { a: {} }', /begins with \//],
    ['a part of a segment', 'openapi: 3.0.0\npaths: { "/a/{b}.json": { get: {} } }', /whole segment/],
    [
      'two of one name',
      'openapi: 3.0.0\npaths: { /a: { get: &g { operationId: x }, put: { operationId: x } } }',
      /7:\d+: openapi: another/,
    ],
    ['a path elsewhere', 'openapi: 3.0.0\npaths: { /a: { $ref: "other.yaml#/a" } }', /cannot be followed/],
    ['a server of one path', 'openapi: 3.0.0\npaths: { /a: { servers: [] } }', /servers of one path/],
    ['a variable without a value', 'openapi: 3.0.0\nservers: [{ url: "https://{a}/" }]', /must have a default/],
  ])('%s', (_, openapi, says) => {
    for (const source of [withMap(openapi), withText(openapi)]) {
      expect(problemsOf(source)).toMatch(says)
      expect(problemsOf(source)).toContain('^')
    }
  })

  test('a server elsewhere than the connection', () => {
    const source = withMap('openapi: 3.0.0\nservers: [{ url: /v2 }]', 'basePath: /v1\n')
    expect(problemsOf(source)).toBe(
      [
        'f:8:20: openapi: the service is at /v2 here, and at basePath /v1 in the connection',
        '    servers: [{ url: /v2 }]',
        '                     ^^^',
      ].join('\n'),
    )
  })

  test.each([
    ['that is no YAML', 'a: [', /openapi: /],
    ['that nests without end', '['.repeat(50_000), /nested too deeply/],
    [
      'whose aliases grow without end',
      [
        'a: &a [x,x,x,x,x,x,x,x,x,x]',
        ...'bcdefgh'.split('').map((c, i) => `${c}: &${c} [${Array(10).fill(`*${'abcdefg'[i]}`)}]`),
      ].join('\n'),
      /too many aliases/,
    ],
    [
      'with more than a connection has',
      `openapi: 3.0.0\npaths:\n${Array.from({ length: 2001 }, (_, i) => `  /a${i}: { get: {} }`).join('\n')}`,
      /has 2001 operations/,
    ],
  ])('text %s', (_, openapi, says) => {
    expect(problemsOf(withText(openapi))).toMatch(says)
  })
})
