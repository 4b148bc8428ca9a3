import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TerminalFilter } from './terminal-filter.ts'

const filtered = (text: string): string => new TerminalFilter().filter(text)

it.each([
  ['text', 'ls -l\r\n\tnaïve 日本 \u{1f600}\b', 'ls -l\r\n\tnaïve 日本 \u{1f600}\b'],
  [
    'colours and moves',
    '\x1b[1;31mred\x1b[0m\x1b[2J\x1b[10;5H\x1b[38:2:1:2:3m',
    '\x1b[1;31mred\x1b[0m\x1b[2J\x1b[10;5H\x1b[38:2:1:2:3m',
  ],
  ['the other screen', '\x1b[?1049h\x1b[?25l\x1b7\x1b8\x1b(0q\x1b(B', '\x1b[?1049h\x1b[?25l\x1b7\x1b8\x1b(0q\x1b(B'],
  ['a title', 'a\x1b]0;pwned\x07b', 'ab'],
  ['the clipboard', 'a\x1b]52;c;cm0gLXJm\x1b\\b', 'ab'],
  ['a link', '\x1b]8;;http://evil.example\x1b\\bank\x1b]8;;\x1b\\', 'bank'],
  ['DCS, APC, PM, SOS', 'a\x1bP$qm\x1b\\b\x1b_x\x1b\\c\x1b^x\x1b\\d\x1bXx\x1b\\e', 'abcde'],
  ['of eight bits', 'a\x9d0;t\x9cb\x9b31mc\x90q\x9cd', 'ab\x1b[31mcd'],
  ['questions to the terminal', '\x1b[c\x1b[>c\x1b[6n\x1b[?6n\x1b[21t\x1b[?u\x05\x1b[5i\x1bZ', ''],
  ['mouse, paste, reset', '\x1b[?1000h\x1b[?2004h\x1b[?1;25h\x1bc\x1b[!p', ''],
  ['what begins in another', 'a\x1b]0;x\x1b[31mb', 'a\x1b[31mb'],
  ['cancelled', 'a\x1b]0;x\x18b\x1b[3\x1am', 'abm'],
])('%s', (_, text, shown) => {
  expect(filtered(text)).toBe(shown)
})

it('goes on behind what never ends', () => {
  expect(filtered(`\x1b]0;${'x'.repeat(5000)}end`)).toMatch(/^x{1,1000}end$/)
  expect(filtered(`\x1b[${'1'.repeat(5000)}mend`)).toMatch(/^1{1,1000}mend$/)
})

it('shows the same, however it is cut', () => {
  const pieces = fc.array(
    fc.constantFrom('\x1b', '[', ']', 'P', '\\', '\x07', '0;t', '31', 'm', 'h', '?25', '(', 'B', '\x9b', '\x18', 'text'),
  )
  fc.assert(
    fc.property(pieces, (parts) => {
      const filter = new TerminalFilter()
      const shown = parts.map((part) => filter.filter(part)).join('')
      expect(shown).toBe(filtered(parts.join('')))
      expect(shown).not.toMatch(/\x1b[\]P_^X]|[\x07\x80-\x9f]/)
    }),
  )
})
