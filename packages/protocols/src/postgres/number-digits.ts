const zero = 0x30
const minus = 0x2d
const dot = 0x2e

/** Base-10000 digits that fit into what is written into, with a sign and a dot. */
const mostGroups = 8
const mostScale = 16

/**
 * Writes a binary int8, `bytes[start, end)`, as the server prints it, from the beginning of `into`, and answers how long that is. -1: it needs a closer
 * look.
 */
export function integerDigits(bytes: Buffer, start: number, end: number, into: Buffer): number {
  if (end - start !== 8) return -1
  const high = bytes.readInt32BE(start)
  // What a double holds exactly.
  if (high < 0 || high > 0x1f_ffff) return -1
  return putWhole(high * 0x1_0000_0000 + bytes.readUInt32BE(start + 4), into, 0)
}

/** The same of a binary numeric: int16 ndigits, weight, sign, dscale, and digits to the base of 10000. */
export function numericDigits(bytes: Buffer, start: number, end: number, into: Buffer): number {
  if (end - start < 8) return -1
  const groups = twoBytes(bytes, start)
  const weight = (twoBytes(bytes, start + 2) << 16) >> 16
  const sign = twoBytes(bytes, start + 4)
  const scale = twoBytes(bytes, start + 6)
  if ((sign !== 0 && sign !== 0x4000) || end - start !== 8 + 2 * groups) return -1
  if (weight >= mostGroups || weight < -1 || scale > mostScale) return -1
  let at = 0
  if (sign !== 0) into[at++] = minus
  const first = at
  for (let i = 0; i <= weight; i++) {
    const digits = i < groups ? twoBytes(bytes, start + 8 + 2 * i) : 0
    if (digits > 9999) return -1
    at = at === first && digits === 0 ? at : at === first ? putWhole(digits, into, at) : putFour(digits, into, at)
  }
  if (at === first) into[at++] = zero
  if (scale === 0) return at
  into[at++] = dot
  const stop = at + scale
  for (let i = weight + 1; at < stop; i++) {
    const digits = i < groups ? twoBytes(bytes, start + 8 + 2 * i) : 0
    if (digits > 9999) return -1
    at = putFour(digits, into, at)
  }
  return stop
}

function twoBytes(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

/** A number that is whole and not below zero, without zeros before it. */
function putWhole(number: number, into: Buffer, at: number): number {
  let end = at + 1
  for (let least = 10; least <= number; least *= 10) end++
  let rest = number
  let to = end - 1
  for (; rest > 0x7fff_ffff; to--) {
    const next = Math.floor(rest / 10)
    into[to] = zero + rest - next * 10
    rest = next
  }
  for (let small = rest | 0; to >= at; to--) {
    const next = (small / 10) | 0
    into[to] = zero + small - next * 10
    small = next
  }
  return end
}

function putFour(digits: number, into: Buffer, at: number): number {
  const hundreds = (digits / 100) | 0
  const ones = digits % 100
  into[at] = zero + ((hundreds / 10) | 0)
  into[at + 1] = zero + (hundreds % 10)
  into[at + 2] = zero + ((ones / 10) | 0)
  into[at + 3] = zero + (ones % 10)
  return at + 4
}
