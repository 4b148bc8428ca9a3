import { expect, test } from 'vitest'
import { maskDiagnostics } from './diagnostics.ts'
import { hides } from './wire.fixture.ts'

const about = { s: 'public', t: 'people', c: 'email', d: 'text', n: 'people_pkey' }
const shown = (fields: Readonly<Record<string, string>>, kind: 'error' | 'notice' = 'error') =>
  Object.fromEntries(maskDiagnostics(new Map(Object.entries(fields)), hides('public.people.email'), kind, true))

test('names of what an error is about stay, but for those that a function gives', () => {
  const error = { C: '23505', R: '_bt_check_unique', ...about }
  expect(shown(error)).toEqual(error)
  for (const R of ['exec_stmt_raise', 'PLy_output']) {
    expect(shown({ ...error, R })).toEqual({ C: '23505', R })
    expect(shown({ ...error, C: '00000', R }, 'notice')).toEqual({ C: '00000', R })
  }
})
