/**
 * Characters that a terminal obeys or that make text look like other text: controls (C0, DEL, C1), bidirectional and other format
 * characters, line separators, tag characters, lone surrogates, and what is drawn as nothing. Unicode: Cc, Cf, Zl, Zp, Cs, Default_Ignorable_Code_Point,
 * and the empty braille pattern.
 */
const deceptive = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu

/** One line of text from elsewhere, safe to print: `\n`, `\t`, `\u{202e}` are written out. */
export function escapeLine(text: string): string {
  return text.replace(deceptive, written)
}

/** As `escapeLine`, but line feeds and tabs stay. */
export function escapeBlock(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(deceptive, (character) => (character === '\n' || character === '\t' ? character : written(character)))
}

/** JSON that is safe to print, too, and reads as the same value: what `JSON.stringify` leaves as it is becomes `\u202e`. */
export function escapedJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(deceptive, (character) =>
    character === '\n' ? character : [...Array(character.length).keys()].map((unit) => escapedUnit(character, unit)).join(''),
  )
}

function escapedUnit(character: string, unit: number): string {
  return `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`
}

function written(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** A statement in a cell of a table: what fits on a terminal, all of it for a program. */
export function cellText(text: string, screen: { readonly terminal: boolean }, width: number): string {
  return screen.terminal ? firstLine(text, width) : escapeLine(text)
}

/** The first line that says something, escaped, at most `width` characters. */
export function firstLine(text: string, width: number): string {
  const lines = text.trim().split('\n')
  const [line = ''] = lines
  const characters = [...escapeLine(line.trimEnd())]
  if (characters.length <= width && lines.length === 1) return characters.join('')
  return `${characters.slice(0, width - 1).join('')}…`
}
