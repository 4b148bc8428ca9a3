import type { Detectors, Finding, MaskDocument } from '@hoop/contracts'
import { findCards } from './card.ts'
import type { MaskMethod } from './methods.ts'

type DetectorKind = MaskDocument['detect'][number]

/** The detectors by value: each calls `found` with every `[from, to)`, in order, without overlap. */
const scanners = {
  card: findCards,
} satisfies Record<
  DetectorKind,
  (bytes: Uint8Array, start: number, end: number, found: (from: number, to: number) => void) => void
>

/** Which rule asks for a detector, and how what it finds is masked. */
export interface DetectorRule {
  readonly kind: DetectorKind
  readonly rule: string
  readonly method: MaskMethod
}

const none: readonly Finding[] = []
const star = 0x2a

/**
 * The detectors of one plan. A mask in place keeps length and separators: `partial` leaves the last four digits, every other method leaves
 * none. Search one value at a time: bytes of a frame beside a value would count as its neighbours.
 */
export function detectors(rules: readonly DetectorRule[]): Detectors {
  const keeps = new Map(rules.map((rule) => [rule.rule, rule.method === 'partial' ? 4 : 0]))

  function find(bytes: Uint8Array, start: number, end: number): readonly Finding[] {
    let findings: Finding[] | null = null
    for (const { kind, rule } of rules) {
      scanners[kind](bytes, start, end, (from, to) => {
        findings ??= []
        findings.push({ start: from, end: to, kind, rule })
      })
    }
    return findings ?? none
  }

  function blank(bytes: Uint8Array, findings: readonly Finding[]): void {
    for (const finding of findings) {
      let keep = keeps.get(finding.rule) ?? 0
      for (let at = finding.end - 1; at >= finding.start; at--) {
        const byte = bytes[at]
        if (byte === undefined || byte < 0x30 || byte > 0x39) continue
        if (keep > 0) keep--
        else bytes[at] = star
      }
    }
  }

  function text(value: string): { text: string; masked: Record<string, number> } {
    const bytes = Buffer.from(value)
    const findings = find(bytes, 0, bytes.length)
    if (findings.length === 0) return { text: value, masked: {} }
    blank(bytes, findings)
    const masked: Record<string, number> = {}
    for (const { rule } of findings) masked[rule] = (masked[rule] ?? 0) + 1
    return { text: bytes.toString(), masked }
  }

  return { find, blank, text }
}
