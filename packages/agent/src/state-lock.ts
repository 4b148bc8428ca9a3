import { rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts'

/** What the kernel allows for the path of a Unix socket on every system we know. */
const longestPath = 103

/**
 * Takes a state folder for this process, until the answer is called: two agents with one key would push each other's tunnel out for ever.
 * A socket, because the kernel lets go of it however the process ends.
 * @throws HoopError `conflict` when a living agent has it
 */
export async function lockState(folder: string): Promise<() => Promise<void>> {
  const path =
    process.platform === 'win32' ? `\\\\.\\pipe\\hoop-agent-${folder.replaceAll(/[\\/:]/g, '-')}` : join(folder, 'agent.sock')
  if (Buffer.byteLength(path) > longestPath) {
    throw new HoopError('invalid_request', `The path of the state folder is too long: ${folder}`, {
      hint: 'Give a shorter --state.',
    })
  }
  const server = (await listen(path)) ?? (await takeOver(path, folder))
  return () => new Promise((resolve) => server.close(() => resolve()))
}

async function takeOver(path: string, folder: string): Promise<Server> {
  if (!(await answers(path))) {
    await rm(path, { force: true })
    const server = await listen(path)
    if (server !== null) return server
  }
  throw new HoopError('conflict', `Another agent runs with the state folder ${folder}.`, {
    hint: 'Each agent needs a folder of its own: --state.',
  })
}

/** Null: the path is taken. */
function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)))
    server.listen(path, () => resolve(server.unref()))
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
