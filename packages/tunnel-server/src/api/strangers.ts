import type { Server } from 'node:http'
import { type BlockList, isIPv4, type Socket, SocketAddress } from 'node:net'
import { listed } from './trusted-proxies.ts'

/** Enough for an office behind one address: a connection counts until somebody logs in on it. */
const perAddress = 256

type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>

/** Connections on which nobody has logged in yet: one address may have so many, so that it cannot keep everybody else out. */
export class Strangers {
  readonly #most: number
  readonly #trusted: BlockList | null
  readonly #ports = new Map<string, Set<number>>()

  /** `trusted`: proxies, on whose connections many come; they keep their own limits. */
  constructor({ most = perAddress, trusted = null }: { most?: number; trusted?: BlockList | null } = {}) {
    this.#most = most
    this.#trusted = trusted
  }

  /** Turns away, from now on, whom the limit does. */
  watch(server: Server): void {
    // Of TCP, before TLS: a handshake is what costs most.
    server.on('connection', (socket: Socket) => {
      const { remoteAddress: address, remotePort: port } = socket
      if (address !== undefined && listed(this.#trusted, address)) return
      if (address === undefined || port === undefined || !this.#add(networkOf(address), port)) return void socket.destroy()
      socket.once('close', () => this.#remove(networkOf(address), port))
    })
  }

  /** Somebody has logged in on this connection. */
  known({ remoteAddress: address, remotePort: port }: Peer): void {
    if (address !== undefined && port !== undefined) this.#remove(networkOf(address), port)
  }

  #add(network: string, port: number): boolean {
    const ports = this.#ports.get(network) ?? new Set()
    if (ports.size >= this.#most) return false
    this.#ports.set(network, ports.add(port))
    return true
  }

  #remove(network: string, port: number): void {
    const ports = this.#ports.get(network)
    ports?.delete(port)
    if (ports?.size === 0) this.#ports.delete(network)
  }
}

/** What one customer of a provider has: an IPv4 address, or 64 bits of IPv6 (RFC 6177). */
export function networkOf(address: string): string {
  const four = address.replace(/^::ffff:/i, '')
  if (isIPv4(four)) return four
  const [head = '', tail] = new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' }).address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return groups.slice(0, 4).join(':')
}
