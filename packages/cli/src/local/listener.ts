import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { HoopError } from '@hoop/contracts/errors'
import { isErrno } from '../state/folder.ts'

/** Where local programs connect. */
export interface Listener {
  /** An address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  /** Stops accepting and destroys the sockets that are open. */
  close(): Promise<void>
}

/**
 * A local port on 127.0.0.1 and, where it exists, on ::1: else another user could take `localhost`. Port 0 takes any free one. Sockets are handed over paused and half-open.
 * Throws HoopError `conflict` when the port is somebody else's.
 */
export async function listen(port: number, accept: (socket: Socket) => void): Promise<Listener> {
  for (let attempt = 0; ; attempt++) {
    const sockets = new Set<Socket>()
    const onSocket = (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      accept(socket)
    }
    const four = await bind('127.0.0.1', port, onSocket)
    try {
      const six = await bindIfPresent('::1', four.port, onSocket)
      return { host: '127.0.0.1', port: four.port, close: () => closeAll([four.server, ...(six ? [six.server] : [])], sockets) }
    } catch (error) {
      await closeAll([four.server], sockets)
      // an ephemeral port that is free on one address only: take another
      if (port !== 0 || attempt === 16) throw error
    }
  }
}

/** Whether nobody listens on the port. */
export async function isFree(port: number): Promise<boolean> {
  try {
    await (await listen(port, (socket) => socket.destroy())).close()
    return true
  } catch (error) {
    if (error instanceof HoopError) return false
    throw error
  }
}

async function bind(host: string, port: number, accept: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, accept)
  server.listen({ host, port, exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    if (isErrno(error, 'EADDRINUSE')) {
      throw new HoopError('conflict', `port ${port} on ${host} is taken by another program`, {
        hint: 'hoop status shows whether a `hoop connect` of yours has it, which hoop disconnect ends; or choose another port with --port: hoop does not move it by itself',
        cause: error,
      })
    }
    if (isErrno(error, 'EACCES')) {
      throw new HoopError('conflict', `port ${port} may not be opened by this user`, {
        hint: 'choose a port above 1023',
        cause: error,
      })
    }
    throw error
  }
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return { server, port: address.port }
}

async function bindIfPresent(...args: Parameters<typeof bind>): Promise<{ server: Server } | null> {
  try {
    return await bind(...args)
  } catch (error) {
    if (isErrno(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) return null
    throw error
  }
}

/** Stops accepting and destroys the sockets that are open. */
export async function closeAll(servers: readonly Server[], sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
  for (const socket of sockets) socket.destroy()
  await Promise.all(closed)
}
