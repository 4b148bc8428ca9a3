import type { ConstantToken } from './parser.ts'

/** The constants and quoted names of a text, and what is left of it without the constants. */
export interface PlainTokens {
  readonly constants: readonly ConstantToken[]
  /** Equal for texts that differ in their constants only. */
  readonly skeleton: string
}

/** Of operators only those that end where they end, whatever follows: `||-` would be one. */
const token =
  /[A-Za-z_][A-Za-z_0-9]*|[0-9]+(?:\.[0-9]+)?|'[^'\\\0\x80-\uffff]*'|"[^"\0\x80-\uffff]+"|[ \t\n\r]+|[(),;:=<>*+/.[\]-]|\|\|(?![-+*/<>=~!@#%^&|`?])/y

type Kind = 'word' | 'number' | 'text' | 'name' | 'space' | 'other'
/** What a token is, by the character that it begins with. */
const kinds: readonly Kind[] = Array.from({ length: 128 }, (_, code): Kind => {
  const first = String.fromCharCode(code)
  if (/[A-Za-z_]/.test(first)) return 'word'
  if (/[0-9]/.test(first)) return 'number'
  return first === "'" ? 'text' : first === '"' ? 'name' : /[ \t\n\r]/.test(first) ? 'space' : 'other'
})
const plus = 0x2b
const minus = 0x2d

/**
 * The tokens of a text in which nothing is to be decided: words, names and texts in plain quotes, numbers in digits, brackets and the commonest operators, all of
 * ASCII and without comments. They are what PostgreSQL's scanner says they are (it is asked in the tests), ten times as fast. Null: ask it.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
export function plainTokens(text: string): PlainTokens | null {
  if (text.includes('--') || text.includes('/*')) return null
  const constants: ConstantToken[] = []
  let skeleton = ''
  let kept = 0
  /** Where the sign stands that came last, with nothing but white space behind it. */
  let sign: number | null = null
  let before: Kind = 'other'
  let apart = true
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const start = token.lastIndex
    if (!token.test(text)) return null
    const end = token.lastIndex
    const first = text.charCodeAt(start)
    const kind = kinds[first] ?? 'other'
    if (kind === 'space') {
      apart = true
      continue
    }
    if (kind === 'word') {
      // A number may have a word for its end (1e5, 0xff), and is not to.
      if (before === 'number' && !apart) return null
      before = 'word'
    } else if (kind === 'number' || kind === 'text') {
      // Of a number with a fraction only; of a text with a prefix (E'…'), with a quote in it (''), or that goes on on the next line.
      if (!apart && (before !== 'other' || text[start - 1] === '.')) return null
      if (kind === 'text' && before === 'text') return null
      if (kind === 'number' && text[end] === '.') return null
      constants.push({ start, end, kind: 'constant', sign: kind === 'text' ? null : sign })
      skeleton += text.slice(kept, start) + (kind === 'text' ? "'" : '0')
      kept = end
      before = kind
    } else if (kind === 'name') {
      // Of a name with a quote in it ("").
      if (before === 'name' && !apart) return null
      constants.push({ start, end, kind: 'name', sign: null })
      before = 'name'
    } else before = 'other'
    sign = first === plus || first === minus ? start : null
    apart = false
  }
  return { constants, skeleton: skeleton + text.slice(kept) }
}
