import type { Literal, Part } from '@hoop/contracts'
import { redefines } from './changes.ts'
import { longestTemplate } from './free-constants.ts'
import type { Statement } from './operations.ts'
import type { ConstantToken } from './parser.ts'
import { plainTokens } from './plain-tokens.ts'

/** Statements that are kept for texts which differ in their constants only, each with other constants that count. */
const maxVariants = 8

/** A constant or a quoted name of a text. */
interface Place {
  readonly start: number
  readonly end: number
  /** What any text must have there: exactly this, or a constant of this kind. */
  readonly needs: { readonly exactly: string } | { readonly kind: string }
  readonly literal: Literal | null
}

interface Template {
  readonly statement: Statement
  readonly places: readonly Place[]
}

/**
 * Statements that were read, for texts that differ from theirs in constants whose value has no part in the reading (`Statement.free`). Such a text has the
 * same effects, objects, facts and sources, as the same objects; its text, its literals and its parts are its own.
 */
export class Templates {
  readonly #bySkeleton = new Map<string, Template[]>()

  /** What {@link readStatement} would say of the text; null: it must be asked. */
  read(text: string): Statement | null {
    const tokens = text.length > longestTemplate || this.#bySkeleton.size === 0 ? null : plainTokens(text)
    const templates = tokens && this.#bySkeleton.get(tokens.skeleton)
    const template = templates?.find((candidate) => fits(candidate, text, tokens?.constants ?? []))
    return template && tokens ? filled(template, text, tokens.constants) : null
  }

  /** Keeps a statement that was read for itself, if others can be made of it; answers whether it did. */
  keep(statement: Statement): boolean {
    const { text } = statement.operation
    const tokens = servesOthers(statement) ? plainTokens(text) : null
    if (tokens === null) return false
    const templates = this.#bySkeleton.get(tokens.skeleton) ?? []
    if (templates.length >= maxVariants) return false
    templates.push({ statement, places: placesOf(statement, tokens.constants) })
    this.#bySkeleton.set(tokens.skeleton, templates)
    return true
  }

  clear(): void {
    this.#bySkeleton.clear()
  }
}

/** Whether nothing of it depends on its text beside its operation. */
function servesOthers({ free, operation, ...statement }: Statement): boolean {
  return (
    free.length > 0 &&
    operation.refused === null &&
    operation.runs.length === 0 &&
    statement.unresolved.length === 0 &&
    statement.missing === null &&
    statement.rejected === null &&
    statement.temporary.size === 0 &&
    statement.types.length === 0 &&
    statement.applicationNames.length === 0 &&
    !statement.ofSession &&
    !redefines(statement.redefines) &&
    statement.parts.every((part) => part.session.length === 0 && !part.changesCatalogue)
  )
}

function placesOf({ free, operation: { text, literals } }: Statement, tokens: readonly ConstantToken[]): readonly Place[] {
  let next = 0
  return tokens.map(({ start, end }) => {
    const index = literals[next]?.start === start ? next++ : null
    const written = text.slice(start, end)
    const isFree = index !== null && free.includes(index)
    const needs = isFree ? { kind: kindOf(written) } : { exactly: written }
    return { start, end, needs, literal: index === null ? null : (literals[index] ?? null) }
  })
}

function fits({ places }: Template, text: string, tokens: readonly ConstantToken[]): boolean {
  return (
    places.length === tokens.length &&
    tokens.every(({ start, end }, index) => {
      const needs = places[index]?.needs
      if (needs === undefined) return false
      if ('kind' in needs) return kindOf(text.slice(start, end)) === needs.kind
      return needs.exactly.length === end - start && text.startsWith(needs.exactly, start)
    })
  )
}

/** Numbers of one kind are one kind of token to the grammar, and of one type to the server. */
function kindOf(written: string): string {
  if (written.startsWith("'")) return 'text'
  if (written.includes('.')) return 'decimal'
  return Number(written) <= maxInteger ? 'integer' : 'long'
}
const maxInteger = 0x7fff_ffff

function filled({ statement, places }: Template, text: string, tokens: readonly ConstantToken[]): Statement {
  const literals: Literal[] = []
  for (const [index, { start, end }] of tokens.entries()) {
    const literal = places[index]?.literal
    if (literal) literals.push({ start, end, sources: literal.sources, secret: literal.secret })
  }
  const parts = statement.operation.parts.map((part) => moved(part, places, tokens))
  return { ...statement, operation: Object.freeze({ ...statement.operation, text, literals, parts }) }
}

/** A part where the constants before its borders have other lengths. */
function moved(part: Part, places: readonly Place[], tokens: readonly ConstantToken[]): Part {
  const at = (offset: number): number => {
    let by = 0
    for (const [index, place] of places.entries()) {
      if (place.end > offset) break
      by = (tokens[index]?.end ?? 0) - place.end
    }
    return offset + by
  }
  return { ...part, start: at(part.start), end: at(part.end) }
}
