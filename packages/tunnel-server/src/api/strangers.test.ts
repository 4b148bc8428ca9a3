import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { networkOf, Strangers } from './strangers.ts'

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::1', '0:0:0:0'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s belongs to %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

let server: Server | undefined
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server?.close()
})

test('an address gets so many connections until somebody logs in on them', async () => {
  const strangers = new Strangers({ most: 2 })
  const accepted: Socket[] = []
  const http = createServer()
  server = http
  strangers.watch(http)
  http.on('connection', (socket: Socket) => {
    if (!socket.destroyed) accepted.push(socket)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const open = async () => {
    const socket = connect((http.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    await once(socket, 'connect')
    return socket
  }
  const [first] = [await open(), await open()]
  await expect.poll(() => accepted.length).toBe(2)
  await once(await open(), 'close')

  strangers.known(accepted[0]!)
  await open()
  await expect.poll(() => accepted.length).toBe(3)
  await once(await open(), 'close')

  sockets[1]!.destroy()
  await expect.poll(() => accepted[1]!.destroyed).toBe(true)
  await open()
  await expect.poll(() => accepted.length).toBe(4)
  expect(first!.destroyed).toBe(false)
})
