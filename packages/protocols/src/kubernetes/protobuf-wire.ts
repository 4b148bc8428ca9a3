import { BodyError } from '../http/body-rewriter.ts'

/** How the bytes of a field are cut. Groups are of proto1, and nobody sends them. https://protobuf.dev/programming-guides/encoding/#structure */
export type WireType = 'varint' | 'fixed64' | 'bytes' | 'fixed32'

const wireTypes: readonly (WireType | null)[] = ['varint', 'fixed64', 'bytes', null, null, 'fixed32', null, null]

/** Reads the fields of one message, to the letter: what has two readings, or is cut off, is refused with a BodyError. */
export class WireReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  tag(): { readonly number: number; readonly wire: WireType } {
    const tag = this.#small('the tag of a field')
    const wire = wireTypes[tag & 7] ?? null
    const number = tag >>> 3
    if (wire === null || number === 0) throw new BodyError(`${tag} is no tag of a field`)
    return { number, wire }
  }

  /** 64 bits as they stand there, without a sign. */
  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte >= 0x80) continue
      if (byte === 0 && shift > 0n) throw new BodyError('a number is written longer than it is')
      if (value > maxUint64) break
      return value
    }
    throw new BodyError('a number has more than 64 bits')
  }

  double(): number {
    return this.#take(8).readDoubleLE()
  }

  bytes(): Buffer {
    return this.#take(this.#small('a length'))
  }

  #take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new BodyError('it is cut off in the middle of a field')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  /** Tags have 32 bits, and lengths 31. */
  #small(what: string): number {
    const value = this.varint()
    if (value > 0x7fff_ffffn) throw new BodyError(`${value} is too large for ${what}`)
    return Number(value)
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new BodyError('it is cut off in the middle of a field')
    this.#at++
    return byte
  }
}

const maxUint64 = 0xffff_ffff_ffff_ffffn
