import { HoopError } from '@hoop/contracts'

/** One mistake in a file of documents; line and column count from 1, columns in UTF-16 units. */
export interface DocumentProblem {
  readonly line: number
  readonly column: number
  readonly message: string
  /** The place as a compiler shows it: `file:line:column: message`, the source line, a caret under the place. */
  readonly shown: string
}

/** A file of documents that cannot be applied: every mistake in it, in the order of the file. */
export class DocumentError extends HoopError {
  readonly problems: readonly DocumentProblem[]
  constructor(problems: readonly DocumentProblem[]) {
    const shown = problems.slice(0, shownProblems).map((problem) => problem.shown)
    if (problems.length > shownProblems) shown.push(`and ${problems.length - shownProblems} more`)
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
  readonly #found: { start: number; end: number; message: string }[] = []

  constructor(file: string, source: string) {
    this.#file = file
    this.#source = source
  }

  get empty(): boolean {
    return this.#found.length === 0
  }

  /** `[start, end)` in UTF-16 units of the file. */
  add(start: number, end: number, message: string): void {
    this.#found.push({ start, end, message })
  }

  /** Throws DocumentError if there is any. */
  throwIfAny(): void {
    if (this.empty) return
    const inOrder = this.#found.toSorted((a, b) => a.start - b.start)
    throw new DocumentError(inOrder.map((problem) => this.#show(problem)))
  }

  #show({ start, end, message }: { start: number; end: number; message: string }): DocumentProblem {
    const { line, column, text } = locate(this.#source, start)
    const skipped = Math.max(0, column - 1 - shownWidth / 2)
    const shown = hideSecrets(text).slice(skipped, skipped + shownWidth)
    const before = shown.slice(0, column - 1 - skipped).replace(/[^\t]/g, ' ')
    const carets = '^'.repeat(Math.max(1, Math.min(end - start, shown.length - (column - 1 - skipped))))
    return { line, column, message, shown: `${this.#file}:${line}:${column}: ${message}\n  ${shown}\n  ${before}${carets}` }
  }
}

/** A message ends up in terminals and logs of CI jobs: a password on the line is blotted out, at its length, so that the caret stays. */
function hideSecrets(line: string): string {
  return line.replace(/(password["']?\s*:\s*)([^\s{][^,}]*)/g, (_, key: string, value: string) => key + '*'.repeat(value.length))
}

/** Line and column of an offset, both from 1, and the text of the line. */
function locate(source: string, offset: number): { line: number; column: number; text: string } {
  const at = Math.min(Math.max(0, offset), source.length)
  const lineStart = source.lastIndexOf('\n', at - 1) + 1
  const lineEnd = source.indexOf('\n', at)
  let line = 1
  for (let next = source.indexOf('\n'); next !== -1 && next < at; next = source.indexOf('\n', next + 1)) line++
  const text = source.slice(lineStart, lineEnd === -1 ? source.length : lineEnd).replace(/\r$/, '')
  return { line, column: at - lineStart + 1, text }
}
