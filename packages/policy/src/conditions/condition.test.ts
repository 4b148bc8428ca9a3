import { expect, test } from 'vitest'
import { conditionLanguage } from './condition.ts'

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
