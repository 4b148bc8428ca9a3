import { open } from 'node:fs/promises'
import { isIPv6, type Socket } from 'node:net'
import { endianness } from 'node:os'

/** One end of a connection. */
export interface SocketAddress {
  readonly address: string
  readonly port: number
}

/**
 * Whether the program at the other end of a loopback socket runs as this user: its row in /proc/net/tcp or tcp6 says so
 * (https://docs.kernel.org/networking/proc_net_tcp.html). No row, or the row of a socket that its owner has let go: no. Root too is another user.
 */
export async function isOwnPeer(socket: Socket, uid: number): Promise<boolean> {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  if (!remoteAddress || !remotePort || !localAddress || !localPort) return false
  const peer = { address: remoteAddress, port: remotePort }
  const us = { address: localAddress, port: localPort }
  // An IPv4 connection is in either table, and nearly always in the first. While others come and go a row may be passed over: it is looked for again.
  const tables = isIPv6(peer.address) ? ['/proc/net/tcp6'] : ['/proc/net/tcp', '/proc/net/tcp6']
  for (const path of [...tables, ...tables]) {
    const owner = await ownerIn(rowsOf(path), peer, us)
    if (owner !== null) return owner === uid
  }
  return false
}

/** The uid that owns the socket from `from` to `to` in a table of /proc/net/tcp's form; null when it is not there or orphaned. */
export async function ownerIn(
  rows: AsyncIterable<string> | Iterable<string>,
  from: SocketAddress,
  to: SocketAddress,
): Promise<number | null> {
  const there = forms(to)
  const ends = forms(from).map((form, index) => `${form} ${there[index]}`)
  for await (const row of rows) {
    if (!ends.some((both) => row.includes(both))) continue
    const [, local, remote, , , , , uid, , inode] = row.trim().split(/\s+/)
    if (uid === undefined || inode === undefined || !ends.includes(`${local} ${remote}`)) continue
    return inode === '0' ? null : Number(uid)
  }
  return null
}

/** The kernel walks all its sockets to make the table, for milliseconds: it is asked for no more of it than is needed. None where there is no table. */
async function* rowsOf(path: string): AsyncGenerator<string, void, void> {
  const file = await open(path).catch(() => null)
  if (file === null) return
  try {
    const space = Buffer.allocUnsafe(16 * 1024)
    let unfinished = ''
    for (;;) {
      const { bytesRead } = await file.read(space, 0, space.length, null)
      if (bytesRead === 0) return
      const rows = `${unfinished}${space.toString('latin1', 0, bytesRead)}`.split('\n')
      unfinished = rows.pop() ?? ''
      yield* rows
    }
  } catch {
    // A table that cannot be read on says nothing of who it is.
  } finally {
    await file.close()
  }
}

/** An IPv4 address may be in either table: a program may have connected with an IPv6 socket. */
function forms({ address, port }: SocketAddress): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  if (isIPv6(address)) return [hexWords(bytesOfIPv6(address)) + suffix]
  const four = address.split('.').map(Number)
  return [hexWords(four) + suffix, hexWords([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...four]) + suffix]
}

/** The kernel prints each 32-bit word as a number of its own byte order. */
function hexWords(bytes: readonly number[]): string {
  let text = ''
  for (let index = 0; index < bytes.length; index += 4) {
    const word = bytes.slice(index, index + 4)
    if (endianness() === 'LE') word.reverse()
    text += word.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('')
  }
  return text
}

function bytesOfIPv6(address: string): number[] {
  const [head = '', tail] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const all = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
  return all.flatMap((group) => [group >> 8, group & 0xff])
}
