import { expect, test } from 'vitest'
import { LocalTimes } from './local-times.ts'

test.each(['Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns', 'UTC', '+05:30'])(
  'a moment is called in %s as Date has it',
  (timeZone) => {
    const times = new LocalTimes()
    // The clocks of Berlin and of St. John's are changed within these two days.
    for (let time = Date.UTC(2026, 9, 24); time < Date.UTC(2026, 10, 2); time += 13 * 60_000 + 7001) {
      const now = new Date(time)
      expect(times.of(now).toLocaleString('en-US', { timeZone })).toBe(now.toLocaleString('en-US', { timeZone }))
    }
  },
)

test('it is the moment itself in all else, and names of no time zone are errors', () => {
  const now = new Date('2026-11-23T11:00:00.123Z')
  const moment = new LocalTimes().of(now)
  expect(moment).not.toBe(now)
  expect(moment.constructor).toBe(Date)
  expect(moment.toISOString()).toBe(now.toISOString())
  expect(() => moment.toLocaleString('en-US', { timeZone: 'Europe/Berlim' })).toThrow(RangeError)
})
