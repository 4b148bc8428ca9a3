import { expect, it } from 'vitest'
import { durationMs } from './duration.ts'

it.each([
  ['0s', 0],
  ['45s', 45_000],
  ['1h30m', 5_400_000],
  ['24d', 2_073_600_000],
])('%s', (text, expected) => {
  expect(durationMs(text, '--wait')).toBe(expected)
})

it.each(['', '5', 'm', '5x', '1h 30m', '-5m', '25d', '9999999999s'])('refuses "%s"', (text) => {
  expect(() => durationMs(text, '--wait')).toThrow('--wait')
})
