import { expect, test } from 'vitest'
import { judgeDifferences } from './differences.ts'

const result = {
  passed: new Set(['boolean', 'char']),
  failed: new Map([['guc', { file: '/tmp/guc.diff', first: 'ERROR:  refused: no' }]]),
}

test('a difference needs its reason, and a reason its difference', () => {
  expect(judgeDifferences(result, { guc: 'settings' })).toEqual([])
  expect(judgeDifferences(result, {})).toEqual([expect.stringMatching('guc differs.*refused: no')])
  expect(judgeDifferences(result, { guc: 'settings', char: 'none' })).toEqual([expect.stringContaining('char passes')])
  expect(judgeDifferences(result, { guc: 'settings', not_run: 'another part of the schedule' })).toEqual([])
})
