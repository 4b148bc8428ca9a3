import { expect, test } from 'vitest'
import { operation } from '../testing/operation.ts'
import { ConditionError, conditionLanguage } from './condition.ts'
import { OperationVariable, type Variables } from './variables.ts'

const compile = conditionLanguage()

test.each([
  "operation.columns.exists(a, operation.columns.exists(b, a + 'x' == b))",
  'operation.parameters.map(p, operation.columns.filter(c, c == p.value)).size() > 0',
  'operation.objects.all(o, [1].exists_one(i, operation.columns.exists(c, c == o.name)))',
])('a list is not walked for each element of another: %s', (source) => {
  expect(() => compile(source)).toThrow('one list inside another')
})

test.each([
  "operation.effects.exists(e, e in ['write', 'ddl']) && operation.objects.exists(o, o.name == 'public.users')",
  "operation.objects.filter(o, o.access == 'write').exists(o, o.name.startsWith('public.'))",
])('lists side by side, and one after the other, are fine: %s', (source) => {
  expect(compile(source).source).toBe(source)
})

/** What a condition reads of a body; it asks for nothing else. */
function withBody(body: unknown): Variables {
  const request = { method: 'POST', path: '/', query: [], operation: null, contentType: 'application/json', body }
  return { operation: new OperationVariable(operation({ facts: { request } })) } as Variables
}

test.each([
  ['operation.request.body.n == 3 && operation.request.body.n < 4 && operation.request.body.n in [3]', { n: 3 }, true],
  ['operation.request.body.n + 1.0 == 4.0', { n: 3 }, true],
  ['operation.request.body.n == 9007199254740993', { n: 9007199254740993n }, true],
  ['has(operation.request.body.toString)', {}, false],
  ["'x' in operation.request.body", JSON.parse('{"__proto__":{"x":1}}'), false],
  ['has(operation.request.body.x)', undefined, false],
  ['operation.request.body == null', undefined, true],
  ["operation.request.body.list.exists(each, each.a == 'b')", { list: [{ a: 1 }, { a: 'b' }] }, true],
])('%s of a body', (source, body, expected) => {
  expect(compile(source).holds(withBody(body))).toBe(expected)
})

test.each([
  ['operation.request.body.x == 1', {}],
  ['operation.request.body.x == 1', undefined],
  ['has(operation.request.body.x.y)', {}],
  ['operation.request.body.x > 1', { x: '2' }],
  ['operation.request.body.toString == 1', {}],
  ['has(operation.request.body.x)', { constructor: 1, x: 1 }],
  ['operation.request.body == [[1]]', Array.from({ length: 100_000 }).reduce((inner) => [inner], [])],
])('%s cannot be told of every body', (source, body) => {
  expect(() => compile(source).holds(withBody(body))).toThrow(ConditionError)
})
