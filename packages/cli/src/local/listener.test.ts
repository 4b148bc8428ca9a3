import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { expect, it } from 'vitest'
import { isFree, listen } from './listener.ts'

const hasIPv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))

it('listens on both loopback addresses, and says when a port is taken', async () => {
  const accepted: string[] = []
  const listener = await listen(0, (socket) => {
    accepted.push(socket.localAddress ?? '')
    socket.destroy()
  })
  const hosts = hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']
  for (const host of hosts) await once(connect({ port: listener.port, host }).resume(), 'close')
  expect(accepted).toEqual(hosts)
  expect(await isFree(listener.port)).toBe(false)
  await expect(listen(listener.port, () => {})).rejects.toMatchObject({
    code: 'conflict',
    hint: expect.stringContaining('--port'),
  })
  await listener.close()
  expect(await isFree(listener.port)).toBe(true)
})
