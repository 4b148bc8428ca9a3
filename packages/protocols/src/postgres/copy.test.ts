import type { ColumnRef, Detectors, MaskPlan, Output } from '@hoop/contracts'
import { describe, expect, test } from 'vitest'
import { ProtocolViolation } from '../bytes.ts'
import { copyRewriter } from './copy.ts'
import type { CopyFormat } from './copy-format.ts'
import { ValueStyles } from './value-styles.ts'
import { hides } from './wire.fixture.ts'

const column = (name: string): Output => ({ name, sources: [{ schema: 'public', table: 't', column: name } satisfies ColumnRef] })
const hidden = hides('public.t.secret')
type Options = Partial<CopyFormat['options']> & { format?: CopyFormat['format']; outputs?: CopyFormat['outputs'] }

function rewriter(
  { format = 'text', outputs = [column('id'), column('secret'), column('note')], ...options }: Options,
  plan: MaskPlan,
) {
  const defaults =
    format === 'csv'
      ? { delimiter: ',', null: '', quote: '"', escape: '"', header: false }
      : { delimiter: '\t', null: '\\N', quote: '"', escape: '"', header: false }
  return copyRewriter({ format, options: { ...defaults, ...options }, outputs }, plan, () => undefined)
}

function run(pieces: readonly Buffer[], options: Options, plan: MaskPlan = hidden): { masked: string; original: string } {
  const copy = rewriter(options, plan)
  const lines = [...pieces.map((piece) => copy.push(piece)), copy.end()]
  return {
    masked: Buffer.concat(lines.flatMap(({ masked }) => masked)).toString(),
    original: Buffer.concat(lines.flatMap(({ original }) => original)).toString(),
  }
}

const cases: Readonly<Record<string, { readonly options: Options; readonly data: string; readonly masked: string }>> = {
  text: { options: {}, data: '1\tada\tx\n2\t\\N\ty\n', masked: '1\t(hidden)\tx\n2\t\\N\ty\n' },
  'text with every escape': {
    options: {},
    data: '1\ta\\tb\\\\\\n\tx\\ty\n2\tb\\\\\tz',
    masked: '1\t(hidden)\tx\\ty\n2\t(hidden)\tz',
  },
  'text with a newline behind a backslash': {
    options: {},
    data: '1\ta\\\nb\tx\n2\tc\ty\n',
    masked: '1\t(hidden)\tx\n2\t(hidden)\ty\n',
  },
  'text with its own delimiter and null': {
    options: { delimiter: '|', null: 'nil' },
    data: '1|ada|x\n2|nil|y\n3|a\\|b|z\n',
    masked: '1|(hidden)|x\n2|nil|y\n3|(hidden)|z\n',
  },
  'text with carriage returns': { options: {}, data: '1\tada\tx\r\n', masked: '1\t(hidden)\tx\r\n' },
  'the end marker': { options: {}, data: '1\tada\tx\n\\.\n', masked: '1\t(hidden)\tx\n\\.\n' },
  csv: { options: { format: 'csv' }, data: '1,ada,x\n2,,y\n3,"",z\n', masked: '1,"(hidden)",x\n2,,y\n3,"(hidden)",z\n' },
  'csv with quotes, delimiters and newlines inside': {
    options: { format: 'csv', header: true },
    data: 'id,secret,note\n1,"a ""b"", c\nd","x\n""y"\n2,e,"z"\n',
    masked: 'id,secret,note\n1,"(hidden)","x\n""y"\n2,"(hidden)","z"\n',
  },
  'csv with its own escape': {
    options: { format: 'csv', escape: '\\', quote: "'" },
    data: "1,'a\\'b,\nc',x\n2,'\\\\',y\n",
    masked: "1,'(hidden)',x\n2,'(hidden)',y\n",
  },
  'letters of several bytes': { options: {}, data: '1\tÅda 🂡\té\n', masked: '1\t(hidden)\té\n' },
  'no data': { options: {}, data: '', masked: '' },
}

describe('COPY data is masked alike however it is cut', () => {
  for (const [name, { options, data, masked }] of Object.entries(cases)) {
    test(name, () => {
      const bytes = Buffer.from(data)
      expect(run([bytes], options)).toEqual({ masked, original: data })
      for (let at = 1; at < bytes.length; at++) {
        expect(run([bytes.subarray(0, at), bytes.subarray(at)], options)).toEqual({ masked, original: data })
      }
      const single = Array.from(bytes, (byte) => Buffer.of(byte))
      expect(run(single, options)).toEqual({ masked, original: data })
    })
  }
})

describe('where no column is masked by name, what detectors find is', () => {
  const sixteen: Detectors = {
    find: (bytes, start, end) =>
      Array.from(
        Buffer.from(bytes)
          .toString('latin1', start, end)
          .matchAll(/[0-9]{16}/g),
        ({ index }) => ({
          ...{ start: start + index, end: start + index + 16, kind: 'card', rule: 'Mask/cards' },
        }),
      ),
    blank: (bytes, findings) => {
      for (const { start, end } of findings) bytes.fill(0x2a, start, end)
    },
    text: (text) => ({ text, masked: {} }),
  }
  const plan: MaskPlan = {
    empty: false,
    hasColumns: false,
    hasFields: false,
    fields: () => null,
    column: () => null,
    detectors: sixteen,
  }
  const card = '4111111111111111'
  const data = `a\tb\n1\t${card}\n2\tfour\\\n${card}\n3\t41111111\n1111111\n\n${card}`
  const stars = '*'.repeat(16)

  for (const options of [{}, { header: true }, { format: 'csv' as const, quote: '4' }]) {
    test(`alike however it is cut: ${JSON.stringify(options)}`, () => {
      const bytes = Buffer.from(data)
      const expected = { masked: data.replaceAll(card, stars), original: data }
      for (let at = 0; at <= bytes.length; at++) {
        for (let to = at; to <= bytes.length; to += 5) {
          const pieces = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)]
          expect(run(pieces, options, plan)).toEqual(expected)
        }
      }
    })
  }

  test('and where nothing is found, the very bytes that came pass on, up to the end of a line', () => {
    const copy = rewriter({}, plan)
    const bytes = Buffer.from('1\tada\n2\tbob\n3\tca')
    const { masked, original } = copy.push(bytes)
    expect(masked).toBe(original)
    expect(original.map(({ buffer }) => buffer)).toEqual([bytes.buffer])
    expect(copy.push(Buffer.from('rl\n4\t')).original.join('')).toBe('3\tcarl\n')
  })
})

test('where nobody knows the columns, every field is masked', () => {
  expect(run([Buffer.from('1\tada\n')], { outputs: 'opaque' }).masked).toBe('(hidden)\t(hidden)\n')
})

test('a line with another number of fields shows none of them, and passes up to be rejected there', () => {
  expect(run([Buffer.from('1\tada\n1\tada\tx\n')], {})).toEqual({
    masked: '(hidden)\t(hidden)\n1\t(hidden)\tx\n',
    original: '1\tada\n1\tada\tx\n',
  })
})

test('a long line in many pieces costs its length, not its square', () => {
  const copy = rewriter({ format: 'csv' }, hidden)
  const piece = Buffer.alloc(4096, 'x')
  copy.push(Buffer.from('1,"'))
  const begun = performance.now()
  for (let i = 0; i < 8_000; i++) copy.push(piece)
  expect(performance.now() - begun).toBeLessThan(5_000)
  expect(copy.push(Buffer.from('",x\n')).masked.join('')).toBe('1,"(hidden)",x\n')
})

test('a line longer than any may be ends the COPY', () => {
  const copy = rewriter({}, hidden)
  const piece = Buffer.alloc(1024 * 1024, 'x')
  expect(() => {
    for (let i = 0; i < 65; i++) copy.push(piece)
  }).toThrow(ProtocolViolation)
})

test('where the types are known, a masked value is one of its type, or NULL', () => {
  const [text, date, jsonb, unknown] = [25, 1082, 3802, 999_999]
  const outputs = Array.from({ length: 4 }, () => column('secret'))
  const defaults = { delimiter: ',', null: '', quote: '"', escape: '"', header: false }
  const known = { format: 0, stored: true, types: { types: new Map(), typesByOid: new Map() }, styles: new ValueStyles() }
  const columns = [text, date, jsonb, unknown].map((typeOid) => ({ ...known, typeOid }))
  const format: CopyFormat = { format: 'csv', options: defaults, outputs, columns }
  const copy = copyRewriter(format, hidden, () => undefined)
  const masked = '"(hidden)","2000-01-01","{""a"":""(hidden)""}",\n'
  expect(copy.push(Buffer.from('ada,2026-01-02,"{""a"": ""x""}",x\n')).masked.join('')).toBe(masked)
})
