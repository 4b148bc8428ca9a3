import { exitCodes } from '@hoop/contracts/errors'
import { expect, it } from 'vitest'
import { exitCodeMeanings } from './exit-codes.ts'

it('lists every exit code of the contracts', () => {
  expect(Object.fromEntries(exitCodeMeanings.map(([code, name]) => [name, code]))).toEqual(exitCodes)
})
