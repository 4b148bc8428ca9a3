import { HoopError } from '@hoop/contracts'
import { expect, test, vi } from 'vitest'
import type { ChangeListener } from './change-feed.ts'
import { Followed } from './followed.ts'

const patience = { timeout: 30_000 }

/** A feed that is told by hand, and a store whose answers wait until they are given. */
function source() {
  const listeners = new Set<ChangeListener>()
  const asked: { answer(value: number): void; fail(error: Error): void }[] = []
  const feed = {
    on: (_: string, listener: ChangeListener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const read = () => new Promise<number>((resolve, reject) => asked.push({ answer: resolve, fail: reject }))
  const unreadable = (cause: unknown) => new HoopError('unavailable', 'no word of it', { cause })
  const tell = () => {
    for (const listener of listeners) listener('id')
  }
  return { asked, tell, listeners, parts: { feed, topic: 'grants' as const, read, unreadable } }
}

async function open() {
  const { parts, asked, ...rest } = source()
  const opening = Followed.open(parts)
  await vi.waitFor(() => expect(asked).toHaveLength(1), patience)
  asked[0]!.answer(1)
  return { followed: await opening, asked, ...rest }
}

test('it is read again at a change, and whoever listens hears of it', async () => {
  const { followed, asked, tell } = await open()
  let heard = 0
  const stop = followed.onChange(() => heard++)
  expect(followed.current()).toBe(1)
  tell()
  await vi.waitFor(() => expect(asked).toHaveLength(2), patience)
  expect(followed.current()).toBe(1)
  asked[1]!.answer(2)
  await vi.waitFor(() => expect([followed.current(), heard]).toEqual([2, 1]), patience)
  stop()
  const again = followed.reload()
  await vi.waitFor(() => expect(asked).toHaveLength(3), patience)
  asked[2]!.answer(3)
  await again
  expect([followed.current(), heard]).toEqual([3, 1])
  followed.close()
})

test('all that changes during a reading is seen by one further reading', async () => {
  const { followed, asked, tell } = await open()
  tell()
  await vi.waitFor(() => expect(asked).toHaveLength(2), patience)
  const waiting = [followed.reload(), followed.reload()]
  tell()
  asked[1]!.answer(2)
  await vi.waitFor(() => expect(asked).toHaveLength(3), patience)
  asked[2]!.answer(3)
  await Promise.all(waiting)
  expect([followed.current(), asked.length]).toEqual([3, 3])
  followed.close()
})

test('what cannot be read is not what it was before: it is told, and tried again by itself', async () => {
  const { followed, asked, tell } = await open()
  let heard = 0
  followed.onChange(() => heard++)
  tell()
  await vi.waitFor(() => expect(asked).toHaveLength(2), patience)
  asked[1]!.fail(new Error('gone'))
  await vi.waitFor(() => expect(heard).toBe(1), patience)
  expect(() => followed.current()).toThrow('no word of it')
  await vi.waitFor(() => expect(asked).toHaveLength(3), patience)
  asked[2]!.answer(2)
  await vi.waitFor(() => expect([followed.current(), heard]).toEqual([2, 2]), patience)
  followed.close()
})

test('closed, it hears no more, and a reading that fails then is not tried again', async () => {
  const { followed, asked, listeners } = await open()
  const reading = followed.reload()
  await vi.waitFor(() => expect(asked).toHaveLength(2), patience)
  followed.close()
  asked[1]!.fail(new Error('the store is closed'))
  await reading
  expect([followed.current(), listeners.size]).toEqual([1, 0])
})
