import { maskGrowth } from '@hoop/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { strictestFirst, valueMask } from './methods.ts'

const key = Buffer.alloc(32, 7)
const mask = (method: (typeof strictestFirst)[number], value: string) => valueMask(method, 'Mask/m', key).text(value)

describe('mask methods', () => {
  it.each([
    ['redact', 'alice', '[masked]'],
    ['fixed', 'alice', '*****'],
    ['null', 'alice', null],
    ['partial', '4111111111111111', '************1111'],
    ['partial', '12345678', '******78'],
    ['partial', '1234567', '*******'],
    ['partial', '𝒂𝒃𝒄𝒅𝒆𝒇𝒈𝒉𝒊', '******𝒈𝒉𝒊'],
    ['partial', '', '*'],
  ] as const)('%s of %j is %j', (method, value, masked) => {
    expect(mask(method, value)).toBe(masked)
  })

  it('hash is equal for equal values and depends on the key', () => {
    expect(mask('hash', 'alice')).toMatch(/^h_[0-9a-f]{16}$/)
    expect(mask('hash', 'alice')).toBe(mask('hash', 'alice'))
    expect(mask('hash', 'alice')).not.toBe(mask('hash', 'alicf'))
    expect(mask('hash', 'alice')).not.toBe(valueMask('hash', 'Mask/m', Buffer.alloc(32, 8)).text('alice'))
  })

  it('what is written from byte to byte is what the text becomes', () => {
    const letter = fc.oneof(fc.constantFrom('*', '#', '1'), fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }))
    const text = fc.array(letter, { maxLength: 24 }).map((letters) => letters.join(''))
    const value = fc.oneof(text, fc.constantFrom('[masked]', '[masked', '*****', '******'))
    fc.assert(
      fc.property(value, fc.constantFrom(...strictestFirst), (value, method) => {
        const { ascii, text } = valueMask(method, 'Mask/m', key)
        const bytes = Buffer.from(`<${value}>`)
        const into = Buffer.alloc(value.length + maskGrowth + 1, '!')
        const end = ascii?.(bytes, 1, bytes.length - 1, into, 1)
        if (end !== undefined) expect(into.toString('latin1', 0, end)).toBe(`!${text(value)}`)
        expect(end === undefined).toBe(method === 'hash' || method === 'null')
      }),
    )
  })

  it('none gives back its argument, even one that looks masked', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('[masked]', '[redacted]', '*****', '******', '', '*', '########'),
      fc.string({ unit: fc.constantFrom('*', '#', '1') }),
    )
    fc.assert(
      fc.property(value, fc.constantFrom(...strictestFirst), (text, method) => {
        expect(mask(method, text)).not.toBe(text)
      }),
    )
  })

  it('partial keeps the number of characters and shows at most a third', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'é', '𝒂', '7'), minLength: 1, maxLength: 40 }), (text) => {
        const masked = [...(mask('partial', text) ?? '')]
        expect(masked).toHaveLength([...text].length)
        expect(masked.filter((character) => character !== '*').length).toBeLessThanOrEqual([...text].length / 3)
      }),
    )
  })
})
