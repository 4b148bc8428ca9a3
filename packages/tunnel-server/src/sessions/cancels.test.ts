import { expect, test } from 'vitest'
import { SessionCancels } from './cancels.ts'

test('a key is as long as asked for, works as a whole only, and not once it is released', () => {
  const cancels = new SessionCancels()
  for (const length of [4, 32]) {
    let cancelled = 0
    const { processId, secret, release } = cancels.register(() => cancelled++, length)
    expect(secret).toHaveLength(length)
    const wrong = Buffer.from(secret)
    wrong[length - 1] = (wrong[length - 1] ?? 0) ^ 1
    for (const key of [wrong, secret.subarray(1), Buffer.concat([secret, Buffer.of(0)]), Buffer.alloc(0)])
      cancels.cancel(processId, key)
    cancels.cancel(processId + 1, secret)
    expect(cancelled).toBe(0)
    cancels.cancel(processId, secret)
    expect(cancelled).toBe(1)
    release()
    cancels.cancel(processId, secret)
    expect(cancelled).toBe(1)
  }
})

test('whoever guesses is not listened to for the rest of the minute', () => {
  let cancelled = 0
  const cancels = new SessionCancels()
  const { processId, secret } = cancels.register(() => cancelled++, 4)
  for (let tries = 0; tries < 60; tries++) cancels.cancel(processId, Buffer.alloc(4, secret[0] === 1 ? 2 : 1))
  cancels.cancel(processId, secret)
  expect(cancelled).toBe(0)
})
