import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { Issuer } from './issuer.ts'

test('a provider that is down is asked once for all who want to know, and again for the next', async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    setImmediate(() => response.writeHead(503).end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = new Issuer({ issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, allowPlain: true })
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => issuer.metadata()))
  expect(answers.every(({ status }) => status === 'rejected')).toBe(true)
  expect(asked).toBe(1)
  await expect(issuer.metadata()).rejects.toMatchObject({ code: 'unavailable' })
  expect(asked).toBe(2)
  server.close()
})
