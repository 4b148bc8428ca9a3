import { BadRequest } from './read-request.ts'

/** How long callers may take, in milliseconds. A request that is held, and an answer, take as long as they take. */
export interface CallerTimes {
  /** For the head of a request, from its first byte on. */
  readonly head: number
  /** For a body that is read whole before it is judged. */
  readonly body: number
  /** Between two pieces of a body that is streamed. */
  readonly pause: number
}

export const callerTimes: CallerTimes = { head: 60_000, body: 300_000, pause: 300_000 }

/** What comes of a caller; rejects with a BadRequest where it does not come in so many milliseconds. */
export async function inTime<T>(coming: Promise<T>, time: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const words = `the body of the request did not come within ${Math.ceil(time / 1_000)} s: send it faster, or in parts`
  const timer = setTimeout(() => late.reject(new BadRequest(words, 408)), time)
  try {
    return await Promise.race([coming, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
