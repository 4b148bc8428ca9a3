import { expect, test } from 'vitest'
import { readOperation } from './operations.ts'
import { type RequestParts, requestOf } from './request.fixture.ts'

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
const literals = (line: string, parts: RequestParts) => {
  const { text, literals } = readOperation(...requestOf(line, parts))
  return literals.map(({ start, end, ...rest }) => ({ at: text.slice(start, end), ...rest }))
}

test('bytes are known by what they say, and texts by themselves', () => {
  const secret = { data: { a: Buffer.from('[masked]').toString('base64'), b: null }, stringData: { c: '[masked]' } }
  expect(literals('PUT /api/v1/namespaces/a/secrets/s', { body: secret })).toMatchObject([
    { at: '"W21hc2tlZF0="', secret: true, field: { resource: 'secrets', path: ['data', 'a'], value: '[masked]' } },
    { at: 'null', field: { path: ['data', 'b'], value: null } },
    { at: '"[masked]"', field: { path: ['stringData', 'c'], value: '[masked]' } },
  ])
  const yaml = { type: 'application/apply-patch+yaml', body: 'data:\n  a: "\\x5bmasked]"\n  b: ~\n' }
  expect(literals('PATCH /api/v1/namespaces/a/configmaps/c', yaml)).toMatchObject([
    { field: { resource: 'configmaps', value: '[masked]' } },
    { field: { value: null } },
  ])
  const patch = { type: 'application/json-patch+json', body: [{ op: 'add', path: '/data/0', value: 'W21hc2tlZF0=' }] }
  expect(literals('PATCH /api/v1/namespaces/a/secrets/s', patch).at(-1)).toMatchObject({
    field: { path: ['data', 0], value: '[masked]' },
  })
})

test('the object as it was last applied may hold anything of it', () => {
  const body = { metadata: { annotations: { [lastApplied]: '{"data":{"a":"b"}}', other: 'x' } } }
  const [last, inside, other] = literals('PUT /api/v1/namespaces/a/configmaps/c', { body })
  expect(last).toMatchObject({ sources: 'opaque', secret: false, field: { resource: 'configmaps', path: [] } })
  expect(inside).toMatchObject({ at: last?.at, sources: [], field: { resource: 'configmaps', path: ['data', 'a'], value: 'b' } })
  expect(other).toMatchObject({ sources: [], field: { path: ['metadata', 'annotations', 'other'] } })
  expect(literals('PUT /api/v1/namespaces/a/secrets/c', { body })[0]).toMatchObject({ secret: true })
})

test('what stands in the place of a value is known where it was last applied, too', () => {
  const applied = (text: string) =>
    literals('PUT /api/v1/namespaces/a/secrets/c', { body: { metadata: { annotations: { [lastApplied]: text } } } })
  const [, ...inside] = applied('{"data":{"a":"W21hc2tlZF0=","b":null},"immutable":true}')
  expect(inside.map(({ field }) => [field?.path.join('.'), field?.value])).toEqual([
    ['data.a', '[masked]'],
    ['data.b', null],
    ['immutable', 'true'],
  ])
  expect(applied('{"data":').length).toBe(1)
})

test('an object that is served twice is known by both names', () => {
  const [replicas] = literals('PATCH /apis/apps/v1/namespaces/a/deployments/d', {
    type: 'application/merge-patch+json',
    body: { spec: { replicas: 1 } },
  })
  expect(replicas).toMatchObject({ field: { resource: 'deployments.apps', others: ['deployments.extensions'] } })
})
