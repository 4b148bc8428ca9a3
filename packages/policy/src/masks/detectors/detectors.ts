import { type DetectorKind, type Detectors, type Finding, type MaskDocument, nationalIdKinds } from '@hoop/contracts'
import type { RE2JS } from 're2js'
import { findCards } from './card.ts'
import { type Cover, coverFinding } from './cover.ts'
import { compileValuePattern, findPattern } from './patterns.ts'
import { type Found, Scan } from './scan.ts'
import { unfinishedFrom } from './unfinished.ts'

const none: readonly Finding[] = []

interface Pattern {
  readonly name: string
  readonly rule: string
  readonly re2: RE2JS
}

/**
 * Finds by value what these masks detect; null where they detect nothing. The first mask that detects a kind is the one that masks it: give the
 * strictest first. Masks in place: see `coverFinding`. Search one value at a time: bytes of a frame beside a value would count as its neighbours.
 */
export function valueDetectors(masks: readonly MaskDocument[], hashKey: Buffer): Detectors | null {
  const rules = new Map<DetectorKind, string>()
  const covers = new Map<string, Cover>()
  const patterns: Pattern[] = []
  for (const mask of masks) {
    const rule = `Mask/${mask.name}`
    covers.set(rule, { method: mask.method, hashKey })
    for (const kind of mask.detect.flatMap((kind) => (kind === 'national-id' ? nationalIdKinds : [kind]))) {
      if (!rules.has(kind)) rules.set(kind, rule)
    }
    patterns.push(...mask.patterns.map((pattern) => ({ name: pattern.name, rule, re2: compileValuePattern(pattern) })))
  }
  if (rules.size === 0 && patterns.length === 0) return null
  return new ValueDetectors(rules, patterns, covers)
}

class ValueDetectors implements Detectors {
  readonly #rules: ReadonlyMap<DetectorKind, string>
  readonly #patterns: readonly Pattern[]
  readonly #covers: ReadonlyMap<string, Cover>
  readonly #scan: Scan
  /** The only kind: card numbers, which can be looked for without a look at each byte. */
  readonly #onlyCards: boolean
  /** Of the search that goes on. */
  #found: Finding[] | null = null
  /** Once for all searches: most are of a few bytes, and find nothing. */
  readonly #take: Found = (kind, start, end) => {
    this.#found ??= []
    this.#found.push({ start, end, kind, rule: this.#rules.get(kind) as string })
  }
  readonly #takeCard = (start: number, end: number): void => this.#take('card', start, end)

  constructor(rules: ReadonlyMap<DetectorKind, string>, patterns: readonly Pattern[], covers: ReadonlyMap<string, Cover>) {
    this.#rules = rules
    this.#patterns = patterns
    this.#covers = covers
    this.#scan = new Scan(new Set(rules.keys()))
    this.#onlyCards = rules.size === 1 && rules.has('card')
  }

  find(bytes: Uint8Array, start: number, end: number): readonly Finding[] {
    const first = Math.max(0, start)
    const last = Math.min(end, bytes.length)
    this.#found = null
    if (this.#onlyCards) findCards(bytes, first, last, this.#takeCard)
    else if (this.#rules.size > 0) this.#scan.run(bytes, first, last, this.#take)
    const findings = this.#found as Finding[] | null
    this.#found = null
    if (this.#patterns.length === 0 || last <= first) return findings ?? none
    return this.#withPatterns(bytes, first, last, findings ?? [])
  }

  blank(bytes: Uint8Array, findings: readonly Finding[]): void {
    for (const finding of findings) coverFinding(bytes, finding, this.#covers.get(finding.rule) as Cover)
  }

  text(value: string): { text: string; masked: Record<string, number> } {
    const bytes = Buffer.from(value)
    const findings = this.find(bytes, 0, bytes.length)
    if (findings.length === 0) return { text: value, masked: {} }
    this.blank(bytes, findings)
    const masked: Record<string, number> = {}
    for (const { rule } of findings) masked[rule] = (masked[rule] ?? 0) + 1
    return { text: bytes.toString(), masked }
  }

  unfinished(bytes: Uint8Array, start: number, end: number): number {
    return unfinishedFrom(bytes, start, end, this.#rules.has('jwt'), this.#rules.has('private-key'))
  }

  /** In order, and what overlaps cut off where what was found before it ends: together they cover all that was found. */
  #withPatterns(bytes: Uint8Array, first: number, last: number, findings: Finding[]): readonly Finding[] {
    for (const { name, rule, re2 } of this.#patterns)
      findPattern(re2, bytes, first, last, (start, end) => findings.push({ start, end, kind: name, rule }))
    if (findings.length === 0) return none
    const apart: Finding[] = []
    let covered = first
    for (const finding of findings.toSorted((one, other) => one.start - other.start)) {
      if (finding.end <= covered) continue
      apart.push(finding.start >= covered ? finding : { ...finding, start: covered })
      covered = finding.end
    }
    return apart
  }
}
