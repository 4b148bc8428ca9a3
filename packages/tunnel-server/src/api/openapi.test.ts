import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Metrics } from '../operations/metrics.ts'
import { silent } from '../testing/parts.ts'
import { descriptions } from './descriptions.ts'
import { type Api, type ApiParts, buildApi } from './server.ts'
import { Strangers } from './strangers.ts'

interface Operation {
  readonly summary: string
  readonly security?: object[]
  readonly responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>
  readonly requestBody?: object
}

let api: Api
let document: {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}
/** `GET /v1/sessions/{id}` … as the router has them. */
const routes: string[] = []

beforeAll(async () => {
  const config = { name: 'hoop', version: '1', issuer: 'https://i', clientId: 'c', scopes: [] }
  // Routes take what they need of these when they are asked.
  const parts = { config, strangers: new Strangers(), trustedProxies: null, meter: new Metrics({ version: '1' }), log: silent }
  api = await buildApi(parts as unknown as ApiParts, null)
  document = (await api.inject({ url: '/v1/openapi.json' })).json()
  // As printed: `├── /v1/sessions/:id (GET, HEAD)`, each with its whole path.
  const tree = api.printRoutes({ commonPrefix: false })
  const parents: string[] = []
  for (const line of tree.split('\n').filter((each) => each !== '')) {
    const [, indent = '', path = '', methods = ''] = /^((?:│ {3}| {4})*)[├└]── (\S*)(?: \((.*)\))?$/.exec(line) ?? []
    const depth = indent.length / 4
    parents.length = depth
    parents.push(path)
    for (const method of methods.split(', ').filter((each) => each !== '')) routes.push(`${method} ${parents.join('')}`)
  }
})
afterAll(() => api?.close())

const inDocument = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  )

test('every route of the router is in the document, and nothing else', () => {
  expect(routes.length).toBeGreaterThan(25)
  expect(inDocument().sort()).toEqual(routes.toSorted())
  expect(Object.keys(descriptions).sort()).toEqual(routes.toSorted())
})

test('each says what it is for, who may ask, what it answers, and how it fails', () => {
  expect(document.openapi).toBe('3.1.0')
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const key = `${method.toUpperCase()} ${path}`
      expect([key, operation.summary]).toEqual([key, descriptions[key.replaceAll(/\{(\w+)\}/g, ':$1')]])
      expect([key, Object.keys(operation.responses).some((status) => /^[12]\d\d$/.test(status))]).toEqual([key, true])
      expect([key, operation.responses.default?.content?.['application/json']?.schema.$ref]).toEqual([
        key,
        '#/components/schemas/ApiError',
      ])
    }
  }
  expect(document.paths['/v1/whoami']?.get?.security).toEqual([{ dpop: [] }])
  expect(document.paths['/v1/config']?.get?.security).toBeUndefined()
  expect(document.paths['/v1/token']?.post?.requestBody).toBeDefined()
})

test('every reference leads to a schema', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name = '']) => name,
  )
  expect(references.length).toBeGreaterThan(20)
  expect(references.filter((name) => !(name in document.components.schemas))).toEqual([])
  expect(document.components.schemas.ApiError).toMatchObject({ properties: { code: {}, message: {}, hint: {}, id: {} } })
})

test('docs/api.md says the same', async () => {
  const page = await readFile(new URL('../../../../docs/api.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `((?:GET|POST|DELETE|PUT) \S+)` +\| (.*?) +\| (.*?) +\|$/gm)].map(
    ([, route, who, what]) => [route, who, what],
  )
  const expected = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, summary }]) => [
      `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      security === undefined ? 'no login' : 'a login',
      summary,
    ]),
  )
  expect(rows.toSorted()).toEqual(expected.toSorted())
})
