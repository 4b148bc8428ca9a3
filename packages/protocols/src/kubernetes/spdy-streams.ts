import type { Maybe } from '@hoop/contracts'
import type { SpdyHeaders } from './spdy-headers.ts'
import type { StreamChannel, StreamEvent, UpgradePurpose } from './stream-event.ts'

/** Open at one time: two for each forwarded connection. */
const maxStreams = 1_000

/** One stream that a caller opened. */
export interface SpdyStream extends Pick<StreamEvent, 'channel' | 'port' | 'connection'> {
  /** What the backend is told of it. */
  readonly headers: SpdyHeaders
  replied: boolean
  /** Who sends no more on it. */
  readonly ended: { up: boolean; down: boolean }
}

/** The streams of one connection: what they are for, by the headers that they were opened with. */
export class SpdyStreams {
  readonly #purpose: UpgradePurpose
  readonly #open = new Map<number, SpdyStream>()
  #last = 0

  constructor(purpose: UpgradePurpose) {
    this.#purpose = purpose
  }

  get(id: number): SpdyStream | undefined {
    return this.#open.get(id)
  }

  /** The id of an open stream that carries this. */
  find(channel: StreamChannel): number | null {
    for (const [id, stream] of this.#open) if (stream.channel === channel) return id
    return null
  }

  /** Whether there was such a stream: frames of it may still be on their way. */
  knows(id: number): boolean {
    return id % 2 === 1 && id <= this.#last
  }

  /** Takes the id for a new stream; false: a caller's ids are odd, and grow. */
  take(id: number): boolean {
    if (id % 2 === 0 || id <= this.#last) return false
    this.#last = id
    return true
  }

  /** The stream, open now; null: it is refused. */
  open(id: number, headers: SpdyHeaders): Maybe<SpdyStream | null> {
    const stream = this.#read(headers)
    if (stream === null || this.#open.size >= maxStreams) return null
    const begin = (allowed: boolean): SpdyStream | null => {
      if (!allowed) return null
      this.#open.set(id, stream)
      return stream
    }
    if (this.#purpose.kind === 'remote-command') return begin(true)
    const allowed = this.#purpose.mayForward(stream.port ?? 0)
    return allowed instanceof Promise ? allowed.then(begin) : begin(allowed)
  }

  #read(headers: SpdyHeaders): SpdyStream | null {
    const type = headers.get('streamtype')
    if (this.#purpose.kind === 'remote-command') {
      const channel = commandChannels.get(type ?? '')
      if (channel === undefined || this.find(channel) !== null) return null
      return stream({ channel }, new Map([['streamtype', channel]]))
    }
    if (type !== 'data' && type !== 'error') return null
    const named = headers.get('port') ?? ''
    const connection = headers.get('requestid') ?? ''
    const port = /^[1-9]\d{0,4}$/.test(named) ? Number(named) : 0
    if (port === 0 || port > 65_535 || !/^\d{0,10}$/.test(connection)) return null
    const told = new Map([
      ['streamtype', type],
      ['port', String(port)],
    ])
    if (connection !== '') told.set('requestid', connection)
    return stream({ channel: type, port, ...(connection === '' ? {} : { connection }) }, told)
  }

  /** One side sends no more on it. */
  end(id: number, way: 'up' | 'down'): void {
    const stream = this.#open.get(id)
    if (stream === undefined) return
    stream.ended[way] = true
    if (stream.ended.up && stream.ended.down) this.#open.delete(id)
  }

  close(id: number): void {
    this.#open.delete(id)
  }
}

const commandChannels: ReadonlyMap<string, StreamChannel> = new Map(
  (['error', 'stdin', 'stdout', 'stderr', 'resize'] as const).map((name) => [name, name]),
)

function stream(of: Pick<StreamEvent, 'channel' | 'port' | 'connection'>, headers: SpdyHeaders): SpdyStream {
  return { ...of, headers, replied: false, ended: { up: false, down: false } }
}
