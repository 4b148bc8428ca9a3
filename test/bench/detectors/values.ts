import type { DetectorKind } from '@hoop/contracts'
import { pick, type Random, rest97, seeded, some, two, weigh, withLuhn, withVerhoeff } from './numbers.ts'

const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const letters = `${upper}${upper.toLowerCase()}`
const alphanumeric = `${letters}0123456789`

/** A true value of each kind, made by its issuer's rules. */
const values: Readonly<Record<DetectorKind, (random: Random) => string>> = {
  card: (random) => {
    const digits = withLuhn(pick(random, ['4', '51', '55', '2221']).padEnd(15, some(random, 15)).slice(0, 15))
    return pick(random, [digits, digits.replace(/(.{4})(?=.)/g, '$1 '), digits.replace(/(.{4})(?=.)/g, '$1-')])
  },
  iban: (random) => {
    const [country, body] = pick(random, [
      ['DE', some(random, 18)],
      ['FR', some(random, 23)],
      ['GB', `${some(random, 4, upper)}${some(random, 14)}`],
      ['NL', `${some(random, 4, upper)}${some(random, 10)}`],
    ] as const)
    const iban = `${country}${two(98 - rest97(`${body}${country}00`))}${body}`
    return random(2) === 0 ? iban : iban.replace(/(.{4})(?=.)/g, '$1 ')
  },
  email: (random) => {
    const name = pick(random, ['anna', 'b.smith', 'jose+news', 'k_ito', 'x'])
    return `${name}${random(100)}@${pick(random, ['mail.example', 'example.co.uk', 'sub.domain.example.org', 'xn--bcher-kva.example'])}`
  },
  phone: (random) =>
    pick(random, [
      `+49 ${30 + random(60)} ${some(random, 7)}`,
      `+1 ${2 + random(8)}${some(random, 2, '2345678')}-${2 + random(8)}${some(random, 2)}-${some(random, 4)}`,
      `+44${pick(random, ['20', '161'])}${some(random, 8)}`,
      `(${2 + random(8)}${some(random, 2, '2345678')}) ${2 + random(8)}${some(random, 2)}-${some(random, 4)}`,
      `0${1 + random(9)}${some(random, 2)} ${1 + random(9)}${some(random, 6)}`,
      `0${1 + random(9)}${` ${some(random, 2)} ${some(random, 2)} ${some(random, 2)} ${some(random, 2)}`}`,
    ]),
  ip: (random) =>
    random(3) === 0
      ? `2001:db8:${some(random, 4, '123456789abcdef')}::${some(random, 3, '123456789abcdef')}`
      : `${1 + random(126)}.${random(256)}.${random(256)}.${1 + random(254)}`,
  jwt: (random) =>
    [
      JSON.stringify({ alg: pick(random, ['HS256', 'RS256']), typ: 'JWT' }),
      JSON.stringify({ sub: some(random, 10), iat: random(2e9) }),
    ]
      .map((part) => Buffer.from(part).toString('base64url'))
      .concat(some(random, 43, `${alphanumeric}-_`))
      .join('.'),
  'cloud-key': (random) =>
    pick(random, [
      `AKIA${some(random, 16, `${upper}234567`)}`,
      `AIza${some(random, 35, alphanumeric)}`,
      `ghp_${some(random, 36, alphanumeric)}`,
      `glpat-${some(random, 20, alphanumeric)}`,
      `xoxb-${some(random, 12)}-${some(random, 24, alphanumeric)}`,
      `sk_live_${some(random, 24, alphanumeric)}`,
    ]),
  'private-key': (random) => {
    const body = Array.from({ length: 4 + random(10) }, () => some(random, 64, `${alphanumeric}+/`)).join('\n')
    const label = pick(random, ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'OPENSSH PRIVATE KEY'])
    return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`
  },
  'us-ssn': (random) => `${two(1 + random(66)).padStart(3, '0')}-${two(1 + random(99))}-${1000 + random(9000)}`,
  'uk-nino': (random) => `${pick(random, ['AB', 'CE', 'JT', 'PW'])}${some(random, 6)}${pick(random, ['A', 'B', 'C', 'D'])}`,
  'de-steuer-id': (random) => {
    const digits = shuffled(random, '123456789')
    const ten = `${digits}${digits[3]}`
    let product = 10
    for (const digit of ten) product = (((Number(digit) + product) % 10 || 10) * 2) % 11
    return `${ten}${(11 - product) % 10}`
  },
  'fr-nir': (random) => {
    const body = `${1 + random(2)}${two(random(100))}${two(1 + random(12))}${two(1 + random(95))}${some(random, 6)}`
    return `${body}${two(97 - Number(BigInt(body) % 97n))}`
  },
  'es-dni': (random) => {
    const number = some(random, 8)
    return `${number}${'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number) % 23]}`
  },
  'pl-pesel': (random) => {
    const body = `${two(random(100))}${two(1 + random(12))}${two(1 + random(28))}${some(random, 4)}`
    return `${body}${(10 - (weigh(body, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10}`
  },
  'se-personnummer': (random) => {
    const number = withLuhn(`${two(random(100))}${two(1 + random(12))}${two(1 + random(28))}${some(random, 3)}`)
    return `${number.slice(0, 6)}-${number.slice(6)}`
  },
  'br-cpf': (random) => {
    const nine = `${1 + random(9)}${some(random, 8)}`
    const one = ((weigh(nine, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10
    const both = `${nine}${one}${((weigh(`${nine}${one}`, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10}`
    return random(2) === 0 ? both : both.replace(/(...)(...)(...)(..)/, '$1.$2.$3-$4')
  },
  'in-aadhaar': (random) => {
    const digits = withVerhoeff(`${2 + random(8)}${some(random, 10)}`)
    return pick(random, [digits, inGroups(digits, ' '), inGroups(digits, '-')])
  },
  'nl-bsn': (random) => {
    while (true) {
      const body = `${1 + random(9)}${some(random, 7)}`
      const last = weigh(body, [9, 8, 7, 6, 5, 4, 3, 2]) % 11
      if (last < 10) return `${body}${last}`.replace(/(....)(..)(...)/, pick(random, ['$1$2$3', '$1.$2.$3']))
    }
  },
  'it-codice-fiscale': (random) => {
    const day = 1 + random(28) + 40 * random(2)
    const body = `${some(random, 6, upper)}${two(random(100))}${pick(random, [...codiceMonths])}${two(day)}${some(random, 1, upper)}${some(random, 3)}`
    const code = `${body}${codiceLetter(body)}`
    return random(4) === 0 ? code.toLowerCase() : code
  },
}

/** What stands before a value that is none without its name. */
function nameOf(random: Random, kind: DetectorKind, value: string): string {
  if (kind === 'nl-bsn') return pick(random, ['bsn ', 'BSN: ', 'burgerservicenummer=', 'customer_bsn '])
  return kind === 'in-aadhaar' && !/\D/.test(value) ? pick(random, ['aadhaar ', 'Aadhaar no. ', 'uidai=']) : ''
}

function inGroups(digits: string, separator: string): string {
  return digits.replace(/(.{4})(?=.)/g, `$1${separator}`)
}

const codiceMonths = 'ABCDEHLMPRST'
/** What a character counts at odd places, counted from 1, by its place in its alphabet; at even places it counts that place. */
const codiceOdd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]

function codiceLetter(body: string): string {
  const places = [...body].map((character) => ('0123456789'.includes(character) ? Number(character) : upper.indexOf(character)))
  const sum = places.reduce((total, place, index) => total + (index % 2 === 0 ? (codiceOdd[place] ?? 0) : place), 0)
  return upper[sum % 26] ?? ''
}

function shuffled(random: Random, characters: string): string {
  return [...characters]
    .map((character) => ({ character, at: random(1e6) }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ character }) => character)
    .join('')
}

/** What looks like values and is none. */
const nearMisses: readonly ((random: Random) => string)[] = [
  (random) => withWrongEnd(values.card(random)),
  (random) => withWrongEnd(values.iban(random)),
  (random) => withWrongEnd(values['fr-nir'](random)),
  (random) => `aadhaar ${withWrongEnd(values['in-aadhaar'](random))}`,
  (random) => inGroups(`1${some(random, 11)}`, ' '),
  (random) => `batch ${withVerhoeff(`${2 + random(8)}${some(random, 10)}`)}`,
  (random) => `bsn ${withWrongEnd(values['nl-bsn'](random))}`,
  (random) => `case ${values['nl-bsn'](random).replaceAll('.', '')}`,
  (random) =>
    values['it-codice-fiscale'](random).replace(/.$/, (last) => upper[(upper.indexOf(last.toUpperCase()) + 1) % 26] ?? ''),
  (random) => values['it-codice-fiscale'](random).replace(/^(.{8})./, '$1F'),
  (random) => some(random, 16, `${upper}0123456789`),
  (random) => `v${random(20)}.${random(100)}.${random(100)}.${random(100)}`,
  (random) => `Chrome/${100 + random(50)}.0.${random(9999)}.${random(200)}`,
  (random) => `lodash@4.${random(99)}.${random(99)}`,
  (random) => new Date(1e12 + random(1e9) * 1000).toISOString(),
  (random) => `${17e11 + random(1e9)}`,
  (random) => some(random, 40, '0123456789abcdef'),
  (random) => some(random, 64, '0123456789abcdef'),
  (random) => some(random, 32, '0123456789abcdef').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  (random) => `order ${1 + random(9)}${some(random, 8)}`,
  (random) => `${1 + random(9)}${some(random, 9)}`,
  (random) => `${1 + random(9)}${some(random, 17)}`,
  (random) => `${random(100)},${some(random, 3)}.${some(random, 2)}`,
  (random) => `0.${some(random, 16)}`,
  (random) => `${two(random(24))}:${two(random(60))}:${two(random(60))}`,
  (random) => `${two(1 + random(28))}-${two(1 + random(12))}-20${two(random(30))}`,
  (random) => Array.from({ length: 6 }, () => some(random, 2, '0123456789abcdef')).join(':'),
  (random) => `user${random(99)}@host`,
  (random) => `logo${random(9)}@2x.png`,
  (random) => `${pick(random, ['SKU', 'INV', 'PO'])}-${some(random, 4)}-${some(random, 4)}`,
  (random) => `eyJ${some(random, 20, alphanumeric)}.${some(random, 10, alphanumeric)}.${some(random, 10, alphanumeric)}`,
  (random) => `-----BEGIN CERTIFICATE-----\n${some(random, 64, alphanumeric)}\n-----END CERTIFICATE-----`,
]

function withWrongEnd(value: string): string {
  return value.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10))
}

const contexts: readonly ((value: string) => string)[] = [
  (value) => `Please look at ${value} before noon, and answer the others.`,
  (value) => `{"id": 17, "note": ${JSON.stringify(value)}, "done": true}`,
  (value) => `17\tactive\t${value}\t2026-11-23 22:59:58\tnothing else`,
  (value) => `2026-11-23T22:59:58Z INFO app request=41 value=${value} took=12ms`,
  (value) => `UPDATE things SET note = '${value}' WHERE id = 17`,
  (value) => value,
]

/** One text of the corpus: what is to be found in it, and where; null: nothing. */
export interface Sample {
  readonly text: string
  readonly label: { readonly kind: DetectorKind; readonly start: number; readonly end: number } | null
}

/** So many true values of each kind, and of each near miss, every one in a context. The same seed gives the same texts. */
export function corpus(seed: number, each: number): Sample[] {
  const random = seeded(seed)
  const put = (value: string): { readonly text: string; readonly start: number } => {
    const text = pick(random, contexts)(value)
    const start = text.indexOf(value)
    return { text: start < 0 ? value : text, start: Math.max(0, start) }
  }
  const found = (Object.keys(values) as (keyof typeof values)[]).flatMap((kind) =>
    Array.from({ length: each }, () => {
      const value = values[kind](random)
      const name = nameOf(random, kind, value)
      const { text, start: from } = put(`${name}${value}`)
      const start = from + name.length
      return { text, label: { kind, start, end: start + value.length } }
    }),
  )
  const missed = nearMisses.flatMap((make) => Array.from({ length: each }, () => ({ text: put(make(random)).text, label: null })))
  return [...found, ...missed]
}
