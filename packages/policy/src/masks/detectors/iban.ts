import { alphanumeric, byteAt, digit, endOf, follows, is, lower, space, upper, zero } from './bytes.ts'

/** How many characters an IBAN has, by its country: the SWIFT IBAN registry (ISO 13616). */
const lengths: ReadonlyMap<number, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 ' +
    'GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 ' +
    'MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 ' +
    'TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((text) => [text.charCodeAt(0) * 256 + text.charCodeAt(1), Number(text.slice(2))]),
)

/** The end of the IBAN whose check digits begin at `at`, in one run or in groups of four; -1: there is none. It begins two bytes before. */
export function ibanEnd(bytes: Uint8Array, at: number, first: number, last: number): number {
  const from = at - 2
  if (from < first || !is(bytes, from, last, upper) || !is(bytes, from + 1, last, upper)) return -1
  if (follows(bytes, from, first, alphanumeric)) return -1
  const length = lengths.get((bytes[from] as number) * 256 + (bytes[from + 1] as number))
  if (length === undefined || !is(bytes, at + 1, last, digit)) return -1
  const grouped = byteAt(bytes, from + 4, last) === space
  const to = from + length + (grouped ? Math.floor((length - 1) / 4) : 0)
  if (to > last || endOf(bytes, to, last, alphanumeric) !== to) return -1
  return passesMod97(bytes, from, to, grouped) ? to : -1
}

/** ISO/IEC 7064, MOD 97-10: the first four characters at the end, letters as 10 to 35. False, too, where another character stands in it. */
function passesMod97(bytes: Uint8Array, from: number, to: number, grouped: boolean): boolean {
  let rest = 0
  for (let at = from + 4; at < to; at++) {
    if (grouped && (at - from) % 5 === 4) {
      if (bytes[at] !== space) return false
      continue
    }
    const value = numberAt(bytes, at, to)
    if (value < 0) return false
    rest = (value < 10 ? rest * 10 + value : rest * 100 + value) % 97
  }
  for (let at = from; at < from + 4; at++) {
    const value = numberAt(bytes, at, to)
    rest = (value < 10 ? rest * 10 + value : rest * 100 + value) % 97
  }
  return rest === 1
}

function numberAt(bytes: Uint8Array, at: number, to: number): number {
  const byte = bytes[at] as number
  if (is(bytes, at, to, digit)) return byte - zero
  return is(bytes, at, to, upper | lower) ? (byte | 0x20) - 0x61 + 10 : -1
}
