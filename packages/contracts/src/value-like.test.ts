import { expect, test } from 'vitest'
import { looksLikeValue, withoutValues } from './value-like.ts'

test.each([
  ['ada@example.com', true],
  ["'x'", true],
  ['+47 900 11 22', true],
  ['4111 1111', true],
  ['Order.Items', false],
  ['events_2026_11', false],
])('%s looks like data: %s', (name, expected) => {
  expect(looksLikeValue(name)).toBe(expected)
})

test.each([
  ['column "ada@example.com" does not exist', 'column "[masked]" does not exist'],
  ['column "emial" does not exist', 'column "emial" does not exist'],
  ['relation "a" has no "b@c" and no "d"', 'relation "a" has no "[masked]" and no "d"'],
  [`syntax error at or near "'hunter2'"`, 'syntax error at or near "[masked]"'],
  ['unterminated quoted identifier at or near ""ada@example.com"', 'unterminated quoted identifier at or near "[masked]"'],
  ['unterminated /* comment at or near "/* \n 4111111111"', 'unterminated /* comment at or near "[masked]"'],
  ['syntax error at or near "selec"', 'syntax error at or near "selec"'],
])('%s', (words, expected) => {
  expect(withoutValues(words)).toBe(expected)
})
