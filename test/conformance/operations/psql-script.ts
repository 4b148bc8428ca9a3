import { expandArguments, type Variables } from './psql-variables.ts'

/** What psql does next with a script. */
export type Step =
  /** Sends `text`; `by` is the command that ended it in place of a semicolon, `\gset` for one. */
  | { readonly kind: 'query'; readonly text: string; readonly line: number; readonly by: Meta | null }
  | ({ readonly kind: 'meta'; readonly line: number } & Meta)

export interface Meta {
  readonly command: string
  readonly arguments: readonly string[]
}

/** Commands that send what was typed so far. */
const sends = new Set(['g', 'gx', 'gset', 'gexec', 'gdesc', 'crosstabview', 'watch'])
const identifierStart = /[A-Za-z_\u0080-\uffff]/
const identifier = /[\w\u0080-\uffff$]+/y
const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const variable = /:(?:([\w\u0080-\uffff]+)|'([\w\u0080-\uffff]+)'|"([\w\u0080-\uffff]+)")/y

/**
 * A script of psql, one step at a time, for what follows may depend on what came of it: variables, `\if`, the data of COPY FROM STDIN.
 * https://www.postgresql.org/docs/15/app-psql.html
 */
export class PsqlScript {
  /** The server's standard_conforming_strings is off: a backslash escapes in every string. */
  backslashes = false
  readonly #source: string
  readonly #variables: Variables
  #at = 0
  /** Of each open \if: whether this branch runs, and whether one has run. */
  readonly #conditions: { runs: boolean; settled: boolean }[] = []

  constructor(source: string, variables: Variables) {
    this.#source = source
    this.#variables = variables
  }

  get #skips(): boolean {
    return this.#conditions.some(({ runs }) => !runs)
  }

  /** Null at the end of the script. */
  next(): Step | null {
    let query = new Query()
    while (this.#at < this.#source.length) {
      const char = this.#source[this.#at] ?? ''
      if (char === ';' && query.complete) {
        this.#at++
        const { text, line } = query
        query = new Query()
        if (!this.#skips && text.trim() !== '') return { kind: 'query', text, line, by: null }
      } else if (char === '\\') {
        const meta = this.#meta(query)
        if (meta === null) continue
        if (meta.command === 'r' || meta.command === 'reset') query = new Query()
        if (sends.has(meta.command) && query.text.trim() !== '')
          return { kind: 'query', text: query.text, line: query.line, by: meta }
        // What stands behind it belongs to the same statement: nothing in these scripts depends on such a command coming first.
        if (query.text.trim() === '') return { kind: 'meta', line: this.#line, ...meta }
      } else this.#token(char, query)
    }
    return !this.#skips && query.text.trim() !== '' ? { kind: 'query', text: query.text, line: query.line, by: null } : null
  }

  /** The lines of data behind a COPY FROM STDIN, up to the one that ends them. */
  data(): string {
    const start = this.#source.indexOf('\n', this.#at) + 1
    const ended = /^\\\.\r?$/m
    const found = start === 0 ? null : ended.exec(this.#source.slice(start))
    if (found === null) return ''
    this.#at = Math.min(start + found.index + found[0].length + 1, this.#source.length)
    return this.#source.slice(start, start + found.index)
  }

  get #line(): number {
    return this.#source.slice(0, this.#at).split('\n').length
  }

  /** One piece of SQL that no semicolon and no backslash command stands in. */
  #token(char: string, query: Query): void {
    const from = this.#at
    if (char === "'") this.#at = this.#endOfString(this.backslashes || /(?:^|[^\w$])e$/i.test(query.text))
    else if (char === '"') this.#at = this.#behind('"', from + 1)
    else if (this.#source.startsWith('--', from)) this.#at = this.#before('\n', from)
    else if (this.#source.startsWith('/*', from)) this.#at = this.#endOfComment()
    else if (char === '$') this.#at = this.#endOfDollar()
    else if (char === ':' && this.#source[from + 1] === ':') this.#at += 2
    else if (char === ':') return this.#variable(query)
    else if (identifierStart.test(char)) {
      identifier.lastIndex = from
      identifier.exec(this.#source)
      this.#at = identifier.lastIndex
    } else this.#at++
    // psql, too, leaves what stands before a statement out.
    const piece = this.#source.slice(from, this.#at)
    if (query.text === '' && /^(?:\s|--)/.test(piece)) return
    query.add(piece, () => this.#source.slice(0, from).split('\n').length)
  }

  #variable(query: Query): void {
    variable.lastIndex = this.#at
    const [whole, plain, literal, quoted] = variable.exec(this.#source) ?? []
    const value = this.#variables.get(plain ?? literal ?? quoted ?? '')
    const line = () => this.#line
    if (whole === undefined || value === undefined) {
      this.#at++
      query.add(':', line)
      return
    }
    this.#at += whole.length
    if (plain !== undefined) query.add(value, line)
    else if (literal !== undefined) query.add(`'${value.replaceAll("'", "''")}'`, line)
    else query.add(`"${value.replaceAll('"', '""')}"`, line)
  }

  #endOfString(escapes: boolean): number {
    for (let at = this.#at + 1; at < this.#source.length; at++) {
      if (escapes && this.#source[at] === '\\') at++
      else if (this.#source[at] === "'") return at + 1
    }
    return this.#source.length
  }

  #endOfComment(): number {
    let depth = 0
    for (let at = this.#at; at < this.#source.length; at++) {
      if (this.#source.startsWith('/*', at)) depth++
      else if (this.#source.startsWith('*/', at) && --depth === 0) return at + 2
      else continue
      at++
    }
    return this.#source.length
  }

  #endOfDollar(): number {
    dollarQuote.lastIndex = this.#at
    const [quote] = dollarQuote.exec(this.#source) ?? []
    return quote === undefined ? this.#at + 1 : this.#behind(quote, dollarQuote.lastIndex)
  }

  #before(end: string, from: number): number {
    const at = this.#source.indexOf(end, from)
    return at < 0 ? this.#source.length : at
  }

  #behind(end: string, from: number): number {
    return Math.min(this.#before(end, from) + end.length, this.#source.length)
  }

  /** A backslash command; null where it was settled here: `\;`, and the conditions. */
  #meta(query: Query): Meta | null {
    const line = () => this.#line
    if (this.#source[this.#at + 1] === ';') {
      this.#at += 2
      query.add(';', line)
      return null
    }
    if (this.#source[this.#at + 1] === '\\') {
      this.#at += 2
      return null
    }
    const [head = '', command = ''] = /^\\([A-Za-z]+\+?|[!?])?/.exec(this.#source.slice(this.#at, this.#at + 30)) ?? []
    const rest = this.#source.slice(this.#at + Math.max(head.length, 1), this.#before('\n', this.#at))
    // `\\` separates a command from what follows on its line.
    const words = command === 'copy' || command === '!' ? rest : (/^(?:'(?:[^'\\]|\\.|'')*'|[^\\])*/.exec(rest)?.[0] ?? '')
    this.#at += Math.max(head.length, 1) + words.length
    const given = command === 'copy' ? [words.trim()] : expandArguments(words, this.#variables)
    if (this.#condition(command, given[0])) return null
    return this.#skips ? null : { command, arguments: given }
  }

  #condition(command: string, expression = ''): boolean {
    const last = this.#conditions.at(-1)
    const holds = /^(?:t|tr|tru|true|y|ye|yes|on|1)$/i.test(expression)
    if (command === 'if') this.#conditions.push({ runs: holds, settled: holds })
    else if (command === 'endif') this.#conditions.pop()
    else if (last && (command === 'elif' || command === 'else')) {
      last.runs = !last.settled && (command === 'else' || holds)
      last.settled ||= last.runs
    } else return false
    return true
  }
}

/** What was typed since the last statement. */
class Query {
  text = ''
  line = 0
  #parentheses = 0
  /** How many BEGIN and CASE are open in the body of a function: https://www.postgresql.org/docs/15/sql-createfunction.html, sql_body. */
  #blocks = 0

  get complete(): boolean {
    return this.#parentheses <= 0 && this.#blocks === 0
  }

  add(piece: string, line: () => number): void {
    if (this.text === '') this.line = line()
    this.text += piece
    if (piece === '(') this.#parentheses++
    else if (piece === ')') this.#parentheses--
    else if (/^(?:begin|case|end)$/i.test(piece) && /^create\s+(?:or\s+replace\s+)?(?:function|procedure)\b/i.test(this.text)) {
      if (/^end$/i.test(piece)) this.#blocks = Math.max(this.#blocks - 1, 0)
      else if (/^begin$/i.test(piece) || this.#blocks > 0) this.#blocks++
    }
  }
}
