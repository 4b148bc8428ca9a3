import { type ColumnRef, MaskDocument, type MaskPlan } from '@hoop/contracts'
import { describe, expect, it } from 'vitest'
import { maskPlan } from './plan.ts'

const plan = (...masks: object[]): MaskPlan =>
  maskPlan(
    masks.map((mask, index) => MaskDocument.parse({ kind: 'Mask', name: `m${index}`, ...mask })),
    Buffer.alloc(32),
  )
const column = (name: string): ColumnRef => {
  const [schema = '', table = '', column = ''] = name.split('.')
  return { schema, table, column }
}

describe('column patterns', () => {
  it.each([
    ['public.users.email', 'public.users.email', true],
    ['public.users.email', 'public.users.emails', false],
    ['public.users.email', 'app.users.email', false],
    ['Public.Users.EMAIL', 'public.users.email', true],
    ['public.users.email', 'public.Users.email', true],
    ['*.payments.card_number', 'eu.payments.card_number', true],
    ['*.*.*', 'a.b.c', true],
    ['public.customers.{email, phone}', 'public.customers.phone', true],
    ['public.customers.{email,phone}', 'public.customers.name', false],
    ['{a,b}.{c,d}.e', 'b.c.e', true],
    ['public."Users".größe', 'public.users.Größe', true],
  ])('%s on %s: %s', (pattern, name, expected) => {
    expect(plan({ columns: [pattern] }).column([column(name)]) !== null).toBe(expected)
  })
})

describe('a plan', () => {
  it('of no masks is empty', () => {
    expect(plan()).toMatchObject({ empty: true, hasColumns: false, detectors: null })
    expect(plan().column('opaque')).toBeNull()
  })

  it('of detectors alone masks no column, not even what may come from anything', () => {
    const detecting = plan({ detect: ['card'] })
    expect(detecting).toMatchObject({ empty: false, hasColumns: false })
    expect(detecting.column('opaque')).toBeNull()
    expect(detecting.column([column('a.b.c')])).toBeNull()
  })

  it('masks a value that any masked column went into', () => {
    const masked = plan({ columns: ['*.*.email'] })
    expect(masked.column([column('a.b.id'), column('a.b.email')])?.rule).toBe('Mask/m0')
    expect(masked.column([column('a.b.id')])).toBeNull()
    expect(masked.column([])).toBeNull()
  })

  it('redacts what may come from anything', () => {
    expect(plan({ columns: ['*.*.email'], method: 'partial' }).column('opaque')).toMatchObject({
      rule: 'hoop/opaque',
      method: 'redact',
    })
  })

  it('shows a part or a hash of stored values only', () => {
    for (const method of ['partial', 'hash']) {
      const masked = plan({ columns: ['*.*.email'], method })
      expect(masked.column([column('a.b.email')], 'stored')?.method).toBe(method)
      expect(masked.column([column('a.b.email')], 'function')?.method).toBe('redact')
      expect(masked.column([column('a.b.email')])?.method).toBe('redact')
    }
    expect(plan({ columns: ['*.*.email'], method: 'null' }).column([column('a.b.email')])?.method).toBe('null')
  })

  it('takes the strictest of several masks', () => {
    const order = ['partial', 'hash', 'fixed', 'redact', 'null']
    for (const [index, stricter] of order.entries()) {
      for (const milder of order.slice(0, index)) {
        const masks = [
          { columns: ['*.*.a'], method: milder },
          { columns: ['*.*.b'], method: stricter },
        ]
        expect(plan(...masks).column([column('x.y.a'), column('x.y.b')], 'stored')?.method).toBe(stricter)
        expect(plan(...masks.toReversed()).column([column('x.y.a'), column('x.y.b')], 'stored')?.method).toBe(stricter)
      }
    }
  })
})

describe('detectors', () => {
  const card = '4111 1111 1111 1111'

  it('mask in place, at the same length, separators kept', () => {
    const detecting = plan({ detect: ['card'], method: 'partial' }).detectors
    const bytes = Buffer.from(`a ${card} b`)
    const findings = detecting!.find(bytes, 0, bytes.length)
    expect(findings).toEqual([{ start: 2, end: 21, kind: 'card', rule: 'Mask/m0' }])
    detecting!.blank(bytes, findings)
    expect(bytes.toString()).toBe('a **** **** **** 1111 b')
  })

  it('leave no digit unless the method is partial, and the strictest rule decides', () => {
    const both = plan({ detect: ['card'], method: 'partial' }, { detect: ['card'], method: 'fixed' }).detectors
    expect(both!.text(`é ${card} é`)).toEqual({ text: 'é **** **** **** **** é', masked: { 'Mask/m1': 1 } })
  })

  it('count by rule, and give the same text and a shared array when there is nothing', () => {
    const detecting = plan({ detect: ['card'] }).detectors
    expect(detecting!.text(`${card} ${card}`).masked).toEqual({ 'Mask/m0': 2 })
    expect(detecting!.text('nothing 1234')).toEqual({ text: 'nothing 1234', masked: {} })
    const bytes = Buffer.from('nothing')
    expect(detecting!.find(bytes, 0, 7)).toBe(detecting!.find(bytes, 0, 7))
  })
})
