import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { type DialAnswer, type DialTarget, dialAnswers, HoopError } from '@hoop/contracts'
import { resetCodes, StreamReset, type Tunnel } from '@hoop/tunnel'

/** The agent went away before it answered: nothing was sent to the backend, another one may be asked. */
export class AgentLost extends Error {
  override readonly name = 'AgentLost'
}

/** What an agent opened. */
export interface Reached {
  readonly stream: Duplex
  /** The IP address that it reached; null for a Unix socket. */
  readonly address: string | null
}

/** Asks one agent to dial, and waits for its answer. @throws AgentLost, HoopError `connection_unavailable`, the signal's reason */
export async function reach(
  agent: { readonly name: string; readonly tunnel: Pick<Tunnel, 'openStream'> },
  target: DialTarget,
  signal: AbortSignal,
): Promise<Reached> {
  signal.throwIfAborted()
  const stream = agent.tunnel.openStream({ dial: target })
  try {
    const answer = await answerOf(stream, signal)
    if (answer.kind !== 'connected') throw refusal(agent.name, answer.kind)
    return { stream, address: answer.address }
  } catch (error) {
    stream.destroy()
    throw error
  }
}

type Answer =
  | { readonly kind: 'connected'; readonly address: string | null }
  | { readonly kind: Exclude<DialAnswer, 'connected'> | 'unknown' }

function answerOf(stream: Duplex, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const head = new AnswerReader(stream)
    const settle = (work: () => void) => {
      stream.off('readable', onReadable).off('error', onError).off('end', onEnd)
      signal.removeEventListener('abort', onAbort)
      work()
    }
    const onReadable = () => {
      const answer = head.read()
      if (answer !== null) settle(() => resolve(answer))
    }
    const onError = (error: Error) => settle(() => reject(isLost(error) ? new AgentLost(error.message) : broken(error)))
    const onEnd = () => settle(() => reject(broken()))
    const onAbort = () => settle(() => reject(signal.reason))
    stream.on('readable', onReadable).on('error', onError).on('end', onEnd)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Takes no byte more than the answer has: the next ones are the backend's. */
class AnswerReader {
  readonly #stream: Duplex
  #code: number | null = null
  #addressLength: number | null = null

  constructor(stream: Duplex) {
    this.#stream = stream
  }

  /** Null: more must come. */
  read(): Answer | null {
    this.#code ??= this.#byte()
    if (this.#code === null) return null
    if (this.#code !== dialAnswers.connected) return { kind: kinds.get(this.#code) ?? 'unknown' }
    this.#addressLength ??= this.#byte()
    if (this.#addressLength === null) return null
    if (this.#addressLength === 0) return { kind: 'connected', address: null }
    const address: Buffer | null = this.#stream.read(this.#addressLength)
    // At its end a stream gives less than was asked for.
    if (address === null || address.length < this.#addressLength) return null
    const text = address.toString('latin1')
    return { kind: 'connected', address: isIP(text) === 0 ? null : text }
  }

  #byte(): number | null {
    const byte: Buffer | null = this.#stream.read(1)
    return byte?.[0] ?? null
  }
}

const kinds = new Map<number, Exclude<DialAnswer, 'connected'>>(
  Object.entries(dialAnswers).flatMap(([kind, code]) =>
    kind === 'connected' ? [] : [[code, kind as Exclude<DialAnswer, 'connected'>] as const],
  ),
)

const words: Record<Exclude<Answer['kind'], 'connected'>, string> = {
  refused: 'the connection was refused',
  noAnswer: 'no answer',
  unreachable: 'there is no way to it',
  unknownName: 'its name is not known there',
  notListed: 'its address is not on the list of what this agent may dial',
  neverDialled: 'its address is of a kind that agents never dial',
  unknown: 'for a reason that this gateway does not know',
}

function refusal(agent: string, kind: Exclude<Answer['kind'], 'connected'>): HoopError {
  return new HoopError('connection_unavailable', `The database cannot be reached through the agent ${agent}: ${words[kind]}.`, {
    hint:
      kind === 'notListed' || kind === 'neverDialled'
        ? 'An admin compares the address of the connection with --allow of the agent.'
        : 'The database may be down, or its address may be wrong: an admin looks at the connection.',
  })
}

/** Whether the agent is gone, or never took the stream. */
function isLost(error: Error): boolean {
  return error instanceof StreamReset && (error.code === resetCodes.tunnelClosed || error.code === resetCodes.refused)
}

function broken(cause?: Error): HoopError {
  return new HoopError('connection_unavailable', 'The database cannot be reached: the agent failed at it.', {
    hint: 'Try again; the log of the agent says why.',
    cause,
  })
}
