import { BodyError } from './body-rewriter.ts'

/** The text of a string or a name that a tokenizer has given: `[start, end)` are its bytes, quotes included. A lone surrogate stays one. */
export function stringText(bytes: Buffer, start: number, end: number, escaped: boolean): string {
  if (!escaped)
    return end - start <= shortString ? shortText(bytes, start + 1, end - 1) : bytes.toString('utf8', start + 1, end - 1)
  const text: unknown = JSON.parse(bytes.toString('utf8', start, end))
  if (typeof text !== 'string') throw new BodyError('this is not JSON: a string was expected')
  return text
}

/** A native call for a few bytes costs more than they do. */
const shortString = 16

function shortText(bytes: Buffer, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    if (byte >= 0x80) return bytes.toString('utf8', start, end)
    text += String.fromCharCode(byte)
  }
  return text
}
