import type { Detectors, FieldNode, ValueMask } from '@hoop/contracts'
import type { BodyRewriter } from './body-rewriter.ts'

/** Shows how long a value is. */
export const mask: ValueMask = {
  rule: 'Mask/m',
  method: 'redact',
  looksMasked: () => false,
  text: (value) => `<${value.length}>`,
}
export const masked: FieldNode = { mask, member: () => null, element: () => null }

/** Finds numbers of seven nines, which is also a question of what stands beside them. */
export const nines: Detectors = {
  find: (bytes, start, end) =>
    [
      ...Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        .toString('latin1', start, end)
        .matchAll(/(?<!\d)9{7}(?!\d)/g),
    ].map(({ index }) => ({ start: start + index, end: start + index + 7, kind: 'card', rule: 'Mask/nines' })),
  blank: (bytes, findings) => {
    for (const { start, end } of findings) bytes.fill(0x2a, start, end)
  },
  text: (text) => {
    let count = 0
    const shown = text.replaceAll(/(?<!\d)9{7}(?!\d)/g, () => {
      count++
      return '*******'
    })
    return { text: shown, masked: count === 0 ? {} : { 'Mask/nines': count } }
  },
}

/** Pieces of these sizes, over and over; no sizes: one piece. */
export function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

export function run(rewriter: BodyRewriter, chunks: readonly Buffer[]): string {
  return Buffer.concat([...chunks.flatMap((chunk) => rewriter.write(chunk)), ...rewriter.end()]).toString()
}
