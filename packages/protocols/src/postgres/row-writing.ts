import { type Detectors, type Finding, maskGrowth } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { lineReadings, type MessageRoom, messageHeader } from './copy-format.ts'
import { integerDigits, numericDigits } from './number-digits.ts'
import type { ColumnAction } from './results.ts'
import { detectInValue } from './values.ts'

/** Digits of a number that is searched, at most; a longer one is looked at in the slow way. */
const longestNumber = 64

/**
 * Rewrites rows where they are to stand in the end: what is kept is copied once, and no value becomes an object of its own unless its mask is made of
 * its text, or something was found in it. It gives what `rewriteRow` does, which is asked where that is not so.
 */
export class RowWriter {
  /** The rules of the values that the last row was written without. */
  readonly masked: string[] = []
  readonly #number = Buffer.alloc(longestNumber)
  readonly #count = (rule: string): void => void this.masked.push(rule)

  /**
   * The row whose body is `bytes[start, end)`, behind the header of a message: where it ends in the room, or `unmasked`, or `unread` for one that may
   * become too long for it.
   */
  write(actions: readonly ColumnAction[], bytes: Buffer, start: number, end: number, room: MessageRoom): number {
    this.masked.length = 0
    if (end - start < 2) throw new ProtocolViolation('a row without its count')
    const fields = actions.length
    if (bytes.readUInt16BE(start) !== fields)
      throw new ProtocolViolation('a row with another number of columns than was announced')
    const size = messageHeader + end - start + fields * maskGrowth
    const into = room.reserve(size)
    const first = room.position + messageHeader
    const limit = room.position + size
    let to = first
    /** What stands before it is in the room, or left out. */
    let copied = start
    let at = start + 2
    for (let i = 0; i < fields; i++) {
      if (at + 4 > end) throw new ProtocolViolation('a row ends too early')
      const length =
        ((bytes[at] as number) << 24) |
        ((bytes[at + 1] as number) << 16) |
        ((bytes[at + 2] as number) << 8) |
        (bytes[at + 3] as number)
      const from = at + 4
      if (length === -1) {
        at = from
        continue
      }
      const next = from + length
      if (length < 0 || next > end) throw new ProtocolViolation('a value longer than its row')
      const action = actions[i] as ColumnAction
      if (action.kind === 'mask') {
        to = copy(bytes, copied, at, into, to)
        if (action.ascii !== undefined && isAscii(bytes, from, next)) {
          const shown = action.ascii(bytes, from, next, into, to + 4)
          putLength(into, to, shown - to - 4)
          to = shown
        } else {
          const shown = action.rewrite(bytes.subarray(from, next))
          to = putValue(shown, into, to, limit - (end - next) - (fields - i) * maskGrowth)
          if (to < 0) return lineReadings.unread
        }
        this.masked.push(action.rule)
        copied = next
      } else if (action.kind === 'detect' && action.search === 'text') {
        const findings = action.detectors.find(bytes, from, next)
        if (findings.length > 0) {
          to = copy(bytes, copied, next, into, to)
          copied = next
          this.#cover(action.detectors, into.subarray(to - length, to), from, findings)
        }
      } else if (action.kind === 'detect' && this.#mayHold(action, bytes, from, next)) {
        const value = bytes.subarray(from, next)
        const shown = detectInValue(action.detectors, action.typeOid, action.format, value, this.#count)
        if (shown !== value) {
          to = copy(bytes, copied, at, into, to)
          to = putValue(shown, into, to, limit - (end - next) - (fields - i) * maskGrowth)
          if (to < 0) return lineReadings.unread
          copied = next
        }
      }
      at = next
    }
    if (at !== end) throw new ProtocolViolation('bytes after the last value of a row')
    if (copied === start) return lineReadings.unmasked
    return copy(bytes, copied, end, into, to)
  }

  /** Covers in a value what was found where it came from, from `origin` on. The value stands alone: what is before it is none of it. */
  #cover(detectors: Detectors, value: Buffer, origin: number, findings: readonly Finding[]): void {
    const inValue = findings.map(({ start, end, kind, rule }) => ({ start: start - origin, end: end - origin, kind, rule }))
    detectors.blank(value, inValue)
    for (const { rule } of findings) this.masked.push(rule)
  }

  /** False: detectors find nothing in the value. */
  #mayHold({ search, detectors }: Extract<ColumnAction, { kind: 'detect' }>, bytes: Buffer, from: number, to: number): boolean {
    switch (search) {
      case 'nothing':
        return false
      case 'text':
      case 'bytes':
        return detectors.find(bytes, from, to).length > 0
      case 'digits':
        return hasExponent(bytes, from, to) || detectors.find(bytes, from, to).length > 0
      case 'int8': {
        const length = integerDigits(bytes, from, to, this.#number)
        return length < 0 || detectors.find(this.#number, 0, length).length > 0
      }
      case 'numeric': {
        const length = numericDigits(bytes, from, to, this.#number)
        return length < 0 || detectors.find(this.#number, 0, length).length > 0
      }
      case 'closer':
        return true
    }
  }
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  let bits = 0
  for (let i = start; i < end; i++) bits |= bytes[i] as number
  return bits < 0x80
}

function hasExponent(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (((bytes[i] as number) | 0x20) === 0x65) return true
  return false
}

function putLength(into: Buffer, at: number, length: number): void {
  into[at] = length >>> 24
  into[at + 1] = length >>> 16
  into[at + 2] = length >>> 8
  into[at + 3] = length
}

/** Answers where the value ends; -1: it has no room before `limit`. */
function putValue(value: Buffer | null, into: Buffer, at: number, limit: number): number {
  const length = value === null ? 0 : value.length
  if (at + 4 + length > limit) return -1
  putLength(into, at, value === null ? -1 : length)
  return value === null ? at + 4 : copy(value, 0, length, into, at + 4)
}

/** A call for a few bytes costs more than they do. */
const fewBytes = 64

/** Answers where the copy ends. */
function copy(bytes: Buffer, start: number, end: number, into: Buffer, at: number): number {
  if (end - start > fewBytes) return at + bytes.copy(into, at, start, end)
  let to = at
  for (let i = start; i < end; i++) into[to++] = bytes[i] as number
  return to
}
