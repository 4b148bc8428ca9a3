import type { MaskPlan, Sources } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { fixtureCatalogue } from './catalogue.fixture.ts'
import { write } from './codec.ts'
import type { Column } from './messages.ts'
import { planRows, rewriteRow } from './results.ts'
import { ValueStyles } from './value-styles.ts'

const catalogue = fixtureCatalogue()
const customers = catalogue.relations.get('public')?.get('customers')?.oid ?? 0
const styles = new ValueStyles()
const mask = { rule: 'mails', method: 'redact', looksMasked: () => false } as const

/** Masks what may come from customers.email, and what nobody can tell. */
const masks = {
  empty: false,
  hasColumns: true,
  hasFields: false,
  fields: () => null,
  detectors: null,
  column: (sources: Sources) => (sources === 'opaque' || sources.some(({ column }) => column === 'email') ? mask : null),
} as unknown as MaskPlan

/** What becomes of one column that the parse tree says is made of `sources` and the server says is `attribute` of customers. */
function action(sources: Sources, attribute: number): string {
  const column: Column = { name: 'x', tableOid: customers, attribute, typeOid: 25, typeSize: -1, typeModifier: -1, format: 0 }
  const plan = planRows({ masks, columns: [column], resultFormats: null, outputs: [{ name: 'x', sources }], catalogue, styles })
  return plan?.[0]?.kind ?? 'pass'
}
const source = (column: string) => ({ schema: 'public', table: 'customers', column })

test('the origin that the server names must be among what the parse tree found', () => {
  expect(action([source('id')], 1)).toBe('pass')
  expect(action([source('email')], 3)).toBe('mask')
  expect(action([source('id')], 3)).toBe('mask')
  expect(action([], 1)).toBe('mask')
  expect(action([source('id')], 99)).toBe('mask')
})

test('a system column (xmin, ctid) holds nobody’s data', () => {
  expect(action([], -2)).toBe('pass')
  expect(action('opaque', -2)).toBe('mask')
})

test('a result without columns has rows without any', () => {
  const plan = planRows({ masks, columns: [], resultFormats: null, outputs: 'opaque', catalogue, styles }) ?? []
  const rewritten = (row: Buffer) => rewriteRow(plan, row, 5, row.length, () => {})
  expect(rewritten(write.dataRow([]))).toBeNull()
  expect(() => rewritten(write.dataRow([Buffer.from('ada@example.com')]))).toThrow('another number of columns')
})
