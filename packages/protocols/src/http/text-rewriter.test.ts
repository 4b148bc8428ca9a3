import type { Detectors } from '@hoop/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BodyError } from './body-rewriter.ts'
import { cut, nines, run } from './json-masks.fixture.ts'
import { formRewriter } from './text-form.ts'
import { textRewriter } from './text-rewriter.ts'

const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 })

describe('a text', () => {
  test('is shown as it would be whole, whatever the cuts', () => {
    const piece = fc.constantFrom('9999999', '99', '9', ' ', '\n', 'é', '-', 'x'.repeat(100), 'word '.repeat(30))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), cuts, (pieces, sizes) => {
        const text = pieces.join('')
        const rewriter = textRewriter(nines)
        const whole = nines.text(text)
        expect(run(rewriter, cut(Buffer.from(text), sizes))).toBe(whole.text)
        expect(rewriter.masked).toEqual(whole.masked)
      }),
      { numRuns: 1000 },
    )
  })

  test('leaves a line at a time, and of a line that goes on all but its last 256 bytes', () => {
    const rewriter = textRewriter(nines)
    const write = (text: string) => Buffer.concat(rewriter.write(Buffer.from(text))).toString()
    expect(write('one\ntwo 9999')).toBe('one\n')
    expect(write('999\n')).toBe('two *******\n')
    expect(write('x'.repeat(1000))).toBe('x'.repeat(744))
    expect(Buffer.concat(rewriter.end()).length).toBe(256)
  })

  test('is cut where both sides are still seen', () => {
    const rewriter = textRewriter(nines)
    const write = (text: string) => Buffer.concat(rewriter.write(Buffer.from(text))).toString()
    expect(write(`999999999${'x'.repeat(249)}`)).toBe('99')
    expect(write(`${'x'.repeat(7)}\n`)).toBe(`9999999${'x'.repeat(256)}\n`)
    expect(write(`99x9999999${'x'.repeat(250)}`)).toBe('99x')
    expect(write('\n')).toBe(`*******${'x'.repeat(250)}\n`)
    expect(rewriter.masked).toEqual({ 'Mask/nines': 1 })
  })

  test('waits for the end of a value that takes several lines', () => {
    const value = /<[a-z\n]*>/g
    const blocks: Detectors = {
      find: (bytes, start, end) =>
        [...Buffer.from(bytes.subarray(start, end)).toString('latin1').matchAll(value)].map(({ index, 0: found }) => ({
          ...{ start: start + index, end: start + index + found.length, kind: 'block', rule: 'Mask/blocks' },
        })),
      blank: nines.blank,
      text: (text) => ({ text: text.replaceAll(value, (found) => '*'.repeat(found.length)), masked: {} }),
      unfinished: (bytes, start, end) => {
        const open = Buffer.from(bytes.subarray(start, end))
          .toString('latin1')
          .search(/<[a-z\n]*$/)
        return open < 0 ? end : start + open
      },
    }
    const text = `one\n<${'line\n'.repeat(200)}> two <open`
    for (const size of [1, 7, 300, 2000]) {
      expect(run(textRewriter(blocks), cut(Buffer.from(text), [size]))).toBe(blocks.text(text).text)
    }
  })

  test('leaves the bytes that came as they are', () => {
    const bytes = Buffer.from('a 9999999 b\n')
    run(textRewriter(nines), [bytes])
    expect(bytes.toString()).toBe('a 9999999 b\n')
  })

  test.each(['fffe3900', 'feff0039'])('that begins with %s is not looked into, and does not pass', (hex) => {
    expect(() => run(textRewriter(nines), cut(Buffer.from(hex, 'hex'), [1]))).toThrow(BodyError)
  })
})

describe('a form', () => {
  test.each([
    ['a=1&b=9999999&c', 'a=1&b=*******&c'],
    ['a=%39999999&b=%zz%4', 'a=*******&b=%zz%4'],
    ['a=x+9999999%C3%A9&9999999=', 'a=x+*******%C3%A9&*******='],
    ['a=%20+%41&b==&&', 'a=%20+%41&b==&&'],
    ['', ''],
  ])('%s is shown as %s', (form, shown) => {
    for (const size of [1, 2, 3, 100]) expect(run(formRewriter(nines), cut(Buffer.from(form), [size]))).toBe(shown)
  })

  test('counts what it masked', () => {
    const rewriter = formRewriter(nines)
    run(rewriter, [Buffer.from('a=9999999&b=9999999')])
    expect(rewriter.masked).toEqual({ 'Mask/nines': 2 })
  })

  test('has no value that is longer than can be looked at', () => {
    const rewriter = formRewriter(nines)
    const piece = Buffer.alloc(1024 * 1024, 'a')
    expect(() => run(rewriter, Array(9).fill(piece))).toThrow(BodyError)
  })
})
