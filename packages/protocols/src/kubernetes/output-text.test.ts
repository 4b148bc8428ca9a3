import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cut, nines } from '../http/json-masks.fixture.ts'
import { masksOf } from './masks.fixture.ts'
import { OutputText } from './output-text.ts'

test('however an output is cut, values in it are blanked, and nothing else is changed', () => {
  const words = fc.constantFrom('9999999', '9', ' ', '\n', 'paid by ', '$ ', 'é', 'x'.repeat(300))
  fc.assert(
    fc.property(fc.array(words), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (parts, sizes) => {
      const text = parts.join('')
      const output = new OutputText(nines)
      const shown = cut(Buffer.from(text), sizes).map((piece) => output.write(piece))
      const line = text.slice(text.lastIndexOf('\n') + 1)
      expect(output.holds).toBe(line !== '')
      shown.push(output.rest())
      expect(output.holds).toBe(false)
      expect(Buffer.concat(shown).toString()).toBe(nines.text(text).text)
    }),
  )
})

test('what was shown already is seen beside what follows', () => {
  const output = new OutputText(nines)
  const shown = [output.write(Buffer.from('card 9999')), output.rest(), output.write(Buffer.from('999\n')), output.rest()]
  expect(shown.map(String)).toEqual(['', 'card 9999', '***\n', ''])
})

test('of a long line 256 bytes wait', () => {
  const output = new OutputText(nines)
  expect(output.write(Buffer.alloc(1000, 'x')).length).toBe(744)
})

test('of a value that takes several lines all waits, and what was shown of it is seen beside the rest', () => {
  const masks = masksOf('detect: [private-key]')
  const key = `-----BEGIN PRIVATE KEY-----\n${`${'MIIEvQIBADANBgkq'.repeat(4)}\n`.repeat(10)}-----END PRIVATE KEY-----`
  const whole = `$ cat key\n${key}\n$ `
  const pieces = cut(Buffer.from(whole), [90])
  if (masks.detectors === null) throw new Error('Nothing is detected.')
  const output = new OutputText(masks.detectors)
  const shown = [...pieces.map((piece) => output.write(piece)), output.rest()]
  expect(Buffer.concat(shown).toString()).not.toContain('MII')
  expect(Buffer.concat(shown).toString()).toMatch(/^\$ cat key\n[^$]*\n\$ $/)
  const slow = new OutputText(masks.detectors)
  const parts = pieces.flatMap((piece) => [slow.write(piece), slow.rest()])
  expect(Buffer.concat(parts.slice(-4)).toString()).not.toContain('MII')
})
