/** A value that nobody but the database may have, and what of it would give it away. */
export interface Secret {
  readonly kind: 'email' | 'phone' | 'card'
  readonly value: string
}

/** Finds secrets in bytes, however they are written. */
export interface Search {
  /** The first find in words, or null. */
  find(bytes: Buffer): string | null
}

/**
 * Searches for every secret as text in any case, reversed, as hexadecimal, base64 (at all three alignments) and UTF-16, and for the digits of
 * numbers whatever stands between them. Pieces count, too: the name before the @, eight digits in a row.
 */
export function searchFor(secrets: readonly Secret[]): Search {
  const plain = new Map<string, string>()
  const exact = new Map<string, string>()
  const digits = new Map<string, string>()
  for (const { kind, value } of secrets) {
    for (const piece of piecesOf(kind, value)) {
      const say = (how: string) => `${value} ${how}${piece === value ? '' : ` (its part ${piece})`}`
      plain.set(piece.toLowerCase(), say('in clear'))
      plain.set([...piece.toLowerCase()].reverse().join(''), say('reversed'))
      for (const text of new Set([piece, piece.toUpperCase()])) {
        plain.set(Buffer.from(text).toString('hex'), say('in hexadecimal'))
        plain.set(Buffer.from(text, 'utf16le').toString('hex'), say('in UTF-16, in hexadecimal'))
        for (const [alignment, encoded] of base64(text).entries()) exact.set(encoded, say(`in base64 at alignment ${alignment}`))
        // One byte more or less at either end makes it UTF-16 in the other order.
        exact.set(Buffer.from(text, 'utf16le').subarray(0, -1).toString('latin1'), say('in UTF-16'))
      }
    }
    if (kind !== 'email') digits.set(onlyDigits(value), `${value} with other separators`)
  }
  return {
    find(bytes) {
      const text = bytes.toString('latin1')
      return (
        first(text.toLowerCase(), plain) ??
        first(text.replaceAll(/\s+/g, ''), exact) ??
        first(text, exact) ??
        first(joined(text), digits)
      )
    },
  }
}

function piecesOf(kind: Secret['kind'], value: string): string[] {
  if (kind === 'email') {
    const [name = ''] = value.split('@')
    return name.length >= 8 ? [value, name] : [value]
  }
  if (kind === 'phone') return [value]
  const pieces = [value]
  for (let start = 0; start + 8 <= value.length; start++) pieces.push(value.slice(start, start + 8))
  return pieces
}

/** What all encodings of the text at this alignment have in common. */
function base64(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]).toString('base64')
    const from = Math.ceil((before * 8) / 6)
    const to = Math.floor(((before + text.length) * 8) / 6)
    return encoded.slice(from, to)
  })
}

const onlyDigits = (text: string) => text.replaceAll(/\D/g, '')

/** Digits with at most two other characters between them run together. */
function joined(text: string): string {
  return text.replaceAll(/(?<=\d)[^\da-z]{1,2}(?=\d)/gi, '')
}

function first(text: string, needles: ReadonlyMap<string, string>): string | null {
  for (const [needle, words] of needles) if (text.includes(needle)) return words
  return null
}
