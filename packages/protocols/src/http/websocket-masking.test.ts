import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noMasks } from '../scripted-gate.fixture.ts'
import { cut, nines } from './json-masks.fixture.ts'
import { readRequest } from './read-request.ts'
import { ServiceDialect } from './service.ts'
import { WebSocketMasking } from './websocket-masking.ts'
import { received, webSocketsThrough } from './websocket-relay.fixture.ts'

test('however frames cut a text message, values in it are blanked, and each message is seen by itself', () => {
  const words = fc.constantFrom('9999999', '9', ' ', '\n', 'paid by ', 'é', 'x'.repeat(300))
  fc.assert(
    fc.property(fc.array(words), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (parts, sizes) => {
      const text = parts.join('')
      const answers = new WebSocketMasking(nines)
      for (const type of ['text', 'binary', 'text'] as const) {
        const pieces = text === '' ? [Buffer.alloc(0)] : cut(Buffer.from(text), sizes)
        const shown = pieces.map((bytes, at) =>
          answers.shown({ kind: 'piece', type, first: at === 0, last: at === pieces.length - 1, bytes }),
        )
        expect(Buffer.concat(shown).toString()).toBe(type === 'text' ? nines.text(text).text : text)
      }
    }),
  )
})

test('between two ends, what the record has is what the caller sees', async () => {
  const dialect = new ServiceDialect({ basePath: '', onlyListed: false, operations: [] })
  const request = readRequest({ method: 'GET', url: '/x', rawHeaders: ['Connection', 'Upgrade', 'Upgrade', 'websocket'] })
  const operation = dialect.operation(request, { kind: 'none' })
  const relay = dialect.upgraded(request, operation, [], { ...noMasks, empty: false, detectors: nines })
  const recorded = { up: '', down: '' }
  const { client, server, relayed } = await webSocketsThrough(async ({ caller, callerHead, backend, backendHead }) =>
    relay?.({
      caller: { socket: caller, head: callerHead },
      backend: { socket: backend, head: backendHead },
      signal: new AbortController().signal,
      admit: async () => false,
      record: async (way, bytes) => {
        recorded[way] += bytes.toString()
      },
    }),
  )
  const [atClient, atServer] = [received(client), received(server)]
  client.send('my 9999999')
  server.send('paid by 9999', { fin: false })
  server.ping()
  server.send('99', { fin: false })
  server.send('9, thanks', { fin: true })
  server.send('9999999')
  await expect.poll(() => atClient.messages.map(({ text }) => text)).toEqual(['paid by *******, thanks', '*******'])
  await expect.poll(() => atServer.messages.map(({ text }) => text)).toEqual(['my 9999999'])
  expect(recorded).toEqual({ up: 'my 9999999', down: 'paid by *******, thanks*******' })
  client.close()
  await relayed
})
