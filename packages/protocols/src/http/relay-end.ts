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

/** What a relay does with its two sockets. */
interface RelayParts {
  readonly caller: UpgradedSocket
  readonly backend: UpgradedSocket
  readonly signal: AbortSignal
  /** What one direction does with what it reads: resolves when there is nothing more to read. */
  pump(way: Way): Promise<void>
  /** Says what is to be said of a failure: the first error of either direction, or the signal's reason. */
  tell(failure: unknown): void
}

/** One relay, from the 101 to its end. */
export class RelayRun {
  /** Bytes of content that moved on, for whoever moves them to count. */
  readonly bytes = { up: 0, down: 0 }
  readonly #stopped = Promise.withResolvers<void>()
  #over = false
  #failure: unknown = null

  /** Nothing may be sent any more. */
  get over(): boolean {
    return this.#over
  }

  /** Ends it before both directions are over. */
  stop(): void {
    this.#over = true
    this.#stopped.resolve()
  }

  /** Runs both directions until both are over or it is stopped, and ends both sockets. Nothing of it runs any more when it resolves. */
  async run({ caller, backend, signal, pump, tell }: RelayParts): Promise<RelayEnd> {
    const fail = (failure: unknown): void => {
      if (this.#over) return
      this.#failure = failure
      tell(failure)
      this.stop()
    }
    const abort = (): void => fail(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    const both = Promise.all([pump('up').catch(fail), pump('down').catch(fail)])
    await Promise.race([both, this.#stopped.promise])
    signal.removeEventListener('abort', abort)
    await Promise.all([caller.finish(), backend.finish()])
    await both
    return { bytesUp: this.bytes.up, bytesDown: this.bytes.down, failure: this.#failure }
  }
}
