import type { MaskDocument } from '@hoop/contracts'
import { expect, it } from 'vitest'
import { parseDocuments } from '../documents/parse.ts'
import { columnsNamedAlike, missingColumns } from './coverage.ts'

const columns = ['customers.email', 'customers.phone', 'Orders.Email', 'orders.id'].map((name) => {
  const [table = '', column = ''] = name.split('.')
  return { schema: 'public', table, column }
})
const mask = (...patterns: string[]): MaskDocument =>
  parseDocuments(JSON.stringify({ kind: 'Mask', name: 'm', columns: patterns }), 'f')[0]!.document as MaskDocument

it.each([
  ['public.customers.email', []],
  ['PUBLIC.Customers."Email"', []],
  ['public.customers.{email,phnoe}', [['public.customers.phnoe', 'public.customers.phone']]],
  ['public.custmers.email', [['public.custmers.email', 'public.customers.email']]],
  ['shop.customers.email', [['shop.customers.email', null]]],
  ['*.nothing.at_all', []],
  ['public.*.ssn', []],
])('%s names what is not there: %j', (pattern, missing) => {
  expect(missingColumns([mask(pattern)], columns).map(({ pattern: named, near }) => [named, near])).toEqual(missing)
})

it('columns that are called like masked ones are found, but for those that are masked', () => {
  expect(columnsNamedAlike([mask('public.customers.email')], columns)).toEqual([columns[2]])
  expect(columnsNamedAlike([mask('public.customers.email'), mask('*.orders.email')], columns)).toEqual([])
  expect(columnsNamedAlike([mask('public.customers.*')], columns)).toEqual([])
})
