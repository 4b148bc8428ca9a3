import type { DetectorKind } from '@hoop/contracts'
import { beginsFree } from './boundaries.ts'
import { byteAt, byteBefore, colon, digit, dot, endOf, follows, hyphen, is, letter, reads, underscore } from './bytes.ts'
import { cardEnd } from './card.ts'
import { isSecretAccessKey, keyAtA, keyAtHyphen, keyAtK, keyAtUnderscore } from './cloud-key.ts'
import { emailEnd, emailStart } from './email.ts'
import { ibanEnd } from './iban.ts'
import { ipv4End, ipv6 } from './ip.ts'
import { jwtEnd } from './jwt.ts'
import { codiceFiscale, dni, nino, type Span } from './lettered-ids.ts'
import { aadhaarEnd, bsnEnd, cpfEnd, nirEnd, personnummerEnd, peselEnd, ssnEnd, steuerIdEnd } from './national-ids.ts'
import { phone } from './phone.ts'
import { privateKeyEnd } from './private-key.ts'

/** Takes a value that was found: `[start, end)`. */
export type Found = (kind: DetectorKind, start: number, end: number) => void

/** What a byte may be the mark of; each mark is rare in text, and says where to look closer. */
const marks = { none: 0, digit: 1, at: 2, colon: 3, hyphen: 4, underscore: 5, a: 6, j: 7, k: 8 } as const

const plus = 0x2b
const opening = 0x28

/** The kinds of national ids that are made of digits, in the order in which they are tried. */
const numbers = {
  'us-ssn': { end: ssnEnd, lengths: [3, 9] },
  'fr-nir': { end: nirEnd, lengths: [1, 6, 15] },
  'br-cpf': { end: cpfEnd, lengths: [3, 11] },
  'pl-pesel': { end: peselEnd, lengths: [11] },
  'de-steuer-id': { end: steuerIdEnd, lengths: [2, 11] },
  'se-personnummer': { end: personnummerEnd, lengths: [6, 8, 12] },
  'in-aadhaar': { end: aadhaarEnd, lengths: [4, 12] },
  'nl-bsn': { end: bsnEnd, lengths: [3, 4, 9] },
} satisfies Partial<Record<DetectorKind, { readonly end: typeof ssnEnd; readonly lengths: readonly number[] }>>
type NumberKind = keyof typeof numbers
interface NumberCandidate {
  readonly kind: NumberKind
  readonly end: typeof ssnEnd
}

/**
 * Looks for values of several kinds in one pass: every byte is looked up in a table of 256 marks, and only at a mark is anything else looked
 * at. What is looked at around one is bounded, or a run of bytes that is passed over as a whole.
 */
export class Scan {
  readonly #marks = new Uint8Array(256)
  /** By how many digits they begin with in one run. */
  readonly #numbers: readonly (readonly NumberCandidate[] | undefined)[]
  readonly #card: boolean
  readonly #iban: boolean
  readonly #ip: boolean
  readonly #phone: boolean
  readonly #secrets: boolean
  readonly #jwt: boolean
  readonly #privateKey: boolean
  readonly #dni: boolean
  readonly #nino: boolean
  readonly #codiceFiscale: boolean

  constructor(kinds: ReadonlySet<DetectorKind>) {
    this.#card = kinds.has('card')
    this.#iban = kinds.has('iban')
    this.#ip = kinds.has('ip')
    this.#phone = kinds.has('phone')
    this.#secrets = kinds.has('cloud-key')
    this.#jwt = kinds.has('jwt')
    this.#privateKey = kinds.has('private-key')
    this.#dni = kinds.has('es-dni')
    this.#nino = kinds.has('uk-nino')
    this.#codiceFiscale = kinds.has('it-codice-fiscale')
    const asked = (Object.keys(numbers) as NumberKind[]).filter((kind) => kinds.has(kind))
    this.#numbers = Array.from({ length: 16 }, (_, length) => {
      const some = asked.filter((kind) => numbers[kind].lengths.includes(length))
      return some.length === 0 ? undefined : some.map((kind) => ({ kind, end: numbers[kind].end }))
    })
    const lettered = this.#dni || this.#nino || this.#codiceFiscale
    if (this.#card || this.#iban || this.#ip || this.#phone || lettered || asked.length > 0)
      this.#marks.fill(marks.digit, 0x30, 0x3a)
    if (kinds.has('email')) this.#marks[0x40] = marks.at
    if (this.#ip) this.#marks[colon] = marks.colon
    if (this.#secrets || this.#privateKey) this.#marks[hyphen] = marks.hyphen
    if (this.#secrets) {
      this.#marks[underscore] = marks.underscore
      this.#marks[0x4b] = marks.k
    }
    if (this.#secrets || this.#jwt) this.#marks[0x41] = marks.a
    if (this.#jwt) this.#marks[0x4a] = marks.j
  }

  /** Calls `found` with each value in `[first, last)`, in order; they never overlap. Nothing outside is read. */
  run(bytes: Uint8Array, first: number, last: number, found: Found): void {
    if (this.#secrets && isSecretAccessKey(bytes, first, last)) {
      found('cloud-key', first, last)
      return
    }
    const table = this.#marks
    /** Nothing before it is a part of a value that is still to be found. */
    let floor = first
    let at = first
    for (;;) {
      at = nextMark(bytes, at, last, table)
      if (at >= last) return
      const mark = table[bytes[at] as number] as number
      const end = this.#at(mark, bytes, at, floor, first, last, found)
      if (end > 0) {
        at = end
        floor = end
      } else at = mark === marks.digit ? endOf(bytes, at, last, digit) : at + 1
    }
  }

  /** Where the value ends that has its mark at `at`; 0: there is none. */
  #at(mark: number, bytes: Uint8Array, at: number, floor: number, first: number, last: number, found: Found): number {
    switch (mark) {
      case marks.digit:
        return this.#digits(bytes, at, floor, first, last, found)
      case marks.at:
        return email(bytes, at, floor, last, found)
      case marks.colon: {
        if (!is(bytes, at + 1, last, digit | letter) && byteAt(bytes, at + 1, last) !== colon) return 0
        return spanned('ip', ipv6(bytes, at, floor, last), found)
      }
      case marks.hyphen: {
        if (this.#privateKey && reads(bytes, at, last, '-----BEGIN '))
          return ended('private-key', at, privateKeyEnd(bytes, at, last), found)
        return this.#secrets ? spanned('cloud-key', keyAtHyphen(bytes, at, floor, last), found) : 0
      }
      case marks.underscore:
        return spanned('cloud-key', keyAtUnderscore(bytes, at, floor, last), found)
      case marks.k:
        return spanned('cloud-key', keyAtK(bytes, at, floor, last), found)
      case marks.j:
        return token(bytes, at, floor, last, found)
      default: {
        const key = this.#secrets ? spanned('cloud-key', keyAtA(bytes, at, floor, last), found) : 0
        return key > 0 || !this.#jwt ? key : token(bytes, at, floor, last, found)
      }
    }
  }

  #digits(bytes: Uint8Array, at: number, floor: number, first: number, last: number, found: Found): number {
    const to = endOf(bytes, at, last, digit)
    const length = to - at
    if (at > floor && follows(bytes, at, first, letter)) {
      const lettered = this.#behindLetters(bytes, at, length, floor, last, found)
      if (lettered > 0) return lettered
    }
    const before = byteBefore(bytes, at, first)
    if (this.#phone && before === plus) {
      const number = phone(bytes, at, length, floor, last)
      if (number !== null) return spanned('phone', number, found)
    }
    if (this.#card && length >= 4) {
      const card = cardEnd(bytes, at, to, first, last)
      if (card > 0) return ended('card', at, card, found)
    }
    // Few digits that do not go on behind one byte begin nothing, but behind a parenthesis.
    if (length > 15) return 0
    const goesOn = is(bytes, to + 1, last, digit)
    if (length < 7 && !goesOn && before !== opening) return 0
    return beginsFree(bytes, at, first) ? this.#freeDigits(bytes, at, length, goesOn, floor, first, last, found) : 0
  }

  /** Of digits that belong to nothing before them. */
  #freeDigits(
    bytes: Uint8Array,
    at: number,
    length: number,
    goesOn: boolean,
    floor: number,
    first: number,
    last: number,
    found: Found,
  ): number {
    if (this.#dni && length === 8) {
      const id = dni(bytes, at, length, first, last)
      if (id !== null) return spanned('es-dni', id, found)
    }
    if (this.#nino && length === 2) {
      const id = nino(bytes, at, length, floor, last)
      if (id !== null) return spanned('uk-nino', id, found)
    }
    if (this.#ip && length <= 3 && byteAt(bytes, at + length, last) === dot) {
      const end = ipv4End(bytes, at, first, last)
      if (end > 0) return ended('ip', at, end, found)
    }
    const candidates = length > 8 || goesOn ? this.#numbers[length] : undefined
    if (candidates !== undefined) {
      for (let i = 0; i < candidates.length; i++) {
        const { kind, end: endOfNumber } = candidates[i] as NumberCandidate
        const end = endOfNumber(bytes, at, length, last, first)
        if (end > 0) return ended(kind, at, end, found)
      }
    }
    return this.#phone ? spanned('phone', phone(bytes, at, length, floor, last), found) : 0
  }

  #behindLetters(bytes: Uint8Array, at: number, length: number, floor: number, last: number, found: Found): number {
    if (this.#iban && length >= 2) {
      const end = ibanEnd(bytes, at, floor, last)
      if (end > 0) return ended('iban', at - 2, end, found)
    }
    if (this.#nino && length === 6) return spanned('uk-nino', nino(bytes, at, length, floor, last), found)
    if (this.#dni && length === 7) return spanned('es-dni', dni(bytes, at, length, floor, last), found)
    return this.#codiceFiscale && length === 2 ? spanned('it-codice-fiscale', codiceFiscale(bytes, at, floor, last), found) : 0
  }
}

/** Where the next byte that has a mark stands; `last`: nowhere. Four at a time, since marks are rare. */
function nextMark(bytes: Uint8Array, from: number, last: number, table: Uint8Array): number {
  let at = from
  while (at < last - 3) {
    const two = (table[bytes[at] as number] as number) | (table[bytes[at + 1] as number] as number)
    const others = (table[bytes[at + 2] as number] as number) | (table[bytes[at + 3] as number] as number)
    if ((two | others) !== marks.none) break
    at += 4
  }
  while (at < last && table[bytes[at] as number] === marks.none) at++
  return at
}

function email(bytes: Uint8Array, at: number, floor: number, last: number, found: Found): number {
  const start = emailStart(bytes, at, floor)
  return start === at ? 0 : ended('email', start, emailEnd(bytes, at, last), found)
}

/** `{"` and `{ ` in base64url are `eyJ` and `eyA`: the third character is the mark. */
function token(bytes: Uint8Array, at: number, floor: number, last: number, found: Found): number {
  const start = at - 2
  return start >= floor && reads(bytes, start, at, 'ey') ? ended('jwt', start, jwtEnd(bytes, start, floor, last), found) : 0
}

function spanned(kind: DetectorKind, span: Span | null, found: Found): number {
  return span === null ? 0 : ended(kind, span.start, span.end, found)
}

function ended(kind: DetectorKind, start: number, end: number, found: Found): number {
  if (end <= start) return 0
  found(kind, start, end)
  return end
}
