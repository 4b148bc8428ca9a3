import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Metrics } from '../operations/metrics.ts'
import { silent } from '../testing/parts.ts'
import { Allowance } from './allowance.ts'
import { type Api, type ApiParts, buildApi } from './server.ts'
import { Strangers } from './strangers.ts'
import { callerAddress, networks } from './trusted-proxies.ts'

test('so many a minute for each network, and then again', () => {
  const allowance = new Allowance(2)
  const take = (address: string, now: number) => allowance.take(address, now)
  expect([take('10.0.0.1', 1), take('10.0.0.1', 2), take('10.0.0.1', 3)]).toEqual([true, true, false])
  expect(take('10.0.0.2', 4)).toBe(true)
  expect([take('2001:db8::1', 5), take('2001:db8::2', 6), take('2001:db8::3', 7)]).toEqual([true, true, false])
  expect(take('10.0.0.1', 61_000)).toBe(true)
})

test.each([
  ['nobody is trusted', null, '10.0.0.1', '9.9.9.9', '10.0.0.1'],
  ['the peer is not a proxy', '10.0.0.0/8', '192.0.2.1', '9.9.9.9', '192.0.2.1'],
  ['the last before the proxy, whatever stands before it', '10.0.0.0/8', '10.0.0.1', '1.1.1.1, 9.9.9.9', '9.9.9.9'],
  ['through two proxies', '10.0.0.0/8', '10.0.0.1', '1.1.1.1, 9.9.9.9, 10.0.0.2', '9.9.9.9'],
  ['IPv4 as IPv6 writes it', '10.0.0.0/8', '::ffff:10.0.0.1', '9.9.9.9', '9.9.9.9'],
  ['what is no address counts for nothing', '10.0.0.0/8', '10.0.0.1', '9.9.9.9, evil', '10.0.0.1'],
  ['no header', '10.0.0.0/8', '10.0.0.1', undefined, '10.0.0.1'],
])('the caller: %s', (_, trusted, remoteAddress, forwarded, caller) => {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  const asked = { socket: { remoteAddress }, headers } as unknown as Parameters<typeof callerAddress>[0]
  expect(callerAddress(asked, trusted === null ? null : networks(trusted))).toBe(caller)
})

test.each(['10.0.0.0/33', 'example.com', '10.0.0', '::1/129', '1.2.3.4/x', '1.2.3.4/8/8'])('%s is no network', (text) => {
  expect(networks(text)).toBeNull()
})

let api: Api
beforeAll(async () => {
  const config = { name: 'hoop', version: '1', issuer: 'https://i', clientId: 'c', scopes: [] }
  const parts = { config, strangers: new Strangers(), trustedProxies: null, meter: new Metrics({ version: '1' }), log: silent }
  api = await buildApi(parts as unknown as ApiParts, null)
  await api.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => api?.close())

test('one address asks for so many tunnels a minute, and the next one is answered without a look at its token', {
  timeout: 60_000,
}, async () => {
  let looked = 0
  api.server.on('upgrade', (_, socket) => {
    looked++
    socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  })
  const { port } = api.server.address() as AddressInfo
  const upgrade = async () => {
    const headers = { connection: 'upgrade', upgrade: 'websocket' }
    const asked = request({ port, host: '127.0.0.1', path: '/v1/tunnel?id=0b6ff4a0-6a3e-4f57-9b51-9d1f6a0c4a11', headers }).end()
    const [response] = await once(asked, 'response')
    response.resume()
    return response.statusCode as number
  }
  const statuses: number[] = []
  for (let round = 0; round < 61; round++) statuses.push(...(await Promise.all(Array.from({ length: 20 }, upgrade))))
  expect([looked, statuses.filter((status) => status === 401).length]).toEqual([1200, 1200])
  expect(new Set(statuses.slice(-20))).toEqual(new Set([429]))
})
