import type { Identity, LimitDocument } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { IdentityUsage, Limits } from './limits.ts'

const ada: Identity = { id: 'https://idp#ada', kind: 'person', name: 'Ada', email: null, groups: [], issuer: 'https://idp' }
const limit = (given: Partial<LimitDocument>): LimitDocument => ({
  kind: 'Limit',
  name: 'budget',
  connections: {},
  identities: {},
  per: 'session',
  ...given,
})
const noon = Date.parse('2030-06-01T12:00:00Z')

test('operations of a minute come back one by one', () => {
  const limits = new Limits(ada, new IdentityUsage())
  const three = [limit({ operationsPerMinute: 3 })]
  const admitted = (seconds: number) => limits.refusal(three, noon + seconds * 1000) === null
  expect([0, 1, 2, 3].map(admitted)).toEqual([true, true, true, false])
  expect(limits.refusal(three, noon + 4000)?.message).toBe('refused: Limit/budget allows 3 operations a minute')
  expect([admitted(21), admitted(22)]).toEqual([true, false])
})

test('rows and bytes are counted over a session, an operation, or a day of an identity', () => {
  const usage = new IdentityUsage()
  const over = (limits: Limits, given: Partial<LimitDocument>, rows: number, bytes = 0) =>
    limits.meter([limit(given)])?.count(rows, bytes)?.message ?? null
  const session = new Limits(ada, usage)
  expect(over(session, { rows: 10 }, 6)).toBeNull()
  expect(over(session, { rows: 10 }, 6)).toBe('ended: Limit/budget allows 10 rows in a session')
  const refusal = session.refusal([limit({ rows: 10 })])
  expect(refusal?.rule).toBe('Limit/budget')
  // Where another session would be a way around, it is not the advice.
  expect(refusal?.hint).not.toContain('session')
  expect([over(session, { per: 'operation', rows: 10 }, 10), over(session, { per: 'operation', rows: 10 }, 10)]).toEqual([
    null,
    null,
  ])
  expect(over(session, { per: 'operation', bytes: '1kB' }, 0, 1001)).toBe('ended: Limit/budget allows 1kB of an operation')
  const daily = { per: 'identity', rows: 10, name: 'daily' } as const
  expect(over(new Limits(ada, usage), daily, 8)).toBeNull()
  expect(over(new Limits(ada, usage), daily, 8)).toBe('ended: Limit/daily allows 10 rows in a day')
  expect(new Limits(ada, usage).refusal([limit(daily)], Date.now() + 86_400_000)).toBeNull()
})

test('the rows of one operation are told as a sum, and counted once', () => {
  const meter = new Limits(ada, new IdentityUsage()).meter([limit({ rows: 10 })])!
  expect([meter.count(5, 0), meter.count(10, 0), meter.count(10, 0)]).toEqual([null, null, null])
  expect(meter.count(11, 0)?.message).toContain('10 rows')
  expect(meter.over).not.toBeNull()
})
