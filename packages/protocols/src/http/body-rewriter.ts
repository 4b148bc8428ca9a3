/** The body of a request or an answer is not what its type says, or cannot be shown: words for the caller. What was not written yet does not leave. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
}

/** Shows a body with its values masked while it streams. Pure: bytes in, bytes out. Of no use any more once it has thrown. */
export interface BodyRewriter {
  /** Takes bytes as they come (any cut), which stay as they are from then on; gives what may leave now. Throws a BodyError. */
  write(chunk: Buffer): readonly Buffer[]
  /** The rest. Throws a BodyError where the body is cut off in the middle. */
  end(): readonly Buffer[]
  /** Values masked, by rule. */
  readonly masked: Readonly<Record<string, number>>
}
