import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { expect, test, vi } from 'vitest'
import { Turns } from './turns.ts'

test('what comes first is done first, and what it leaves for the end in the same turn', async () => {
  const turns = new Turns()
  const done: string[] = []
  turns.last(() => done.push('last'))
  turns.first(() => {
    done.push('first')
    turns.last(() => done.push('left by the first'))
  })
  await turn()
  expect(done).toEqual(['first', 'last', 'left by the first'])
  turns.first(() => {
    turns.first(() => done.push('the next turn'))
  })
  await turn()
  await turn()
  expect(done.at(-1)).toBe('the next turn')
})

test('what is left for the end of a turn begins no other', async () => {
  const turns = new Turns()
  const begun = vi.spyOn(globalThis, 'setImmediate')
  turns.first(() => turns.last(() => {}))
  await turn()
  expect(begun).toHaveBeenCalledOnce()
  begun.mockRestore()
})

test('a fault of one is a fault of the process, and stops no other', async () => {
  const script = `
    const { parentPort } = require('node:worker_threads')
    import(${JSON.stringify(new URL('./turns.ts', import.meta.url).href)}).then(({ Turns }) => {
      process.on('uncaughtException', (error) => parentPort.postMessage(error.message))
      const turns = new Turns()
      turns.first(() => { throw new Error('a fault') })
      turns.first(() => parentPort.postMessage('another'))
      turns.last(() => parentPort.postMessage('the end'))
    })`
  const worker = new Worker(script, { eval: true })
  const told: unknown[] = []
  worker.on('message', (words) => told.push(words))
  await once(worker, 'exit')
  expect(told.toSorted()).toEqual(['a fault', 'another', 'the end'])
})
