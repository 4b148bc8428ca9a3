import type { Detectors } from '@hoop/contracts'
import { Pieces } from '../bytes.ts'
import { BodyError, type BodyRewriter } from './body-rewriter.ts'
import type { DocumentNode } from './field-nodes.ts'
import { unreadable } from './json-masking.ts'
import { jsonRewriter } from './json-rewriter.ts'
import { jsonLimits } from './json-tokenizer.ts'

const newline = 0x0a
const carriageReturn = 0x0d
const byteOrderMark = '\ufeff'
/** What several services send as the data of their last event, which is no JSON. */
const lastData = '[DONE]'

/**
 * Masks Server-Sent Events whose data are JSON documents (https://html.spec.whatwg.org/multipage/server-sent-events.html): each leaves as soon
 * as it is whole. Where something is masked by name, data that are no JSON are hidden, and lines that no client takes in are left out.
 */
export function eventStreamRewriter(root: DocumentNode | null, detectors: Detectors | null): BodyRewriter {
  return new EventStreamRewriter(root, detectors)
}

class EventStreamRewriter implements BodyRewriter {
  readonly masked: Record<string, number> = {}
  readonly #root: DocumentNode | null
  readonly #detectors: Detectors | null
  readonly #held = new Pieces()
  #first = true
  /** The line has nothing in it so far. */
  #empty = true
  #afterReturn = false

  constructor(root: DocumentNode | null, detectors: Detectors | null) {
    this.#root = root
    this.#detectors = detectors
  }

  write(chunk: Buffer): readonly Buffer[] {
    const out: Buffer[] = []
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      const goesOn = byte === newline && this.#afterReturn
      this.#afterReturn = byte === carriageReturn
      if (goesOn) continue
      if (byte !== newline && byte !== carriageReturn) this.#empty = false
      else if (this.#empty) {
        if (this.#afterReturn && chunk[at + 1] === newline) {
          this.#afterReturn = false
          at++
        }
        this.#hold(chunk.subarray(start, at + 1))
        out.push(this.#shown(this.#held.take()))
        start = at + 1
      } else this.#empty = true
    }
    this.#hold(chunk.subarray(start))
    return out.length < 2 ? out : [Buffer.concat(out)]
  }

  end(): readonly Buffer[] {
    return this.#held.length === 0 ? [] : [this.#shown(this.#held.take())]
  }

  #hold(piece: Buffer): void {
    if (this.#held.length + piece.length > jsonLimits.token)
      throw new BodyError(`an event is longer than ${jsonLimits.token} bytes, the most that can be looked at for masking`)
    this.#held.push(piece)
  }

  #shown(event: Buffer): Buffer {
    const text = event.toString()
    const lines = (this.#first && text.startsWith(byteOrderMark) ? text.slice(1) : text).split(/\r\n|\r|\n/)
    this.#first = false
    const firstData = lines.findIndex(isData)
    const value = lines.filter(isData).map(dataOf).join('\n')
    const shownValue = this.#data(value)
    const shown = lines.flatMap((line, i) => {
      if (!isData(line)) return this.#other(line)
      if (shownValue === value) return [line]
      return i === firstData ? shownValue.split('\n').map((part) => `data: ${part}`) : []
    })
    return shown.length === lines.length && shown.every((line, i) => line === lines[i]) ? event : Buffer.from(shown.join('\n'))
  }

  #data(value: string): string {
    if (value === '' || value === lastData) return value
    const rewriter = jsonRewriter({ root: this.#root, detectors: this.#detectors })
    try {
      const shown = Buffer.concat([...rewriter.write(Buffer.from(value)), ...rewriter.end()]).toString()
      this.#count(rewriter.masked)
      return shown
    } catch (error) {
      if (!(error instanceof BodyError)) throw error
      if (this.#root === null) return this.#found(value)
      this.#count({ [unreadable.rule]: 1 })
      return unreadable.text
    }
  }

  /** A comment, or a field that is not the event's data. */
  #other(line: string): readonly string[] {
    if (line === '' || /^(event|id|retry)?(:|$)/.test(line)) return [this.#found(line)]
    return this.#root === null ? [this.#found(line)] : []
  }

  #found(text: string): string {
    if (this.#detectors === null) return text
    const found = this.#detectors.text(text)
    this.#count(found.masked)
    return found.text
  }

  #count(masked: Readonly<Record<string, number>>): void {
    for (const [rule, count] of Object.entries(masked)) this.masked[rule] = (this.masked[rule] ?? 0) + count
  }
}

function isData(line: string): boolean {
  return line === 'data' || line.startsWith('data:')
}

function dataOf(line: string): string {
  return line.slice('data:'.length).replace(/^ /, '')
}
