import type { FieldNode, ValueMask } from '@hoop/contracts'
import { describe, expect, test } from 'vitest'
import { BodyError } from './body-rewriter.ts'
import { anyOf, base64Value, type DocumentNode, jsonValue, underElements, underMember, underMembers } from './field-nodes.ts'
import { cut, mask, masked, nines, run } from './json-masks.fixture.ts'
import { jsonRewriter } from './json-rewriter.ts'

const secret = underMember('secret', masked)
const show = (json: string, root: DocumentNode | null = secret, many = false) => {
  const rewriter = jsonRewriter({ root, detectors: nines, many })
  const shown = run(rewriter, [Buffer.from(json)])
  for (const size of [1, 3])
    expect(run(jsonRewriter({ root, detectors: nines, many }), cut(Buffer.from(json), [size]))).toBe(shown)
  return { shown, masked: rewriter.masked }
}
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('a masked place', () => {
  test.each([
    ['{"secret": "abc", "n": 1}', '{"secret": "<3>", "n": 1}'],
    ['{"\\u0073ecret": "abc"}', '{"\\u0073ecret": "<3>"}'],
    ['{"secret": "a", "secret": "bc"}', '{"secret": "<1>", "secret": "<2>"}'],
    ['{"secret": 12.50, "n": 12.50}', '{"secret": "<5>", "n": 12.50}'],
    ['{"secret": true}', '{"secret": "<4>"}'],
    ['{"secret": null}', '{"secret": null}'],
    ['{"secret": {"a": [1, {"b": "x"}], "secret": null}}', '{"secret": {"a": ["<1>", {"b": "<1>"}], "secret": null}}'],
    ['{"secret": {}, "n": []}', '{"secret": {}, "n": []}'],
    ['{"other": {"secret": 1}}', '{"other": {"secret": 1}}'],
    ['{"secret": "\\ud800\\u00e9"}', '{"secret": "<2>"}'],
    [
      '{"other": {"a": [1, {}]}, "secret": 1, "more": [[]], "Secret": [2]}',
      '{"other": {"a": [1, {}]}, "secret": "<1>", "more": [[]], "Secret": ["<1>"]}',
    ],
  ])('%s is shown as %s', (json, shown) => {
    expect(show(json).shown).toBe(shown)
    for (const size of [1, 3, 1000])
      expect(run(jsonRewriter({ root: secret, detectors: null }), cut(Buffer.from(json), [size]))).toBe(shown)
  })

  test('has its names shown, as far as detectors find nothing in them', () => {
    expect(show('{"secret": {"9999999": 1, "a\\u00399999999": 2}}').shown).toBe(
      '{"secret": {"*******": "<1>", "a\\u00399999999": "<1>"}}',
    )
  })

  test('is null where the mask says so', () => {
    const nothing: ValueMask = { ...mask, method: 'null', text: () => null }
    expect(show('{"a": "x", "b": 1}', underMember('a', { ...masked, mask: nothing })).shown).toBe('{"a": null, "b": 1}')
  })

  test('below another takes the stricter of the two masks', () => {
    const node = (outer: ValueMask['method'], inner: ValueMask['method']): FieldNode => {
      const of = (method: ValueMask['method']): ValueMask => ({ ...mask, method, rule: `Mask/${method}`, text: () => method })
      return { mask: of(outer), member: () => ({ ...masked, mask: of(inner) }), element: () => null }
    }
    expect(show('{"a": 1}', node('partial', 'redact'))).toEqual({ shown: '{"a": "redact"}', masked: { 'Mask/redact': 1 } })
    expect(show('{"a": 1}', node('redact', 'partial'))).toEqual({ shown: '{"a": "redact"}', masked: { 'Mask/redact': 1 } })
  })
})

describe('detectors', () => {
  test.each([
    ['["9999999", "a\\n9999999\\u00e9", 9999999, -9999999]', '["*******", "a\\n*******é", "*******", "-*******"]'],
    ['["\\u0039999999"]', '["*******"]'],
    ['{"9999999": 1}', '{"*******": 1}'],
    ['[9.999999e6, 9999999E0, 9999999.0, 1e400, 1e3]', '["*******", "*******E0", "*******.0", 1e400, 1e3]'],
    ['["99999990", 0.5, true]', '["99999990", 0.5, true]'],
  ])('show %s as %s', (json, shown) => expect(show(json).shown).toBe(shown))
})

describe('base64', () => {
  const data = anyOf([underMember('data', underMembers(base64Value)), underMember('data', underMember('key', masked))])

  test('is masked on the text in it, and is base64 again', () => {
    expect(show(`{"data": {"key": "${base64('geheim')}"}}`, data).shown).toBe(`{"data": {"key": "${base64('<6>')}"}}`)
  })

  test('that is none is masked as it stands', () => {
    expect(show('{"data": {"key": "a b"}}', data).shown).toBe(`{"data": {"key": "${base64('<3>')}"}}`)
    expect(show('{"data": {"key": 12}}', data).shown).toBe(`{"data": {"key": "${base64('<2>')}"}}`)
  })

  test('is not what stands below its place', () => {
    const root = underMember('secret', anyOf([masked, base64Value]) ?? masked)
    expect(run(jsonRewriter({ root, detectors: null }), [Buffer.from('{"secret": [{"a": 1}, 2]}')])).toBe(
      '{"secret": [{"a": "<1>"}, "<1>"]}',
    )
  })

  test('is looked into by detectors', () => {
    const json = `{"data": {"a": "${base64('n 9999999')}", "b": "${base64('n')}", "c": "x 9999999"}}`
    expect(show(json, data)).toEqual({
      shown: `{"data": {"a": "${base64('n *******')}", "b": "${base64('n')}", "c": "x *******"}}`,
      masked: { 'Mask/nines': 2 },
    })
  })
})

describe('a document in a string', () => {
  const node: DocumentNode =
    anyOf([
      secret,
      underMember(
        'copy',
        jsonValue(() => node),
      ),
    ]) ?? secret
  const inString = (json: string) => JSON.stringify({ copy: json })

  test('is masked as the outer one, at any depth', () => {
    expect(show(inString('{"secret":"abc", "n":9999999}'), node)).toEqual({
      shown: inString('{"secret":"<3>", "n":"*******"}'),
      masked: { 'Mask/m': 1, 'Mask/nines': 1 },
    })
    expect(show(inString(inString('{"secret":1}')), node).shown).toBe(inString(inString('{"secret":"<1>"}')))
  })

  test('keeps its spelling where nothing is masked in it', () => {
    const json = '{"copy": "{ \\u0022n\\u0022: 1e400 }", "other": ""}'
    expect(show(json, node).shown).toBe(json)
  })

  test('that cannot be read is hidden whole', () => {
    const hidden = { shown: '{"copy":"[masked]"}', masked: { 'hoop/unreadable': 1 } }
    expect(show(inString('{"secret":"abc", "x"'), node)).toEqual(hidden)
    expect(show(inString('{"secret":9999999} 1'), node)).toEqual(hidden)
  })
})

describe('places', () => {
  test('are found under members whatever their case, and under elements', () => {
    const root = anyOf([underMember('items', underElements(secret)), underMember('object', secret), null])
    expect(show('{"Items": [{"secret": 1}, {"secret": 2}], "object": {"secret": 3}, "secret": 4}', root).shown).toBe(
      '{"Items": [{"secret": "<1>"}, {"secret": "<1>"}], "object": {"secret": "<1>"}, "secret": 4}',
    )
  })

  test('of several nodes are those of each of them, element by element', () => {
    const second: DocumentNode = { ...masked, mask: null, element: (index) => (index === 1 ? masked : null) }
    const root = anyOf([second, underElements(secret)])
    expect(show('[1, 2, {"secret": 3}, [4], {"secret": 5}, {"Secret": 6}]', root).shown).toBe(
      '[1, "<1>", {"secret": "<1>"}, [4], {"secret": "<1>"}, {"Secret": "<1>"}]',
    )
  })

  test('of no node are none', () => expect(anyOf([null, null])).toBeNull())
})

describe('a stream of documents', () => {
  test.each([
    ['{"secret":1}\n{"secret":2}\n', '{"secret":"<1>"}\n{"secret":"<1>"}\n'],
    ['{"secret":1}{"secret":2}[]', '{"secret":"<1>"}{"secret":"<1>"}[]'],
    ['1 2\n"a""b" null\r\n\r\n', '1 2\n"a""b" null\r\n\r\n'],
    ['\u001e{"secret":1}\n\u001e1\n', '\u001e{"secret":"<1>"}\n\u001e1\n'],
    ['', ''],
  ])('%j is shown as %j', (json, shown) => expect(show(json, secret, true).shown).toBe(shown))

  test('leaves document by document', () => {
    const rewriter = jsonRewriter({ root: secret, detectors: nines, many: true })
    const write = (text: string) => Buffer.concat(rewriter.write(Buffer.from(text))).toString()
    expect(write('{"secret": "a"}\n{"sec')).toBe('{"secret": "<1>"}\n{')
    expect(write('ret": "b"}\n')).toBe('"secret": "<1>"}\n')
    expect(write('{"n": "b"}\n')).toBe('{"n": "b"}\n')
    expect(Buffer.concat(rewriter.end()).length).toBe(0)
  })

  test.each(['1true', '{}x', 'null"a"', '{}\n{', '{},{}', '{"a"', '\u001e{\u001e', '[\u001e1]'])('%j is not one', (json) => {
    expect(() => show(json, secret, true)).toThrow(BodyError)
  })
})

describe('what does not pass', () => {
  test.each([
    ['a second document', '{} {}', 'at byte 3 nothing was expected behind the document'],
    ['a record separator', '\u001e1', 'at byte 0 a value was expected'],
    ['a byte order mark', '\ufeff{}', 'byte order mark'],
    ['UTF-16', Buffer.from('{}', 'utf16le').swap16(), 'begins UTF-16 or UTF-32'],
    ['a byte order mark of UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 'UTF-8'],
    ['bytes that are no UTF-8', Buffer.from('["\xff"]', 'latin1'), 'not UTF-8'],
    ['UTF-8 that is longer than need be', Buffer.from('["\xc0\xaf"]', 'latin1'), 'not UTF-8'],
    ['a surrogate in UTF-8', Buffer.from('["\xed\xa0\x80"]', 'latin1'), 'not UTF-8'],
    ['an end in the middle', '{"secret": "a', 'the JSON ends in the middle'],
    ['an end in the middle of a character', Buffer.from('"\xe2\x82', 'latin1'), 'in the middle of a UTF-8 character'],
    ['nothing', '', 'the JSON ends in the middle'],
    ['a control character in a string', '"a\nb"', 'at byte 2 a control character'],
    ['a comment', '[1 /* one */]', 'at byte 3 a comma or the end of an array'],
    ['a comma too many', '[1,]', 'at byte 3 a value was expected'],
    ['a name without quotes', '{a: 1}', 'at byte 1 a comma or the end of an object'],
    ['NaN', 'NaN', 'at byte 0 a value was expected'],
    ['a plus sign', '+1', 'at byte 0 a value was expected'],
    ['another word', 'nul1', 'at byte 3 “null” was expected'],
    ['the wrong end', '[}', 'at byte 1 a value was expected'],
    ['too many arrays in each other', '['.repeat(257), 'more than 256 arrays and objects in each other'],
  ])('%s', (_, json, words) => {
    const bytes = Buffer.from(json)
    for (const size of [1, 2, 1000]) {
      expect(() => run(jsonRewriter({ root: secret, detectors: null }), cut(bytes, [size]))).toThrow(BodyError)
      expect(() => run(jsonRewriter({ root: null, detectors: nines }), cut(bytes, [size]))).toThrow(words)
    }
  })

  test('a value that is too long to be looked at; one that nobody looks at passes', () => {
    const json = Buffer.from(JSON.stringify({ secret: '', other: 'x'.repeat(100) }))
    const limits = { depth: 256, token: 100 }
    for (const size of [1, 1000]) {
      const pieces = cut(json, [size])
      expect(run(jsonRewriter({ root: secret, detectors: null, limits }), pieces)).toBe(
        `{"secret":"<0>","other":"${'x'.repeat(100)}"}`,
      )
      expect(() => run(jsonRewriter({ root: secret, detectors: nines, limits }), pieces)).toThrow('longer than 100 bytes')
      expect(() => run(jsonRewriter({ root: underMember('other', masked), detectors: null, limits }), pieces)).toThrow(BodyError)
    }
  })

  test('a value that has become too long before its end has come', () => {
    const rewriter = jsonRewriter({ root: secret, detectors: null, limits: { depth: 1, token: 10 } })
    rewriter.write(Buffer.from('{"secret": "123456'))
    expect(() => rewriter.write(Buffer.from('7890'))).toThrow('longer than 10 bytes')
  })

  test('anything of a value before it is masked', () => {
    const rewriter = jsonRewriter({ root: secret, detectors: null })
    expect(Buffer.concat(rewriter.write(Buffer.from('{"secret": "ab'))).toString()).toBe('{"secret": ')
    expect(() => rewriter.write(Buffer.from('\n'))).toThrow(BodyError)
  })
})
