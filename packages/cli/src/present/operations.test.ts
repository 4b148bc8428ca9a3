import { RecordedEvent } from '@hoop/contracts'
import { Chalk } from 'chalk'
import { expect, it } from 'vitest'
import { gatherOperations, liveLines, OperationTracker, standing } from './operations.ts'

const screen = { terminal: false, colour: new Chalk({ level: 0 }), width: 100 }
const ann = { id: 'iss|ann', kind: 'person', name: 'Ann', email: 'ann@example.com', groups: [], issuer: 'https://iss' }
const judged = {
  stream: 1,
  by: 'caller',
  digest: '',
  parameters: [],
  fingerprint: null,
  effects: [],
  objects: [],
  functions: [],
  reasons: [],
}

function events(...bodies: Record<string, unknown>[]): RecordedEvent[] {
  const time = '2026-11-23T10:00:00Z'
  return bodies.map((body, seq) =>
    RecordedEvent.parse({ seq, time, prev: '', policyVersion: '1', refusal: null, ...judged, ...body }),
  )
}
const operation = (id: string, verdict: string, text: string, refusal: unknown = null) => ({
  type: 'operation',
  id,
  verdict,
  text,
  refusal,
})
const outcome = (id: string, more: object = {}) => {
  const rest = { type: 'outcome', operation: id, kind: 'done', tag: 'SELECT 3', error: null, rows: 3, masked: {}, duration: 4213 }
  return { ...rest, ...more }
}

function lines(...bodies: Record<string, unknown>[]): string[] {
  const tracker = new OperationTracker()
  return events(...bodies).flatMap((event) => {
    const view = tracker.add(event)
    return view ? liveLines(screen, view, event) : []
  })
}

it('shows a statement once it has ended, with what was masked', () => {
  expect(lines(operation('1', 'permit', 'select *\nfrom c'), outcome('1', { masked: { 'Mask/cards': 2 } }))).toEqual([
    'done     select *…  SELECT 3, 2 masked, 4 ms',
    '         masked 2 by Mask/cards',
  ])
})

it('shows a refusal with its rule, and lets no control character through', () => {
  const refusal = { code: 'policy_denied', message: 'never\u001b[2J', rule: 'Policy/no-drop' }
  expect(lines(operation('1', 'refuse', 'drop\u202e table x', refusal))).toEqual([
    'refused  drop\\u{202e} table x',
    '         by Policy/no-drop: never\\u{1b}[2J',
  ])
})

const held = { type: 'held', operation: '1', approval: 'ap_7', rule: 'Policy/ask', approvers: ['dba', 'sre'], timeout: 900 }
const decided = (decision: string) => ({ type: 'decided', operation: '1', approval: 'ap_7', decision, by: ann, reason: 'no' })

it('shows who may approve a held one, and the decision', () => {
  expect(lines(operation('1', 'hold', 'delete from t'), held, decided('denied'), outcome('1', { kind: 'not-run' }))).toEqual([
    'held     delete from t',
    '         by Policy/ask; dba or sre may approve within 15 min',
    '         hoop approvals show ap_7',
    'denied   delete from t by ann@example.com: no',
  ])
})

it.each([
  ['refused', [operation('1', 'refuse', 'x')]],
  ['running', [operation('1', 'permit', 'x')]],
  ['held', [operation('1', 'hold', 'x'), held]],
  ['approved, done', [operation('1', 'hold', 'x'), held, decided('approved'), outcome('1')]],
  ['denied', [operation('1', 'hold', 'x'), held, decided('denied'), outcome('1', { kind: 'not-run' })]],
  ['error 42P01', [operation('1', 'permit', 'x'), outcome('1', { kind: 'error', error: { code: '42P01', message: 'no x' } })]],
])('knows that an operation is %s', async (expected, bodies) => {
  const [view] = await gatherOperations(ReadableStream.from(events(...bodies)))
  expect(view && standing(view)).toBe(expected)
})
