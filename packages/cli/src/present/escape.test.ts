import { expect, it } from 'vitest'
import { cellText, escapeBlock, escapedJson, escapeLine, firstLine } from './escape.ts'

it.each([
  ['\u001b[2J\u0007', '\\u{1b}[2J\\u{7}'],
  ['\u009b31m', '\\u{9b}31m'],
  ['a\u202eb\u2066c\u200fd\u061c', 'a\\u{202e}b\\u{2066}c\\u{200f}d\\u{61c}'],
  ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
  ['line\u2028end', 'line\\u{2028}end'],
  ['tag\u{e0041}', 'tag\\u{e0041}'],
  ['half \ud83d', 'half \\u{d83d}'],
  ['nothing\u3164\u115f\u034f\ufe0f\u2800', 'nothing\\u{3164}\\u{115f}\\u{34f}\\u{fe0f}\\u{2800}'],
  ['a\nb\tc\r', 'a\\nb\\tc\\r'],
  ['Zürich 東京 🐘', 'Zürich 東京 🐘'],
])('writes out what a terminal obeys: %j', (text, shown) => {
  expect(escapeLine(text)).toBe(shown)
})

it('keeps lines and tabs of a block', () => {
  expect(escapeBlock('a\r\n\tb\u001b')).toBe('a\n\tb\\u{1b}')
  expect(escapeBlock('hidden\rshown')).toBe('hidden\\rshown')
})

it('writes JSON out that reads as the same value', () => {
  const value = { text: 'a\u001b[2J\u009b\u202eb\u{e0041}\u2028 🐘\n', list: [1] }
  for (const indent of [0, 2]) {
    const text = escapedJson(value, indent)
    expect(JSON.parse(text)).toEqual(value)
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u)
  }
  expect(escapedJson('\u202e\u{e0041}🐘')).toBe('"\\u202e\\udb40\\udc41🐘"')
})

it('shortens nothing for a program', () => {
  expect(cellText('select 1\nfrom t', { terminal: false }, 5)).toBe('select 1\\nfrom t')
  expect(cellText('select 1\nfrom t', { terminal: true }, 5)).toBe('sele…')
})

it('shortens to the first line by characters', () => {
  expect(firstLine('  select 1\nfrom t', 40)).toBe('select 1…')
  expect(firstLine('🐘🐘🐘🐘', 3)).toBe('🐘🐘…')
  expect(firstLine('short', 5)).toBe('short')
})
