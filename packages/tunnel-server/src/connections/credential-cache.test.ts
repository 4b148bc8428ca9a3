import { expect, test } from 'vitest'
import { CredentialCache } from './credential-cache.ts'

function issuer(life: number) {
  const clock = { now: 1_000_000 }
  const cache = new CredentialCache(() => clock.now)
  let issued = 0
  const ask = (madeOf: unknown = 'secret', connection = 'shop', refused: string | null = null) =>
    cache.token(connection, [madeOf], async () => ({ value: `token-${++issued}`, expires: clock.now + life }), refused)
  return { clock, ask, cache, issued: () => issued }
}

test('all who ask at once share one token, and those who ask later too', async () => {
  const { ask, issued } = issuer(600_000)
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(['token-1', 'token-1', 'token-1'])
  expect([await ask(), issued()]).toEqual(['token-1', 1])
})

test.each([
  [600_000, 539_999, 540_000],
  [20_000, 9_999, 10_000],
])('a token of %i ms is used for %i, and not for %i', async (life, used, over) => {
  const { ask, clock } = issuer(life)
  await ask()
  clock.now += used
  expect(await ask()).toBe('token-1')
  clock.now += over - used
  expect(await ask()).toBe('token-2')
})

test('another secret has another token, and so has another connection', async () => {
  const { ask } = issuer(600_000)
  expect(await ask('old')).toBe('token-1')
  expect(await ask('new')).toBe('token-2')
  expect(await ask('old')).toBe('token-3')
  expect(await ask('old', 'other')).toBe('token-4')
})

test('a failure is told to all who wait, and is not kept', async () => {
  const { cache, ask } = issuer(600_000)
  const failing = () => cache.token('shop', ['secret'], () => Promise.reject(new Error('refused')))
  const all = await Promise.allSettled([failing(), ask()])
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await ask()).toBe('token-1')
})

test('one that the service does not take is forgotten, but not within a second', async () => {
  const { ask, clock } = issuer(600_000)
  const refuse = (token: string) => ask('secret', 'shop', token)
  await ask()
  clock.now += 999
  expect(await refuse('token-1')).toBe('token-1')
  clock.now += 1
  expect(await Promise.all([refuse('token-1'), refuse('token-1'), ask()])).toEqual(['token-2', 'token-2', 'token-2'])
  clock.now += 5_000
  expect(await refuse('token-1')).toBe('token-2')
})
