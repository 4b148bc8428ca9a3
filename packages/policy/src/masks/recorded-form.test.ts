import { type Literal, MaskDocument, type MaskPlan, type Operation, type Sources } from '@hoop/contracts'
import { describe, expect, it } from 'vitest'
import { operation } from '../testing/operation.ts'
import { maskPlan } from './plan.ts'
import { recordedForm, recordedObjects } from './recorded-form.ts'

const email: Sources = [{ schema: 'public', table: 'users', column: 'email' }]
const id: Sources = [{ schema: 'public', table: 'users', column: 'id' }]
const plan = (mask: object): MaskPlan => maskPlan([MaskDocument.parse({ kind: 'Mask', name: 'm', ...mask })], Buffer.alloc(32))
const emails = plan({ columns: ['*.*.email'] })

/** `text` with literals between ‹ and ›. */
function withLiterals(marked: string, sources: Sources): Operation {
  const literals = [...marked.matchAll(/‹(.*?)›/gs)].map((match, index) => ({
    start: match.index - 2 * index,
    end: match.index - 2 * index + (match[1] ?? '').length,
    sources,
    secret: false,
  }))
  return operation({ text: marked.replace(/[‹›]/g, ''), literals })
}

/** A JSON body behind a head, each scalar of it with its place. */
function withFields(head: string, body: string, resource: string): Operation {
  const literals: Literal[] = []
  let at = 0
  const walk = (value: unknown, path: (string | number)[]): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [name, inside] of Object.entries(value)) walk(inside, [...path, Array.isArray(value) ? Number(name) : name])
      return
    }
    const start = body.indexOf(JSON.stringify(value), at)
    at = start + JSON.stringify(value).length
    literals.push({ start: head.length + start, end: head.length + at, sources: [], secret: false, field: { resource, path } })
  }
  walk(JSON.parse(body), [])
  return operation({ protocol: 'kubernetes', text: head + body, literals })
}

const kubernetes = {
  verb: 'get',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'prod',
  name: 'web',
  dryRun: false,
  fieldSelector: '',
  labelSelector: '',
}

describe('recordedForm', () => {
  it.each([
    [`where email = ‹'a@b'›`, `where email = '[masked]'`],
    [`where email = ‹E'a\\'@b'›`, `where email = E'[masked]'`],
    [`where email = ‹U&'a@b'›`, `where email = U&'[masked]'`],
    [`where email = ‹$secret$a@b$secret$› -- x`, `where email = $$[masked]$$ -- x`],
    [`where n in (‹12›, ‹-3.5›)`, `where n in (***, ***)`],
    [`set email = ‹'a'› || ‹'b'›`, `set email = '[masked]' || '[masked]'`],
  ])('%s', (marked, text) => {
    expect(recordedForm(withLiterals(marked, email), emails)).toEqual({ text, parameters: [], runs: [], masked: true })
    expect(recordedForm(withLiterals(marked, 'opaque'), emails).text).toBe(text)
    const plain = withLiterals(marked, id)
    expect(recordedForm(plain, emails)).toEqual({ text: plain.text, parameters: [], runs: [], masked: false })
  })

  it('masks parameters likewise; NULL stays NULL', () => {
    const parameters = [
      { type: 'text', value: 'a@b', sources: email },
      { type: 'text', value: null, sources: email },
      { type: 'int4', value: '7', sources: id },
      { type: null, value: '\\x00', sources: 'opaque' as const },
    ]
    expect(recordedForm(operation({ parameters }), emails).parameters).toEqual([
      { type: 'text', value: '[masked]' },
      { type: 'text', value: null },
      { type: 'int4', value: '7' },
      { type: null, value: '[masked]' },
    ])
  })

  it('masks what detectors of other kinds and patterns find', () => {
    const text = "select 1 where mail = 'ada@mail.example' and badge = 'B-1234'"
    const parameters = [{ type: 'text', value: 'DE89370400440532013000', sources: [] }]
    const detecting = plan({ detect: ['email', 'iban'], patterns: [{ name: 'badge', re2: 'B-[0-9]{4}' }] })
    expect(recordedForm(operation({ text, parameters }), detecting)).toMatchObject({
      text: "select 1 where mail = '***@****.*******' and badge = '*-****'",
      parameters: [{ value: '**********************' }],
    })
  })

  it('runs the detectors over text and parameters', () => {
    const given = operation({
      text: "insert into notes values ('card 4111111111111111', $1)",
      parameters: [{ type: 'text', value: '5555-5555-5555-4444', sources: [] }],
    })
    expect(recordedForm(given, plan({ detect: ['card'], method: 'partial' }))).toEqual({
      text: "insert into notes values ('card ************1111', $1)",
      parameters: [{ type: 'text', value: '****-****-****-4444' }],
      runs: [],
      masked: true,
    })
  })

  it('takes overlapping literals as one, and throws for one outside of the text', () => {
    const overlapping = [
      { start: 2, end: 6, sources: email, secret: false },
      { start: 0, end: 4, sources: email, secret: false },
    ]
    expect(recordedForm(operation({ text: 'abcdefgh', literals: overlapping }), emails).text).toBe('***gh')
    expect(() =>
      recordedForm(operation({ text: 'abc', literals: [{ start: 0, end: 9, sources: email, secret: false }] }), emails),
    ).toThrow(RangeError)
  })

  it('masks a secret whatever the masks say', () => {
    const text = "alter role app password 'hunter2'"
    const given = operation({ text, literals: [{ start: 24, end: 33, sources: [], secret: true }] })
    for (const any of [maskPlan([], Buffer.alloc(32)), emails, plan({ detect: ['card'] })]) {
      expect(recordedForm(given, any)).toEqual({
        text: "alter role app password '[masked]'",
        parameters: [],
        runs: [],
        masked: true,
      })
    }
  })

  it('shows nothing of a text that could not be read, where columns are masked', () => {
    const given = operation({
      text: "selct email = 'a@b' 4111111111111111",
      refused: { code: 'unreadable', words: 'syntax error' },
    })
    expect(recordedForm(given, emails)).toEqual({ text: '[masked]', parameters: [], runs: [], masked: true })
    expect(recordedForm(given, plan({ detect: ['card'] })).text).toBe("selct email = 'a@b' ****************")
  })

  it('shows nothing of a text that could not be read and is about secrets, whatever the masks say', () => {
    const given = operation({ text: "create role app pasword password 'hunter2'", refused: { code: 'unreadable', words: 'x' } })
    expect(recordedForm(given, maskPlan([], Buffer.alloc(32))).text).toBe('[masked]')
    const other = operation({ text: 'selct 1', refused: { code: 'unreadable', words: 'x' } })
    expect(recordedForm(other, maskPlan([], Buffer.alloc(32))).text).toBe('selct 1')
  })

  it('masks comments as comments, and names as names', () => {
    const text = 'select "a@b" /* x */ -- y'
    const literals = [
      { start: 7, end: 12, sources: 'opaque', secret: false },
      { start: 13, end: 20, sources: 'opaque', secret: false },
      { start: 21, end: 25, sources: 'opaque', secret: false },
    ] as const
    expect(recordedForm(operation({ text, literals }), emails).text).toBe('select "[masked]" /* [masked] */ -- [masked]')
    expect(recordedForm(operation({ text, literals }), plan({ detect: ['card'] })).text).toBe(text)
  })

  it('masks bytes of an unknown type, and those that hold a finding', () => {
    const card = `\\x${Buffer.from('4111111111111111').toString('hex')}`
    const parameters = [null, '17', '17'].map((type, index) => ({ type, value: index === 2 ? '\\x00' : card, sources: [] }))
    const shown = recordedForm(operation({ parameters }), plan({ detect: ['card'] })).parameters.map(({ value }) => value)
    expect(shown).toEqual(['[masked]', '[masked]', '\\x00'])
  })

  it('leaves out names of objects that look like data', () => {
    const objects = ['public.t', 'public.a@b'].map((name) => ({ kind: 'table', name, access: 'read' }))
    for (const masks of [emails, plan({ fields: ['*:a'] })])
      expect(recordedObjects(operation({ objects }), masks).map(({ name }) => name)).toEqual(['public.t', '[masked]'])
    const pods = operation({
      objects: [{ kind: 'pods', name: 'prod/web-5d4f8c7b9d-2x7z1', access: 'read' }],
      facts: { kubernetes },
    })
    expect(recordedObjects(pods, plan({ fields: ['*:a'] }))).toBe(pods.objects)
  })

  it.each([
    [{ fields: ['secrets:data.*'] }, '{"kind":"Secret","data":{"a":"[masked]","b":"[masked]","c":["[masked]",null]},"x":1}'],
    [{ fields: ['secrets:x', '*:data.c'] }, '{"kind":"Secret","data":{"a":"aGk=","b":12,"c":["[masked]",null]},"x":"[masked]"}'],
    [{ fields: ['configmaps:**'] }, null],
  ])('masks the fields of a document, which stays JSON: %j', (mask, shown) => {
    const body = '{"kind":"Secret","data":{"a":"aGk=","b":12,"c":[true,null]},"x":1}'
    const given = withFields('POST /api/v1/namespaces/a/secrets\n\n', body, 'secrets')
    const { text, masked } = recordedForm(given, plan(mask))
    expect(text).toBe(`POST /api/v1/namespaces/a/secrets\n\n${shown ?? body}`)
    expect(masked).toBe(shown !== null)
    expect(recordedForm(given, maskPlan([], Buffer.alloc(32))).text).toBe(given.text)
    const secret = { ...given, literals: given.literals.map((literal) => ({ ...literal, secret: true })) }
    expect(JSON.parse(recordedForm(secret, maskPlan([], Buffer.alloc(32))).text.split('\n\n')[1] ?? '')).toEqual({
      kind: '[masked]',
      data: { a: '[masked]', b: '[masked]', c: ['[masked]', '[masked]'] },
      x: '[masked]',
    })
  })

  it('masks what stands at an unknown place of a document, and all of one that could not be read, where fields are masked', () => {
    const fields = plan({ fields: ['secrets:data'] })
    const opaque = operation({ text: 'PUT /x?a=b', literals: [{ start: 9, end: 10, sources: 'opaque', secret: false }] })
    expect(recordedForm(opaque, fields).text).toBe('PUT /x?a=***')
    for (const [resource, others, shown] of [
      ['secrets', [], '"[masked]"'],
      ['x', ['secrets'], '"[masked]"'],
      ['x', [], 'b'],
    ] as const) {
      const literals = opaque.literals.map((literal) => ({ ...literal, field: { resource, others, path: [] } }))
      expect(recordedForm({ ...opaque, literals }, fields).text).toBe(`PUT /x?a=${shown}`)
    }
    expect(recordedForm({ ...opaque, refused: { code: 'unreadable', words: 'x' } }, fields).text).toBe('[masked]')
    expect(recordedForm({ ...opaque, refused: { code: 'unreadable', words: 'x' } }, plan({ detect: ['card'] })).text).toBe(
      'PUT /x?a=b',
    )
  })

  it('is the operation itself where nothing is masked', () => {
    const given = operation({ parameters: [{ type: 'text', value: 'x', sources: email }] })
    expect(recordedForm(given, maskPlan([], Buffer.alloc(32)))).toEqual({
      text: given.text,
      parameters: [{ type: 'text', value: 'x' }],
      runs: [],
      masked: false,
    })
  })
})
