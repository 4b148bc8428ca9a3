import { type Duplex, pipeline } from 'node:stream'
import { type DialAnswer, type DialTarget, dialAnswers } from '@hoop/contracts'
import type { AllowList } from './allow-list.ts'
import { dialTarget } from './dial.ts'

/** Dials for one stream of the gateway's, tells it how that went, and carries bytes until both directions end. */
export async function serveStream(
  target: DialTarget,
  stream: Duplex,
  allowed: AllowList,
  onAnswer: (answer: DialAnswer) => void,
): Promise<void> {
  const gone = new AbortController()
  const onClose = () => gone.abort(new Error('the gateway wants it no more'))
  stream.once('close', onClose)
  const dialled = await dialTarget(target, allowed, gone.signal).catch(() => null)
  stream.off('close', onClose)
  if (dialled === null) return
  onAnswer(dialled.answer)
  if (dialled.answer !== 'connected') {
    stream.end(Buffer.of(dialAnswers[dialled.answer]))
    stream.resume()
    return
  }
  const { socket } = dialled
  if (stream.destroyed) return void socket.destroy()
  const address = Buffer.from(dialled.address ?? '', 'latin1')
  stream.write(Buffer.concat([Buffer.of(dialAnswers.connected, address.length), address]))
  // Each destroys the other end with its error: a socket that fails resets the stream, and the other way round.
  pipeline(socket, stream, () => {})
  pipeline(stream, socket, () => {})
}
