import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Stoppable } from './keep.ts'

/** The network before one port: what is sent to it goes on to a server, until it is taken away. */
export interface Network extends Stoppable {
  readonly port: number
  /** Resets every connection, and each new one, until `mend`. */
  cut(): void
  /** Hands on nothing, and tells nobody, until `mend`. */
  freeze(): void
  mend(): void
}

/** A relay in front of a port on this machine. */
export async function startNetwork(to: { readonly port: number }): Promise<Network> {
  const sockets = new Set<Socket>()
  let state: 'whole' | 'cut' | 'frozen' = 'whole'
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (near) => {
    if (state === 'cut') return void near.resetAndDestroy()
    const far = connect({ port: to.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    for (const [from, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => {
        if (!other.write(bytes)) from.pause()
      })
      other.on('drain', () => state === 'frozen' || from.resume())
      from.on('end', () => other.end())
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        other.destroy()
      })
      if (state === 'whole') from.resume()
      else from.pause()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut'
      for (const socket of sockets) socket.resetAndDestroy()
    },
    freeze() {
      state = 'frozen'
      for (const socket of sockets) socket.pause()
    },
    mend() {
      state = 'whole'
      for (const socket of sockets) socket.resume()
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
