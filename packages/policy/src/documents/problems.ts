import { HoopError } from '@hoop/contracts'

/** One mistake in a file of documents; line and column count from 1, columns in UTF-16 units. */
export interface DocumentProblem {
  readonly line: number
  readonly column: number
  readonly message: string
  /** The place as a compiler shows it: `file:line:column: message`, the source line, a caret under the place. */
  readonly shown: string
}

/** A file of documents that cannot be applied: the first mistakes in it, in the order of the file, and how many more there are. */
export class DocumentError extends HoopError {
  readonly problems: readonly DocumentProblem[]
  constructor(problems: readonly DocumentProblem[], more: number) {
    const shown = problems.map((problem) => problem.shown)
    if (more > 0) shown.push(`and ${more} more`)
    super('invalid_document', shown.join('\n\n'), {
      hint: 'Nothing was applied. Correct the file and apply it again.',
    })
    this.problems = problems
  }
}

/** Source lines longer than this are shown around the caret only. */
const shownWidth = 160
/** More mistakes than a person reads at once are only counted. */
const shownProblems = 50

/** The text of one file and the mistakes found in it. */
export class ProblemList {
  readonly #file: string
  readonly #source: string
  readonly #lines: readonly number[]
  readonly #found: Found[] = []
  readonly #secrets: { start: number; end: number }[] = []

  constructor(file: string, source: string) {
    this.#file = file
    this.#source = source
    this.#lines = lineStarts(source)
  }

  get empty(): boolean {
    return this.#found.length === 0
  }

  /** `[start, end)` in UTF-16 units of the file. */
  add(start: number, end: number, message: string): void {
    this.#found.push({ start, end, message })
  }

  /** What stands in `[start, end)` is never shown. */
  hide(start: number, end: number): void {
    this.#secrets.push({ start, end })
  }

  /** The line of an offset, from 1. */
  lineOf(offset: number): number {
    let [low, high] = [0, this.#lines.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#lines[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }

  /** Throws DocumentError if there is any. */
  throwIfAny(): void {
    if (this.empty) return
    const inOrder = this.#found.toSorted((a, b) => a.start - b.start)
    const shown = inOrder.slice(0, shownProblems).map((problem) => this.#show(problem))
    throw new DocumentError(shown, inOrder.length - shown.length)
  }

  #show({ start, end, message }: Found): DocumentProblem {
    const { line, column, text } = this.#locate(start)
    const skipped = Math.max(0, column - 1 - shownWidth / 2)
    const shown = hidePasswords(text).slice(skipped, skipped + shownWidth)
    const before = shown.slice(0, column - 1 - skipped).replace(/[^\t]/g, ' ')
    const carets = '^'.repeat(Math.max(1, Math.min(end - start, shown.length - (column - 1 - skipped))))
    return { line, column, message, shown: `${this.#file}:${line}:${column}: ${message}\n  ${shown}\n  ${before}${carets}` }
  }

  /** Line and column of an offset, both from 1, and the text of the line: it ends up in terminals and logs of CI jobs, so that secrets are blotted out. */
  #locate(offset: number): { line: number; column: number; text: string } {
    const at = Math.min(Math.max(0, offset), this.#source.length)
    const line = this.lineOf(at)
    const first = this.#lines[line - 1] ?? 0
    const last = (this.#lines[line] ?? this.#source.length + 1) - 1
    let text = this.#source.slice(first, last)
    for (const { start, end } of this.#secrets) {
      const [from, to] = [Math.max(start, first) - first, Math.min(end, last) - first]
      // At its length, so that the caret stays.
      if (from < to) text = text.slice(0, from) + text.slice(from, to).replace(/[^\s]/g, '*') + text.slice(to)
    }
    return { line, column: at - first + 1, text: text.replace(/\r$/, '') }
  }
}

interface Found {
  readonly start: number
  readonly end: number
  readonly message: string
}

/** As `hide`, for files of which the nodes could not be told. */
function hidePasswords(line: string): string {
  return line.replace(/(password["']?\s*:\s*)([^\s{][^,}]*)/g, (_, key: string, value: string) => key + '*'.repeat(value.length))
}

/** Offsets of the first characters of all lines. */
function lineStarts(source: string): number[] {
  const starts = [0]
  for (let next = source.indexOf('\n'); next !== -1; next = source.indexOf('\n', next + 1)) starts.push(next + 1)
  return starts
}
