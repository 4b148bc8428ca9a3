import type { Maybe, Outcome, Permit, Refusal } from '@hoop/contracts'
import type { CopyRewriter } from './copy-format.ts'
import type { Statement } from './operations.ts'
import type { RowPlan } from './results.ts'

/** One admitted operation on its way: what came of it so far, until its one end. */
export class Exchange {
  readonly permit: Permit
  readonly statement: Statement
  /** Index of the part whose result comes next. */
  part = 0
  /** Undefined until the result is described. */
  plan: RowPlan | undefined = undefined
  /** COPY data is on its way down. */
  copyingOut = false
  copy: CopyRewriter | null = null
  /** Why what it uploads is refused, of which nothing more is sent: the backend is told to give up. */
  refusal: Refusal | null = null
  readonly #blind: () => boolean
  readonly #onEnd: () => void
  #rows = 0
  /** The next message of COPY data is a line of names. */
  #heading = false
  #tags: string[] = []
  #error: { code: string; message: string } | null = null
  #masked: Record<string, number> = {}
  #pieces: Buffer[] = []
  #ended = false

  /** `blind` is asked when a result comes: whether names in it may mean something else than they did when it was read. */
  constructor(permit: Permit, statement: Statement, blind: () => boolean, onEnd: () => void = () => undefined) {
    this.permit = permit
    this.statement = statement
    this.#blind = blind
    this.#onEnd = onEnd
  }

  get blind(): boolean {
    return this.#blind()
  }

  get ended(): boolean {
    return this.#ended
  }

  get started(): boolean {
    return this.#tags.length > 0 || this.#rows > 0 || this.#error !== null
  }

  readonly count = (rule: string): void => {
    this.#masked[rule] = (this.#masked[rule] ?? 0) + 1
  }

  row(): void {
    this.#rows++
  }

  copyOut(heading: boolean): void {
    this.copyingOut = true
    this.#heading = heading
  }

  /** One message of COPY data, `bytes[start, end)`, which is one row of it: so the protocol has it. */
  copiedOut(bytes: Buffer, start: number, end: number): void {
    if (this.#heading) this.#heading = false
    else if (!isTrailer(bytes, start, end)) this.#rows++
  }

  /** One statement of it is done. */
  complete(tag: string): void {
    this.#tags.push(tag)
    this.part++
    this.plan = undefined
    this.copyingOut = false
    this.copy = null
  }

  fail(code: string, message: string): void {
    this.#error = { code, message }
  }

  /** Bytes for the caller, to be on the record before they leave. */
  down(bytes: Buffer): void {
    this.#pieces.push(bytes)
  }

  /** Puts what has gathered on the record. */
  record(): Maybe<void> {
    const pieces = this.#take()
    if (pieces.length > 0) return this.permit.record('down', pieces, this.#rows)
  }

  end(kind: Outcome['kind']): Maybe<void> {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    const outcome: Outcome = {
      kind: this.#error === null || kind === 'not-run' ? kind : this.#error.code === '57014' ? 'cancelled' : 'error',
      tag: this.#tags.length === 0 ? null : this.#tags.join('; '),
      error: this.#error,
      rows: this.#rows,
      masked: this.#masked,
    }
    return this.permit.end(outcome, this.#take())
  }

  #take(): readonly Buffer[] {
    const pieces = this.#pieces
    if (pieces.length > 0) this.#pieces = []
    return pieces
  }
}

/** Of the binary format: a row of -1 fields. No line of the others is that short without a newline. */
function isTrailer(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 2 && bytes.readInt16BE(start) === -1
}
