import type { MaskPlan } from '@hoop/contracts'
import { describe, expect, test } from 'vitest'
import { underMember } from './field-nodes.ts'
import { cut, masked, nines, run } from './json-masks.fixture.ts'
import { rewriterOf } from './results.ts'

const plan: MaskPlan = {
  empty: false,
  hasColumns: false,
  column: () => null,
  hasFields: true,
  fields: () => null,
  detectors: nines,
}
const secret = underMember('secret', masked)

/** What is shown of a body of this type, or `refused`. */
function show(
  contentType: string | null,
  body: string,
  { root = null as typeof secret | null, detectors = true, status = 200 } = {},
): string {
  const shown = rewriterOf([root], { status, contentType }, { ...plan, detectors: detectors ? nines : null })
  if (shown === 'identity') return body
  return 'refuse' in shown ? 'refused' : run(shown, cut(Buffer.from(body), [3]))
}

describe('an answer', () => {
  test.each([
    ['application/json', '["9999999"]', '["*******"]'],
    ['application/x-ndjson', '"9999999"\n1\n', '"*******"\n1\n'],
    ['application/json-seq', '\u001e"9999999"\n', '\u001e"*******"\n'],
    ['text/event-stream; charset=utf-8', 'data: 9999999\n\n', 'data: "*******"\n\n'],
    ['application/x-www-form-urlencoded', 'a=%39999999', 'a=*******'],
    ['text/plain', 'a 9999999', 'a *******'],
    ['text/csv; header=present', 'a,9999999\n', 'a,*******\n'],
    ['application/soap+xml', '<a>9999999</a>', '<a>*******</a>'],
    [null, 'a 9999999', 'a *******'],
    ['image/png', '9999999', '9999999'],
    ['text/plain; charset=utf-16', '9999999', 'refused'],
  ])('of the type %s is looked into by detectors', (type, body, shown) => {
    expect(show(type, body)).toBe(shown)
    expect(show(type, body, { detectors: false })).toBe(body)
  })

  test.each([
    ['application/problem+json', '{"secret": "a"}', '{"secret": "<1>"}'],
    ['application/jsonl', '{"secret": "a"}\n', '{"secret": "<1>"}\n'],
    ['text/event-stream', 'data: {"secret": "a"}\n\n', 'data: {"secret": "<1>"}\n\n'],
    ['text/plain', '{"secret": "a"}', 'refused'],
    [null, '{"secret": "a"}', 'refused'],
  ])('of the type %s is masked by name, or refused', (type, body, shown) => {
    expect(show(type, body, { root: secret })).toBe(shown)
  })

  test('that is an error in words is shown, as far as detectors find nothing', () => {
    expect(show('text/plain', 'no 9999999', { root: secret, status: 404 })).toBe('no *******')
  })
})
