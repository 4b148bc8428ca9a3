import { HoopError, type Way } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import type { UpgradedSocket } from './upgraded-socket.ts'

/** How a relay of what follows a 101 ended. */
export interface RelayEnd {
  /** Bytes of content that moved on, without framing. */
  readonly bytesUp: number
  readonly bytesDown: number
  /** Why it ended before its peers ended it: a ProtocolViolation of one of them, what a hook threw, or the signal's reason. */
  readonly failure: unknown
}

/** What a peer is told of a failure: our own faults are nobody's business but the log's. */
export function failureWords(failure: unknown): string {
  if (failure instanceof HoopError || failure instanceof ProtocolViolation) return failure.message
  return 'the gateway could not go on with this connection; its log says why'
}

/** What one direction does with what it reads: resolves when there is nothing more to read. */
export type Pump = (way: Way) => Promise<void>

/**
 * Runs both directions until both are over or one of them stops the relay, and ends both sockets. Nothing of it runs any more when it resolves.
 * `failed` gets the first error of either direction, or the signal's reason: what is to be said is said there.
 */
export async function runBothWays(options: {
  readonly caller: UpgradedSocket
  readonly backend: UpgradedSocket
  readonly signal: AbortSignal
  readonly pump: Pump
  /** Settled by whoever ends the relay before both directions are over. */
  readonly stopped: Promise<void>
  failed(failure: unknown): void
}): Promise<void> {
  const { caller, backend, signal, pump, stopped, failed } = options
  const abort = (): void => failed(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  const both = Promise.all([pump('up').catch(failed), pump('down').catch(failed)])
  await Promise.race([both, stopped])
  signal.removeEventListener('abort', abort)
  await Promise.all([caller.finish(), backend.finish()])
  await both
}
