import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { type DialAnswer, type DialTarget, dialAnswers, HoopError, type PeerStream, type StreamHeader } from '@hoop/contracts'
import { resetCodes, StreamReset, type Tunnel } from '@hoop/tunnel'

/** The agent went away before it answered: nothing was sent to the backend, another one may be asked. */
export class AgentLost extends Error {
  override readonly name = 'AgentLost'
}

/** The gateway that has the agent's tunnel cannot be reached. */
export class GatewayUnreachable extends AgentLost {}

/** What an agent opened. */
export interface Reached {
  readonly stream: Duplex
  /** The IP address that it reached; null for a Unix socket. */
  readonly address: string | null
}

/** The agent answered that it did not connect, and why. */
export class DialRefused extends HoopError {
  readonly answer: Exclude<Answer['kind'], 'connected'>
  constructor(agent: string, answer: Exclude<Answer['kind'], 'connected'>) {
    super('connection_unavailable', `The backend cannot be reached through the agent ${agent}: ${words[answer]}.`, {
      hint:
        answer === 'notListed' || answer === 'neverDialled'
          ? 'An admin compares the address of the connection with --allow of the agent.'
          : 'It may be down, or its address may be wrong: an admin looks at the connection.',
    })
    this.answer = answer
  }
}

/** Asks one agent to dial, and waits for its answer. @throws AgentLost, DialRefused, HoopError `connection_unavailable`, the signal's reason */
export async function reach(
  agent: { readonly name: string; readonly tunnel: Pick<Tunnel, 'openStream'> },
  target: DialTarget,
  signal: AbortSignal,
): Promise<Reached> {
  const { stream, address } = await ask(agent, { dial: target }, 1, signal)
  return { stream, address }
}

/** The same through the gateway that has the agent's tunnel; answers which agent it was. */
export async function reachThrough(
  peer: Pick<Tunnel, 'openStream'>,
  header: PeerStream,
  signal: AbortSignal,
): Promise<Reached & { readonly instance: string }> {
  const { stream, address, instance } = await ask({ name: header.agent, tunnel: peer }, header, 2, signal)
  return { stream, address, instance }
}

/** What `reachThrough` reads, ahead of what the backend sends. */
export function peerAnswer({ address }: Pick<Reached, 'address'>, instance: string): Buffer {
  const texts = [address ?? '', instance].map((text) => Buffer.from(text, 'latin1'))
  return Buffer.concat([
    Buffer.of(dialAnswers.connected),
    ...texts.flatMap((text) => [Buffer.of(Math.min(text.length, 255)), text.subarray(0, 255)]),
  ])
}

async function ask(
  { name, tunnel }: { readonly name: string; readonly tunnel: Pick<Tunnel, 'openStream'> },
  header: StreamHeader,
  texts: number,
  signal: AbortSignal,
): Promise<Reached & { readonly instance: string }> {
  signal.throwIfAborted()
  const stream = tunnel.openStream(header)
  try {
    const answer = await answerOf(stream, texts, signal)
    if (answer.kind !== 'connected') throw new DialRefused(name, answer.kind)
    const [address = '', instance = ''] = answer.texts
    return { stream, address: isIP(address) === 0 ? null : address, instance }
  } catch (error) {
    stream.destroy()
    throw error
  }
}

type Answer =
  | { readonly kind: 'connected'; readonly texts: readonly string[] }
  | { readonly kind: Exclude<DialAnswer, 'connected'> | 'unknown' }

function answerOf(stream: Duplex, texts: number, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const head = new AnswerReader(stream, texts)
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
  readonly #wanted: number
  readonly #texts: string[] = []
  #code: number | null = null
  #length: number | null = null

  /** `wanted`: texts behind `connected`. */
  constructor(stream: Duplex, wanted: number) {
    this.#stream = stream
    this.#wanted = wanted
  }

  /** Null: more must come. */
  read(): Answer | null {
    this.#code ??= this.#byte()
    if (this.#code === null) return null
    if (this.#code !== dialAnswers.connected) return { kind: kinds.get(this.#code) ?? 'unknown' }
    while (this.#texts.length < this.#wanted) {
      const text = this.#text()
      if (text === null) return null
      this.#texts.push(text)
    }
    return { kind: 'connected', texts: this.#texts }
  }

  #text(): string | null {
    this.#length ??= this.#byte()
    if (this.#length === null) return null
    const bytes: Buffer | null = this.#length === 0 ? Buffer.of() : this.#stream.read(this.#length)
    // At its end a stream gives less than was asked for.
    if (bytes === null || bytes.length < this.#length) return null
    this.#length = null
    return bytes.toString('latin1')
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

/** Whether the agent is gone, or never took the stream. */
function isLost(error: Error): boolean {
  const codes: readonly number[] = [resetCodes.tunnelClosed, resetCodes.refused, resetCodes.lost]
  return error instanceof StreamReset && codes.includes(error.code)
}

function broken(cause?: Error): HoopError {
  return new HoopError('connection_unavailable', 'The backend cannot be reached: the agent failed at it.', {
    hint: 'Try again; the log of the agent says why.',
    cause,
  })
}
