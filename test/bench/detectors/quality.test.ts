import { describe, expect, test } from 'vitest'
import { allDetectors } from './all-kinds.ts'
import { byDetectors, byExpressions, judge } from './quality.ts'
import { corpus } from './values.ts'

const samples = corpus(1, 60)
const qualities = judge(samples, byDetectors(allDetectors()))

describe('of the generated corpus', () => {
  test.each(qualities)('$kind is found, and little else', ({ precision, recall }) => {
    expect(recall).toBeGreaterThanOrEqual(0.96)
    expect(precision).toBeGreaterThanOrEqual(0.93)
  })

  test('more of it is right than what regular expressions find', () => {
    const mean = (of: typeof qualities) => of.reduce((sum, { precision }) => sum + precision, 0) / of.length
    expect(mean(qualities)).toBeGreaterThan(mean(judge(samples, byExpressions)))
  })
})
