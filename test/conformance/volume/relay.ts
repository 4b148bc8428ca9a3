import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Stoppable } from '../../support/index.ts'

/** A TCP relay before a database, which can stop taking what the gateway sends, or fall silent in both directions. */
export interface Relay extends Stoppable {
  readonly port: number
  /** Connections that the gateway has open through it. */
  readonly size: number
  /** Reads no more from the gateway on any connection that is open now. */
  stall(): void
  /** Hands on nothing any more, and tells nobody: not even the end of the other side. */
  silence(): void
  resume(): void
}

export async function startRelay(to: { readonly host: string; readonly port: number }): Promise<Relay> {
  const pairs = new Set<readonly [gateway: Socket, database: Socket]>()
  let silent = false
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (gateway) => {
    const database = connect({ ...to, allowHalfOpen: true, noDelay: true })
    const pair = [gateway, database] as const
    pairs.add(pair)
    for (const [from, other] of [pair, [database, gateway]] as const) {
      from.on('data', (bytes) => {
        if (!silent && !other.destroyed && !other.write(bytes)) {
          from.pause()
          other.once('drain', () => from.resume())
        }
      })
      from.on('end', () => silent || other.end())
      from.on('error', () => {})
      from.on('close', () => {
        if (from === gateway) pairs.delete(pair)
        if (!silent) other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get size() {
      return pairs.size
    },
    stall() {
      for (const [gateway] of pairs) gateway.pause()
    },
    silence() {
      silent = true
    },
    resume() {
      silent = false
      for (const [gateway] of pairs) gateway.resume()
    },
    async stop() {
      for (const pair of pairs) for (const socket of pair) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
