import { describe, expect, test } from 'vitest'
import { BodyError } from './body-rewriter.ts'
import { underMember } from './field-nodes.ts'
import { cut, masked, nines, run } from './json-masks.fixture.ts'
import { eventStreamRewriter } from './server-sent-events.ts'

const root = underMember('secret', masked)
const show = (stream: string, sizes: number[] = []) => run(eventStreamRewriter(root, nines), cut(Buffer.from(stream), sizes))

describe('an event stream', () => {
  test.each([
    ['data: {"secret": "abc", "n": 1}\n\n', 'data: {"secret": "<3>", "n": 1}\n\n'],
    ['data:{"secret":"abc"}\r\n\r\ndata: 1\r\n\r\n', 'data: {"secret":"<3>"}\n\ndata: 1\r\n\r\n'],
    ['data: {"secret":"abc"}\r\rdata: 1\r\r', 'data: {"secret":"<3>"}\n\ndata: 1\r\r'],
    [
      'event: add\ndata: {\ndata: "secret": "abc"\ndata: }\nid: 7\n\n',
      'event: add\ndata: {\ndata: "secret": "<3>"\ndata: }\nid: 7\n\n',
    ],
    ['data: {"a":\ndata: "b"}\n\n', 'data: {"a":\ndata: "b"}\n\n'],
    [': keep\n\nretry: 10\n\n', ': keep\n\nretry: 10\n\n'],
    [': 9999999\nid: 9999999\ndata: "9999999"\n\n', ': *******\nid: *******\ndata: "*******"\n\n'],
    ['data: [DONE]\n\n', 'data: [DONE]\n\n'],
    ['data: {"secret": "abc"\n\n', 'data: [masked]\n\n'],
    ['data: secret\ndata: words\n\ndata\n\n', 'data: [masked]\n\ndata\n\n'],
    ['Data: {"secret": "abc"}\nwords\ndata: 1\n\n', 'data: 1\n\n'],
    ['\ufeffdata: {"secret": "abc"}\n\n', 'data: {"secret": "<3>"}\n\n'],
    ['data: 1\n\n\ufeffdata: 2\nid: 1\n\n', 'data: 1\n\nid: 1\n\n'],
    ['data: 1\n\ndata: {"secret": "abc"}', 'data: 1\n\ndata: {"secret": "<3>"}'],
    ['', ''],
  ])('%j is shown as %j', (stream, shown) => {
    expect(show(stream)).toBe(shown)
    // Cut between the two bytes of a line ending, the second goes with what follows.
    for (const size of [1, 2, 7]) expect(show(stream, [size]).replaceAll('\n\n\n', '\n\n')).toBe(shown)
  })

  test('lets each event leave as soon as it is whole', () => {
    const rewriter = eventStreamRewriter(root, null)
    const write = (text: string) => Buffer.concat(rewriter.write(Buffer.from(text))).toString()
    expect(write('data: {"secret": "a"}\n')).toBe('')
    expect(write('\ndata: ')).toBe('data: {"secret": "<1>"}\n\n')
    expect(write('2\n\n')).toBe('data: 2\n\n')
  })

  test('without masks by name shows other text, too, as far as detectors find nothing', () => {
    const rewriter = eventStreamRewriter(null, nines)
    expect(run(rewriter, [Buffer.from('data: words 9999999\nfoo: 9999999\n\n')])).toBe('data: words *******\nfoo: *******\n\n')
    expect(rewriter.masked).toEqual({ 'Mask/nines': 2 })
  })

  test('counts by rule', () => {
    const rewriter = eventStreamRewriter(root, nines)
    run(rewriter, [Buffer.from('data: {"secret": [1, 2]}\n\ndata: x\n\n: 9999999\n\n')])
    expect(rewriter.masked).toEqual({ 'Mask/m': 2, 'hoop/unreadable': 1, 'Mask/nines': 1 })
  })

  test('has no event that is longer than can be looked at', () => {
    const rewriter = eventStreamRewriter(root, null)
    const line = Buffer.from(`data: ${'a'.repeat(1024 * 1024)}\n`)
    expect(() => run(rewriter, Array(9).fill(line))).toThrow(BodyError)
  })
})
