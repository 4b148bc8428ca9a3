import type { ColumnRef, Literal, Operation } from '@hoop/contracts'
import { MaskDocument } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { maskPlan } from '../masks/plan.ts'
import { operation } from '../testing/operation.ts'
import { placeholderWritten } from './placeholders.ts'

const email: ColumnRef = { schema: 'public', table: 'customers', column: 'email' }
const city: ColumnRef = { schema: 'public', table: 'customers', column: 'city' }

function plan(method: string) {
  const mask = MaskDocument.parse({ kind: 'Mask', name: 'm', columns: ['public.customers.email'], method })
  return maskPlan([mask], Buffer.alloc(32))
}
/** An UPDATE whose one literal is this, for this column. */
function update(literal: string, column: ColumnRef | null = email, verb = 'UPDATE'): Operation {
  const literals: Literal[] = [{ start: 0, end: literal.length, sources: column === null ? [] : [column], secret: false }]
  const facts = { ...operation().facts, verbs: [verb], columns: ['public.customers.email', 'public.customers.city'] }
  return { ...operation(), text: literal, effects: ['write'], literals, facts }
}
const isRefused = (written: Operation, method = 'redact') => placeholderWritten(written, plan(method)) !== null

test.each([
  ['redact', "'[masked]'"],
  ['redact', "E'[masked]'"],
  ['redact', '$$[masked]$$'],
  ['redact', '$x$[masked]$x$'],
  ['redact', '\'{"name": "[masked]", "n": 0}\''],
  ['redact', '\'{"[masked]",NULL}\''],
  ['redact', "'2000-01-01'"],
  ['redact', "'2000-01-01 00:00:00+00'"],
  ['redact', "'00000000-0000-0000-0000-000000000000'"],
  ['fixed', "'*****'"],
  ['partial', "'************1111'"],
  ['hash', "'h_0123456789abcdef'"],
])('what %s gives is not written back: %s', (method, literal) => {
  expect(isRefused(update(literal), method)).toBe(true)
  expect(isRefused(update(literal, null), method)).toBe(true)
  expect(isRefused(update(literal, city), method)).toBe(false)
  expect(isRefused({ ...update(literal), effects: ['read'] }, method)).toBe(false)
})

test.each(["'ada@example.com'", "'it''s [masked] here'", '0', 'false', "''", '-- [masked]', "'{}'", '\'{"a": "b"}\''])(
  'what may be meant is written: %s',
  (literal) => {
    expect(isRefused(update(literal))).toBe(false)
  },
)

test('a new row may have values that look like constants of a type, but not the words of a mask', () => {
  expect(isRefused(update("'2000-01-01'", email, 'INSERT'))).toBe(false)
  expect(isRefused(update("'[masked]'", email, 'INSERT'))).toBe(true)
})

test('parameters count as literals do', () => {
  const given = (value: string | null) => ({ ...update('1'), parameters: [{ type: 'text', value, sources: [email] }] })
  expect(isRefused(given('[masked]'))).toBe(true)
  expect(isRefused(given(`\\x${Buffer.from('[masked]').toString('hex')}`))).toBe(true)
  expect(isRefused(given('ada@example.com'))).toBe(false)
  expect(isRefused(given(null))).toBe(false)
})
