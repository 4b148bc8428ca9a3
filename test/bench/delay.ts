import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Of one direction that are under way at most; beyond them nothing more is read. */
const bytesUnderWay = 16 * 1024 * 1024

interface Delay {
  readonly port: number
  stop(): Promise<void>
}

/** A network before a port of this machine, each direction of which takes `milliseconds` and keeps its order. */
export async function startDelay(port: number, milliseconds: number): Promise<Delay> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    delayed(near, far, milliseconds)
    delayed(far, near, milliseconds)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Timers of one length fire in the order in which they were set. */
function delayed(from: Socket, to: Socket, milliseconds: number): void {
  let underWay = 0
  from.on('data', (bytes: Buffer) => {
    underWay += bytes.length
    if (underWay > bytesUnderWay) from.pause()
    setTimeout(() => {
      underWay -= bytes.length
      to.write(bytes)
      if (underWay <= bytesUnderWay) from.resume()
    }, milliseconds)
  })
  from.on('end', () => setTimeout(() => to.end(), milliseconds))
  from.on('close', () => setTimeout(() => to.destroySoon(), milliseconds))
}
