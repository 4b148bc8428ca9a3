import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { HoopError } from '@hoop/contracts'
import { carry } from '../local/carry.ts'
import { type Listener, listen } from '../local/listener.ts'
import { isOwnPeer } from '../local/peer-owner.ts'

export interface DoorwayOptions {
  /** 0: any free one. */
  readonly port: number
  /** Programs of other users of this machine may come in too. */
  readonly anyUser: boolean
  stream(firstBytes: Buffer): Promise<Duplex>
  /** A program was turned away, or its stream failed: words for people. */
  onTrouble(words: string): void
}

/** A local port whose sockets are carried to the gateway, if the program behind them is this user's. */
export function openDoorway(options: DoorwayOptions): Promise<Listener> {
  return listen(options.port, (socket) => {
    // the failure is told by what awaits the socket
    socket.on('error', () => {})
    letIn(socket, options).catch((error: unknown) => {
      socket.destroy()
      options.onTrouble(error instanceof HoopError ? error.message : `a local program’s connection broke: ${words(error)}`)
    })
  })
}

async function letIn(socket: Socket, { anyUser, stream }: DoorwayOptions): Promise<void> {
  const uid = process.platform === 'linux' ? process.getuid?.() : undefined
  if (!anyUser && uid !== undefined && !(await isOwnPeer(socket, uid))) {
    throw new HoopError(
      'no_access',
      `a program of another user was turned away from port ${socket.localPort} (--any-user lets them in)`,
    )
  }
  try {
    await carry(socket, stream)
  } catch (error) {
    // a program that goes away in the middle is no news
    if (!isGone(error)) throw error
  }
}

function isGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))
  )
}

function words(error: unknown): string {
  if (error instanceof Error && 'words' in error && typeof error.words === 'string') return error.words
  return error instanceof Error ? error.message : String(error)
}
