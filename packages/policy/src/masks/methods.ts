import { createHmac } from 'node:crypto'
import type { MaskDocument, ValueMask } from '@hoop/contracts'

export type MaskMethod = MaskDocument['method']

/** Where several masks meet, the first of these wins: from what reveals nothing to what reveals a part. */
export const strictestFirst: readonly MaskMethod[] = ['null', 'redact', 'fixed', 'hash', 'partial']

/** What `redact` puts in the place of a value. */
export const redacted = '[masked]'
const fixed = '*****'

/**
 * The mask of one method; `hashKey` keys `hash`.
 *
 * - `redact`: `[masked]`
 * - `fixed`: `*****`
 * - `partial`: as many characters as the value, all `*` but the last four, of a short value the last third, of fewer than 8 characters none
 * - `hash`: `h_` and 16 hex digits of HMAC-SHA256: equal values stay equal, so that joins and counts still work
 * - `null`: SQL NULL
 *
 * No method ever gives back the value it was given: one that happens to look masked is masked otherwise.
 */
export function valueMask(method: MaskMethod, rule: string, hashKey: Buffer): ValueMask {
  const text = textMethod(method, hashKey)
  const ascii = asciiMethod(method)
  const looksMasked = (value: string): boolean => masked[method].test(value)
  return { rule, method, text, looksMasked, ...(ascii !== null && { ascii }) }
}

/** What each method gives; NULL is a value like any other. */
const masked: Readonly<Record<MaskMethod, RegExp>> = {
  redact: /^\[(masked|redacted)\]$/,
  fixed: /^\*{5,6}$/,
  partial: /^(\*+|#+).{0,4}$/su,
  hash: /^h_[0-9a-f]{16}$/,
  null: /^(?!)/,
}

function textMethod(method: MaskMethod, hashKey: Buffer): (value: string) => string | null {
  switch (method) {
    case 'redact':
      return (value) => (value === redacted ? '[redacted]' : redacted)
    case 'fixed':
      return (value) => (value === fixed ? '******' : fixed)
    case 'partial':
      return partial
    case 'hash':
      return (value) => `h_${createHmac('sha256', hashKey).update('hoop mask\0').update(value).digest('hex').slice(0, 16)}`
    case 'null':
      return () => null
  }
}

/** What `text` does, where that can be done from byte to byte. */
function asciiMethod(method: MaskMethod): NonNullable<ValueMask['ascii']> | null {
  switch (method) {
    case 'redact':
      return asciiConstant(redacted, '[redacted]')
    case 'fixed':
      return asciiConstant(fixed, '******')
    case 'partial':
      return asciiPartial
    case 'hash':
    case 'null':
      return null
  }
}

function asciiConstant(usual: string, otherwise: string): NonNullable<ValueMask['ascii']> {
  const [form, other] = [Buffer.from(usual), Buffer.from(otherwise)]
  return (bytes, start, end, into, at) => {
    let same = end - start === form.length
    for (let i = 0; same && i < form.length; i++) same = bytes[start + i] === form[i]
    const shown = same ? other : form
    for (let i = 0; i < shown.length; i++) into[at + i] = shown[i] as number
    return at + shown.length
  }
}

const star = 0x2a
const numberSign = 0x23

function asciiPartial(bytes: Uint8Array, start: number, end: number, into: Uint8Array, at: number): number {
  const hidden = Math.max(1, end - start - partialKeeps(end - start))
  let looksMasked = end > start
  for (let i = start; looksMasked && i < start + hidden; i++) looksMasked = bytes[i] === star
  const cover = looksMasked ? numberSign : star
  for (let i = 0; i < hidden; i++) into[at + i] = cover
  let to = at + hidden
  for (let i = start + hidden; i < end; i++) into[to++] = bytes[i] as number
  return to
}

/** How many characters at the end `partial` keeps: never more than a third. */
function partialKeeps(length: number): number {
  return length < 8 ? 0 : Math.min(4, Math.floor(length / 3))
}

function partial(value: string): string {
  const length = countCharacters(value)
  const keep = partialKeeps(length)
  const tail = lastCharacters(value, keep)
  const masked = '*'.repeat(Math.max(1, length - keep)) + tail
  return masked === value ? '#'.repeat(length - keep) + tail : masked
}

/** Characters are code points: half of a surrogate pair is not a character. */
function countCharacters(value: string): number {
  let count = 0
  for (let at = 0; at < value.length; at++) if (!endsPair(value, at)) count++
  return count
}

function lastCharacters(value: string, count: number): string {
  let start = value.length
  for (let left = count; left > 0 && start > 0; left--) start -= endsPair(value, start - 1) ? 2 : 1
  return value.slice(start)
}

function endsPair(value: string, at: number): boolean {
  return at > 0 && (value.charCodeAt(at) & 0xfc00) === 0xdc00 && (value.charCodeAt(at - 1) & 0xfc00) === 0xd800
}
