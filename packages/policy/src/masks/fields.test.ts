import { readFileSync } from 'node:fs'
import { type FieldNode, MaskDocument, type MaskPlan } from '@hoop/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { FieldPatternError, parseFieldPattern } from './field-patterns.ts'
import { strictestFirst } from './methods.ts'
import { maskPlan } from './plan.ts'

interface Case {
  pattern: string
  places: string[]
  others: string[]
}
const table: Case[] = parse(readFileSync(new URL('./fields.yaml', import.meta.url), 'utf8'))

const plan = (...masks: object[]): MaskPlan =>
  maskPlan(
    masks.map((mask, index) => MaskDocument.parse({ kind: 'Mask', name: `m${index}`, ...mask })),
    Buffer.alloc(32),
  )

/** `RESOURCE:a.b[0]["c"]`, walked from the root of the document. */
function at(masks: MaskPlan, place: string): FieldNode | null {
  const [, resource = '', path = ''] = /^([^"]*?(?::cancel)?):(.*)$/s.exec(place) ?? []
  let node = masks.fields(resource)
  for (const [, name, index, quoted] of path.matchAll(/([^.[\]]+)|\[([0-9]+)\]|\["(.*?)"\]/g)) {
    node = (index === undefined ? node?.member(name ?? quoted ?? '') : node?.element(Number(index))) ?? null
  }
  return node
}
const ruleAt = (masks: MaskPlan, place: string): string | null => at(masks, place)?.mask?.rule ?? null

describe.each(table)('$pattern', ({ pattern, places, others }) => {
  const masks = plan({ fields: [pattern] })
  // Whether other patterns are followed at the same time must not matter.
  const among = plan({ fields: ['*:nothing.**.at.all'] }, { fields: ['q:r', pattern] })
  it.each([...places.map((place) => [place, true] as const), ...others.map((place) => [place, false] as const)])(
    '%s: %s',
    (place, masked) => {
      expect(ruleAt(masks, place)).toBe(masked ? 'Mask/m0' : null)
      expect(ruleAt(among, place)).toBe(masked ? 'Mask/m1' : null)
    },
  )
})

describe('a field pattern that cannot be read', () => {
  it.each([
    '',
    'secrets',
    'secrets:',
    ':data',
    'secrets:data..x',
    'secrets:.data',
    'secrets:data.',
    'secrets:data.[0]',
    'secrets:data[',
    'secrets:data[x]',
    'secrets:data[-1]',
    'secrets:da*ta',
    'secrets:data.***',
    'secrets:data b',
    'secrets:$.data',
    'secrets:$',
    'secrets:{a,}',
    'secrets:{}',
    "secrets:['']",
    'my secrets:data',
    '*.apps:spec',
    'secret*:data',
    '{a,b:data',
    '/v1/customer*:email',
    '/v1/x{id}:email',
    '/v1/{a,}:email',
    '/v1/customers/:id:email',
    '/v1/projects/{id}:cancel:reason',
    'v1/customers/{id}:email',
    `a:${'b.'.repeat(40)}c`,
  ])('%s', (pattern) => {
    expect(() => parseFieldPattern(pattern)).toThrow(FieldPatternError)
    expect(() => plan({ fields: [pattern] })).toThrow(FieldPatternError)
  })

  it('is an error of its kind whatever the text', () => {
    const piece = fc.constantFrom('a', ':', '.', '*', '**', '{', '}', ',', '[', ']', "'", '"', '0', '/', '$', ' ', '\n', 'é')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          const masks = plan({ fields: [pieces.join('')] })
          for (const place of ['a:a', 'a:[0]', '/a:a.a']) expect(ruleAt(masks, place)).toBeOneOf(['Mask/m0', null])
        } catch (error) {
          expect(error).toBeInstanceOf(FieldPatternError)
        }
      }),
    )
  })
})

describe('several masks', () => {
  it('give the strictest where they meet, whatever their order', () => {
    for (const [index, stricter] of strictestFirst.entries()) {
      for (const milder of strictestFirst.slice(index + 1)) {
        const masks = [
          { fields: ['a:b.**'], method: milder },
          { fields: ['*:{b,c}.d'], method: stricter },
        ]
        for (const both of [plan(...masks), plan(...masks.toReversed())]) {
          expect(at(both, 'a:b.x')?.mask?.method).toBe(milder)
          expect(at(both, 'a:b.d')?.mask?.method).toBe(stricter)
          expect(at(both, 'a:b.d.e')?.mask?.method).toBe(stricter)
          expect(at(both, 'a:c.d')?.mask?.method).toBe(stricter)
        }
      }
    }
  })

  it('a milder one below changes nothing', () => {
    const masks = plan({ fields: ['a:b'], method: 'redact' }, { fields: ['a:b.c'], method: 'partial' })
    expect(at(masks, 'a:b.c')?.mask?.method).toBe('redact')
  })
})

describe('places', () => {
  it('below a masked one are that one, and like places are the same object', () => {
    const masks = plan({ fields: ['a:b', 'a:items[*].c'] })
    const masked = at(masks, 'a:b')
    expect(masked?.member('x')).toBe(masked)
    expect(masked?.element(7)).toBe(masked)
    expect(at(masks, 'a:items[0]')).toBe(at(masks, 'a:items[1000]'))
    expect(masks.fields('a')).toBe(masks.fields('a'))
  })

  it('are few, however many names and kinds of documents there are', () => {
    const masks = plan({ fields: ['*:**.a.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*'] })
    for (let document = 0; document < 2000; document++) {
      const resource = `/x/${document}${'/y'.repeat(document)}`
      expect(masks.fields(resource)).not.toBeNull()
      expect(masks.fields(resource)).toBe(masks.fields(resource))
    }
    const random = fc.sample(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 40, maxLength: 40 }), {
      numRuns: 200,
      seed: 1,
    })
    for (const names of random) {
      let node = masks.fields('x')
      let masked = false
      for (const [index, name] of names.entries()) {
        node = node?.member(name) ?? null
        masked ||= names[index - 16] === 'a'
        expect(node?.mask !== null && node?.mask !== undefined).toBe(masked)
      }
    }
  })
})

it('a plan of fields is neither empty nor one of columns', () => {
  expect(plan({ fields: ['secrets:data'] })).toMatchObject({ empty: false, hasColumns: false, hasFields: true, detectors: null })
  expect(plan({ fields: ['secrets:data'] }).column('opaque')).toBeNull()
  expect(plan({ columns: ['*.*.a'] }).fields('secrets')).toBeNull()
  expect(plan().fields('secrets')).toBeNull()
})
