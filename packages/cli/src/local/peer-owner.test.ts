import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { listen } from './listener.ts'
import { isOwnPeer, ownerIn } from './peer-owner.ts'

// as /proc/net/tcp and tcp6 print them on a little-endian machine
const row = (local: string, remote: string, uid: number, inode: number) =>
  `   0: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0000000000000000 20 4 30 10 -1`
const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const table = (...rows: string[]) => [head, ...rows]

const us = { address: '127.0.0.1', port: 15_432 }
const peer = { address: '127.0.0.1', port: 40_000 }

it.each([
  ['its owner', row('0100007F:9C40', '0100007F:3C48', 1000, 77), 1000],
  ['our own end is not the peer’s', row('0100007F:3C48', '0100007F:9C40', 1000, 77), null],
  ['another connection from the same port', row('0100007F:9C40', '0100007F:0050', 1000, 77), null],
  ['a socket that its owner has let go', row('0100007F:9C40', '0100007F:3C48', 0, 0), null],
  ['an IPv6 socket', row('0000000000000000FFFF00000100007F:9C40', '0000000000000000FFFF00000100007F:3C48', 7, 77), 7],
])('reads %s', async (_, line, owner) => {
  expect(await ownerIn(table(line), peer, us)).toBe(owner)
})

it('reads ::1', async () => {
  const one = '00000000000000000000000001000000'
  const six = { address: '::1', port: 40_000 }
  expect(await ownerIn(table(row(`${one}:9C40`, `${one}:3C48`, 1000, 77)), six, { address: '::1', port: 15_432 })).toBe(1000)
})

const uid = process.platform === 'linux' ? (process.getuid?.() ?? null) : null

it.runIf(uid !== null)('knows a program of this user from one of another', async () => {
  const sockets: Socket[] = []
  let arrived = Promise.withResolvers<Socket>()
  const listener = await listen(0, (socket) => {
    sockets.push(socket)
    arrived.resolve(socket)
  })
  const own = connect({ port: listener.port, host: '127.0.0.1' })
  expect(await isOwnPeer(await arrived.promise, uid ?? -1)).toBe(true)
  expect(await isOwnPeer(await arrived.promise, (uid ?? 0) + 1)).toBe(false)
  own.destroy()
  if (uid === 0) {
    arrived = Promise.withResolvers<Socket>()
    const script = `process.setuid(65534); require('net').connect({ port: ${listener.port}, host: '127.0.0.1' })`
    const other = spawn(process.execPath, ['-e', script], { cwd: '/', stdio: 'ignore' })
    expect(await isOwnPeer(await arrived.promise, 0)).toBe(false)
    other.kill('SIGKILL')
    await once(other, 'exit')
  }
  await listener.close()
})
