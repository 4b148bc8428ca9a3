import { HoopError } from '@hoop/contracts'

/** Why a stream ended before its time: the code of a RESET frame. */
export const resetCodes = {
  /** Nobody wants its bytes any more. */
  cancelled: 1,
  /** Something behind it failed; the words say what. */
  failed: 2,
  /** It was not accepted: too many streams, or the tunnel is going away. Nothing has happened; it may be tried elsewhere. */
  refused: 3,
  /** The tunnel under it ended. Never on the wire. */
  tunnelClosed: 4,
  /** Between gateways: the tunnel behind it, to the agent, ended. */
  lost: 5,
} as const

/** What a stream fails with when its peer, or the end of the tunnel, resets it. Given to `destroy`, it is sent as it is. */
export class StreamReset extends Error {
  override readonly name = 'StreamReset'
  /** One of `resetCodes`, or a later number. */
  readonly code: number
  /** For people. */
  readonly words: string
  constructor(code: number, words: string) {
    super(words)
    this.code = code
    this.words = words
  }
}

/** What the peer may know of an error: a person's error in its own words, of any other only that there was one. */
export function resetFor(error: Error | null): { readonly code: number; readonly words: string } {
  if (error === null) return { code: resetCodes.cancelled, words: 'The stream was closed.' }
  if (error instanceof StreamReset) return error
  if (error instanceof HoopError) return { code: resetCodes.failed, words: error.message }
  return { code: resetCodes.failed, words: 'The stream failed.' }
}
