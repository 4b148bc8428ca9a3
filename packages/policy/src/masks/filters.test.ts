import type { MaskDocument } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { filterRules } from './filters.ts'

const email = { schema: 'public', table: 'people', column: 'email' }
const card = { schema: 'public', table: 'people', column: 'card' }
const city = { schema: 'public', table: 'people', column: 'city' }

const mask = (name: string, columns: string[], filter: MaskDocument['filter']): MaskDocument => ({
  ...{ kind: 'Mask', name, connections: {}, identities: {}, columns, fields: [], patterns: [], detect: [] },
  method: 'redact',
  filter,
})
const open = mask('open', ['public.people.email'], 'any')
const equal = mask('equal', ['public.people.{email,card}'], 'equality')
const never = mask('never', ['public.people.card'], 'never')

test.each([
  ['no columns', [equal, never], { equality: [], other: [city] }, null],
  ['equality where it may be', [equal], { equality: [email], other: [] }, null],
  ['more than equality', [equal], { equality: [], other: [city, email] }, ['Mask/equal', [email]]],
  ['equality where nothing may be', [equal, never], { equality: [card], other: [] }, ['Mask/never', [card]]],
  ['the strictest mask of a column', [open, equal], { equality: [], other: [email] }, ['Mask/equal', [email]]],
  ['what may be anything', [equal], { equality: [], other: 'opaque' }, ['Mask/equal', 'opaque']],
  ['what may be anything, for equality', [equal], { equality: 'opaque', other: [] }, null],
  ['what may be anything, and nothing may be', [never], { equality: 'opaque', other: [] }, ['Mask/never', 'opaque']],
  ['all where all may be', [open], { equality: [email], other: 'opaque' }, null],
] as const)('%s', (_, masks, filters, expected) => {
  const found = filterRules(masks).forbidding(filters)
  expect(found && [found.rule, found.columns]).toEqual(expected)
})
