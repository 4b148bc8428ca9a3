import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { HoopError } from '@hoop/contracts/errors'
import { carry } from '../local/carry.ts'
import { type Listener, listen } from '../local/listener.ts'
import { isOwnPeer } from '../local/peer-owner.ts'
import { listenOnSocket, type SocketPlace } from '../local/unix-socket.ts'

export interface DoorwayOptions {
  /** A port, 0 for any free one; or a Unix socket. */
  readonly place: number | SocketPlace
  /** Programs of other users of this machine may come in too. */
  readonly anyUser: boolean
  /** The answer to a program's first bytes that needs no gateway; null: they go there. */
  answer(firstBytes: Buffer): Promise<Uint8Array | null>
  stream(firstBytes: Buffer): Promise<Duplex>
  /** A program was turned away, or its stream failed: words for people. */
  onTrouble(words: string): void
}

/** A local port or Unix socket whose connections are carried to the gateway, if the program behind them is this user's. */
export function openDoorway(options: DoorwayOptions): Promise<Listener> {
  const { place } = options
  const accept = (socket: Socket) => {
    // the failure is told by what awaits the socket
    socket.on('error', () => {})
    letIn(socket, options).catch((error: unknown) => {
      socket.destroy()
      options.onTrouble(error instanceof HoopError ? error.message : `a local program’s connection broke: ${words(error)}`)
    })
  }
  return typeof place === 'number' ? listen(place, accept) : listenOnSocket(place, accept)
}

async function letIn(socket: Socket, { place, anyUser, answer, stream }: DoorwayOptions): Promise<void> {
  const uid = process.platform === 'linux' ? process.getuid?.() : undefined
  // the folder of a Unix socket lets in nobody else
  const open = anyUser || typeof place !== 'number'
  if (!open && uid !== undefined && !(await isOwnPeer(socket, uid))) {
    throw new HoopError(
      'no_access',
      `a program of another user was turned away from port ${socket.localPort} (--any-user lets them in)`,
    )
  }
  try {
    await carry(socket, { answer, open: stream })
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
