import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'
import { spdyDictionary } from './spdy-dictionary.ts'

/** One frame as a plain object: what the specification's figures name. */
export interface PeerFrame {
  /** 0: data. */
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly headers?: Record<string, string>
  /** What follows the stream id, of control frames without headers; all of it, of data. */
  readonly rest?: string
}

/** A SPDY/3.1 peer of its own making: node's zlib streams for its headers, and nothing of the code under test but the dictionary. */
export class SpdyPeer {
  readonly frames: PeerFrame[] = []
  readonly closed: Promise<unknown>
  readonly #socket: Duplex
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary })
  readonly #deflate: Deflate = createDeflate({ dictionary: spdyDictionary, level: 9 })
  /** What is sent goes out in the order in which it was asked for. */
  #sending: Promise<void> = Promise.resolve()

  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('error', () => undefined)
    this.closed = once(socket, 'close')
    void this.#read()
  }

  async #read(): Promise<void> {
    let bytes = Buffer.alloc(0)
    try {
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
        bytes = Buffer.concat([bytes, chunk])
        while (bytes.length >= 8 && bytes.length >= 8 + bytes.readUIntBE(5, 3)) {
          const length = 8 + bytes.readUIntBE(5, 3)
          this.frames.push(await this.#frame(bytes.subarray(0, length)))
          bytes = bytes.subarray(length)
        }
      }
    } catch {
      // Destroyed.
    }
    this.#socket.end()
  }

  async #frame(bytes: Buffer): Promise<PeerFrame> {
    const flags = bytes.readUInt8(4)
    if ((bytes.readUInt8(0) & 0x80) === 0) {
      return { type: 0, flags, stream: bytes.readUInt32BE(0), rest: bytes.subarray(8).toString() }
    }
    const type = bytes.readUInt16BE(2)
    const stream = bytes.readUInt32BE(8)
    if (type !== 1 && type !== 2 && type !== 8) return { type, flags, stream, rest: bytes.subarray(12).toString('hex') }
    const plain = await through(this.#inflate, bytes.subarray(type === 1 ? 18 : 12), 'flush')
    const headers: Record<string, string> = {}
    let at = 4
    const counted = (): string => {
      const end = at + 4 + plain.readUInt32BE(at)
      const text = plain.toString('latin1', at + 4, end)
      at = end
      return text
    }
    for (let left = plain.readUInt32BE(0); left > 0; left--) headers[counted()] = counted()
    return { type, flags, stream, headers }
  }

  /** Writes bytes as they are. */
  raw(bytes: Buffer): Promise<void> {
    return this.#send(() => bytes)
  }

  control(type: number, body: Buffer, flags = 0): Promise<void> {
    return this.#send(() => control(type, flags, body))
  }

  data(stream: number, text: string | Buffer, flags = 0): Promise<void> {
    const bytes = Buffer.from(text)
    const head = Buffer.alloc(8)
    head.writeUInt32BE(stream)
    head.writeUInt8(flags, 4)
    head.writeUIntBE(bytes.length, 5, 3)
    return this.raw(Buffer.concat([head, bytes]))
  }

  open(stream: number, headers: Record<string, string>, flags = 0): Promise<void> {
    return this.#send(async () =>
      control(1, flags, Buffer.concat([words(stream, 0), Buffer.alloc(2), await this.#block(headers)])),
    )
  }

  reply(stream: number, flags = 0): Promise<void> {
    return this.#send(async () => control(2, flags, Buffer.concat([words(stream), await this.#block({})])))
  }

  end(): Promise<void> {
    this.#sending = this.#sending.then(() => void this.#socket.end())
    return this.#sending
  }

  #send(make: () => Buffer | Promise<Buffer>): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      const bytes = await make()
      if (this.#socket.writable) this.#socket.write(bytes)
    })
    return this.#sending
  }

  #block(headers: Record<string, string>): Promise<Buffer> {
    const counted = (text: string): Buffer[] => [words(text.length), Buffer.from(text, 'latin1')]
    const entries = Object.entries(headers)
    const plain = Buffer.concat([words(entries.length), ...entries.flat().flatMap(counted)])
    return through(this.#deflate, plain, 'sync')
  }
}

/** 32 bits each. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, at * 4)
  return bytes
}

function control(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(0x8003)
  head.writeUInt16BE(type, 2)
  head.writeUInt8(flags, 4)
  head.writeUIntBE(body.length, 5, 3)
  return Buffer.concat([head, body])
}

/** What a zlib stream makes of these bytes and what came before. */
async function through(stream: Inflate | Deflate, bytes: Buffer, kind: 'flush' | 'sync'): Promise<Buffer> {
  const out: Buffer[] = []
  const collect = (chunk: Buffer): void => void out.push(chunk)
  stream.on('data', collect)
  await new Promise<void>((resolve) => stream.write(bytes, () => resolve()))
  if (kind === 'sync') await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, resolve))
  await new Promise((resolve) => setImmediate(resolve))
  stream.off('data', collect)
  return Buffer.concat(out)
}
