import type { Detectors, Finding } from '@hoop/contracts'
import { findCards } from './card.ts'
import type { MaskMethod } from './methods.ts'

const none: readonly Finding[] = []
const star = 0x2a

/**
 * Finds card numbers by value, for one rule. A mask in place keeps length and separators: `partial` leaves the last four digits, every other
 * method leaves none. Search one value at a time: bytes of a frame beside a value would count as its neighbours.
 */
export function cardDetectors(rule: string, method: MaskMethod): Detectors {
  const keeps = method === 'partial' ? 4 : 0

  function find(bytes: Uint8Array, start: number, end: number): readonly Finding[] {
    let findings: Finding[] | null = null
    findCards(bytes, start, end, (from, to) => {
      findings ??= []
      findings.push({ start: from, end: to, kind: 'card', rule })
    })
    return findings ?? none
  }

  function blank(bytes: Uint8Array, findings: readonly Finding[]): void {
    for (const finding of findings) {
      let keep = keeps
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
    return { text: bytes.toString(), masked: { [rule]: findings.length } }
  }

  return { find, blank, text }
}
