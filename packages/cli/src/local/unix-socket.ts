import { once } from 'node:events'
import { chmod, lstat, mkdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts/errors'
import { isErrno } from '../state/folder.ts'
import { withLock } from '../state/lock.ts'
import { closeAll, type Listener } from './listener.ts'

/** What sun_path holds without its final NUL: 108 bytes on Linux, 104 elsewhere. */
const maxPath = process.platform === 'linux' ? 107 : 103

export interface SocketPlace {
  /** Of this user alone (0700); made if it is not there. */
  readonly folder: string
  /** As programs of its protocol look for it. */
  readonly name: string
  readonly port: number
  /** Two that look at the same left-behind socket at once take turns. */
  readonly lock: string
}

/**
 * A Unix socket (0600) that only programs of this user can reach. One that a dead process left is replaced. Sockets are handed over paused
 * and half-open. Throws HoopError `conflict` when somebody listens there, or when the folder is open to others.
 */
export async function listenOnSocket(place: SocketPlace, accept: (socket: Socket) => void): Promise<Listener> {
  const { folder, name, port } = place
  const path = join(folder, name)
  checkPath(path)
  await ensureOwn(folder)
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    accept(socket)
  })
  await withLock(place.lock, async () => {
    await removeDead(path)
    await bind(server, path)
    await chmod(path, 0o600)
  })
  // closing the server removes the file
  return { host: folder, port, close: () => closeAll([server], sockets) }
}

function checkPath(path: string): void {
  if (process.platform === 'win32') throw new HoopError('invalid_request', 'programs on Windows know no Unix sockets')
  if (Buffer.byteLength(path) <= maxPath) return
  throw new HoopError('invalid_request', `the path of the socket is longer than ${maxPath} bytes: ${path}`, {
    hint: 'choose a shorter one with --socket-folder',
  })
}

async function ensureOwn(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const found = await lstat(folder)
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return
  throw new HoopError('conflict', `${folder} is not a folder of yours alone`, {
    hint: `chmod 700 ${folder}, or choose another with --socket-folder`,
  })
}

async function bind(server: Server, path: string): Promise<void> {
  server.listen({ path })
  try {
    await once(server, 'listening')
  } catch (error) {
    if (isErrno(error, 'EADDRINUSE')) throw taken(path)
    throw error
  }
}

/** Nobody listens on what a killed process left: connecting to it is refused. */
async function removeDead(path: string): Promise<void> {
  try {
    if (!(await lstat(path)).isSocket()) throw taken(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return
    throw error
  }
  const socket = connect({ path })
  try {
    await once(socket, 'connect')
    throw taken(path)
  } catch (error) {
    if (!isErrno(error, 'ECONNREFUSED')) throw isErrno(error) ? taken(path) : error
    await rm(path, { force: true })
  } finally {
    socket.destroy()
  }
}

function taken(path: string): HoopError {
  return new HoopError('conflict', `${path} is taken by another program`, {
    hint: 'end that program (another `hoop connect`?), or choose another folder with --socket-folder',
  })
}
