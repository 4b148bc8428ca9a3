import {
  alphanumeric,
  base64,
  base64url,
  byteAt,
  byteBefore,
  digit,
  endOf,
  follows,
  is,
  lower,
  reads,
  readsBefore,
  space,
  upper,
} from './bytes.ts'
import type { Span } from './lettered-ids.ts'

/** A secret that is known by how it begins: which characters follow, and how many. */
interface Prefixed {
  readonly prefix: string
  readonly of: number
  readonly least: number
  readonly most: number
}

const token = (prefix: string, least: number, most = least, of = alphanumeric): Prefixed => ({ prefix, of, least, most })

/** Prefixes by the byte that stands beside their mark: most marks are none of theirs. Each prefix is published by who issues the token. */
type ByNeighbour = readonly (readonly Prefixed[] | undefined)[]
const behind = (mark: string, all: readonly Prefixed[]) =>
  byNeighbour(all, ({ prefix }) => prefix.charCodeAt(prefix.indexOf(mark) - 1))

const atUnderscore = behind('_', [
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => token(prefix, 36, 251)),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map((prefix) => token(prefix, 16, 247)),
  token('github_pat_', 82, 244, base64url),
  token('whsec_', 32, 128, base64),
  token('npm_', 36),
])
const atHyphen = behind('-', [
  ...['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glft-', 'glsoat-', 'glcbt-', 'glagent-'].map((prefix) =>
    token(prefix, 20, 240, base64url),
  ),
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xapp-'].map((prefix) => token(prefix, 10, 240, base64url)),
  token('GOCSPX-', 28, 28, base64url),
])
const atA = byNeighbour(
  [...['AKIA', 'ASIA', 'ABIA', 'ACCA'].map((prefix) => token(prefix, 16, 16, upper | digit)), token('AIza', 35, 35, base64url)],
  ({ prefix }) => prefix.charCodeAt(1),
)

function byNeighbour(all: readonly Prefixed[], neighbour: (prefixed: Prefixed) => number): ByNeighbour {
  return Array.from({ length: 256 }, (_, byte) => {
    const some = all.filter((prefixed) => neighbour(prefixed) === byte)
    return some.length === 0 ? undefined : some
  })
}

/** Where the token ends whose prefix has its mark at `at`; null: there is none. */
function prefixed(
  bytes: Uint8Array,
  at: number,
  first: number,
  last: number,
  candidates: readonly Prefixed[] | undefined,
  mark: string,
): Span | null {
  if (candidates === undefined) return null
  for (const { prefix, of, least, most } of candidates) {
    const start = at - prefix.indexOf(mark)
    if (start < first || !reads(bytes, start, last, prefix) || follows(bytes, start, first, alphanumeric)) continue
    const from = start + prefix.length
    const end = endOf(bytes, from, Math.min(last, from + most + 1), of)
    const fits = end - from >= least && end - from <= most && !is(bytes, end, last, alphanumeric)
    if (fits && !isOneCharacter(bytes, from, end)) return { start, end }
  }
  return null
}

/** Placeholders in documents: `ghp_xxxxxxxx…`. */
function isOneCharacter(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from + 1; at < to; at++) if (bytes[at] !== bytes[from]) return false
  return true
}

/** At a `_`: tokens of GitHub, Stripe and npm, and what stands behind `secret_access_key`. */
export function keyAtUnderscore(bytes: Uint8Array, at: number, first: number, last: number): Span | null {
  const before = byteBefore(bytes, at, first)
  if ((before | 0x20) === 0x73 && (byteAt(bytes, at + 1, last) | 0x20) === 0x6b) {
    const secret = secretBehindName(bytes, at + 1, first, last)
    if (secret !== null) return secret
  }
  return prefixed(bytes, at, first, last, atUnderscore[before], '_')
}

/** At a `-`: tokens of GitLab and Slack, client secrets of Google. */
export function keyAtHyphen(bytes: Uint8Array, at: number, first: number, last: number): Span | null {
  return prefixed(bytes, at, first, last, atHyphen[byteBefore(bytes, at, first)], '-')
}

/** At an `A`: access key ids of AWS, API keys of Google. */
export function keyAtA(bytes: Uint8Array, at: number, first: number, last: number): Span | null {
  return prefixed(bytes, at, first, last, atA[byteAt(bytes, at + 1, last)], 'A')
}

/** At a `K`: `SecretAccessKey`, `AccountKey=`. */
export function keyAtK(bytes: Uint8Array, at: number, first: number, last: number): Span | null {
  if (readsBefore(bytes, at, first, 'Account') && reads(bytes, at, last, 'Key=')) {
    const start = at + 4
    const end = endOf(bytes, start, Math.min(last, start + 87), base64)
    return end - start === 86 && reads(bytes, end, last, '==') ? { start, end: end + 2 } : null
  }
  return secretBehindName(bytes, at, first, last)
}

/** An AWS secret access key has no prefix: 40 characters of base64 behind its name. `at`: where `key` begins. */
function secretBehindName(bytes: Uint8Array, at: number, first: number, last: number): Span | null {
  const name =
    (reads(bytes, at, last, 'key') && readsBefore(bytes, at, first, 'secret_access_')) ||
    (reads(bytes, at, last, 'KEY') && readsBefore(bytes, at, first, 'SECRET_ACCESS_')) ||
    (reads(bytes, at, last, 'Key') && readsBefore(bytes, at, first, 'ecretAccess'))
  if (!name) return null
  let start = at + 3
  for (const limit = start + 8; start < limit && isAssignment(byteAt(bytes, start, last)); ) start++
  const end = start === at + 3 ? start : endOf(bytes, start, Math.min(last, start + 41), base64)
  return end - start === 40 ? { start, end } : null
}

function isAssignment(byte: number): boolean {
  return byte === space || byte === 0x3d || byte === 0x3a || byte === 0x22 || byte === 0x27 || byte === 0x3e || byte === 0x5c
}

/** Whether the whole of a value looks like an AWS secret access key: 40 characters of base64 with both cases and digits. */
export function isSecretAccessKey(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 40 || endOf(bytes, start, end, base64) !== end) return false
  let [uppers, lowers, digits] = [0, 0, 0]
  for (let at = start; at < end; at++) {
    if (is(bytes, at, end, upper)) uppers++
    else if (is(bytes, at, end, lower)) lowers++
    else if (is(bytes, at, end, digit)) digits++
  }
  return uppers >= 5 && lowers >= 5 && digits >= 1
}
