import { expect, it } from 'vitest'
import { matchPrefix } from './prefix.ts'

const all = ['ap_1', 'ap_12', 'ap_2'].map((id) => ({ id }))
const match = (prefix: string) => matchPrefix(all, prefix, 'approval', 'hoop approvals ls')

it('takes an id or the beginning of only one', () => {
  expect(match('ap_1').id).toBe('ap_1')
  expect(match('ap_2').id).toBe('ap_2')
  expect(() => match('ap_')).toThrow('beginning of 3 ids')
  expect(() => match('x')).toThrow('no approval "x"')
  expect(() => match('')).toThrow('no approval')
})
