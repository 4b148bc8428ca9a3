import { RecordedEvent } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { LiveView } from './live-view.ts'

let seq = 0
const line = (event: object) => JSON.stringify({ seq: seq++, time: '2026-01-02T03:04:05.678Z', prev: '0'.repeat(64), ...event })
const operation = (id: string, change: object = {}) =>
  line({
    type: 'operation',
    id,
    stream: 1,
    by: 'caller',
    text: 'select \'"type":"held","verdict":"hold","id":"op_x"\'',
    digest: 'd',
    parameters: [],
    fingerprint: null,
    effects: ['read'],
    objects: [],
    functions: [],
    runs: [],
    verdict: 'permit',
    policyVersion: 'v',
    reasons: [],
    refusal: null,
    ...change,
  })
const outcome = (id: string, change: object = {}) =>
  line({
    type: 'outcome',
    operation: id,
    kind: 'done',
    tag: 'SELECT 2',
    error: null,
    rows: 2,
    masked: {},
    duration: 5,
    ...change,
  })
const failed = { kind: 'error', tag: null, error: { code: '42P01', message: 'no such table' }, rows: 0 }

function told(lines: readonly string[]): string[] {
  return lines.map((each) => {
    const event = JSON.parse(each)
    if (event.type === 'passed') return `passed ${event.operations} ${event.rows}`
    RecordedEvent.parse(event)
    return `${event.type} ${event.id ?? event.operation ?? ''}`
  })
}

function shownOf(view: LiveView, lines: readonly string[]): string[] {
  for (const each of lines) view.add(each)
  return view.take()
}

test('few operations are all shown, and of their record only what a person can use', () => {
  const view = new LiveView()
  const chunk = line({ type: 'chunk', operation: 'op_1', way: 'down', data: { segment: 0, offset: 0, length: 1, sha256: 's' } })
  expect(told(shownOf(view, [operation('op_1'), chunk, outcome('op_1'), operation('op_2', { by: 'hoop' })]))).toEqual([
    'operation op_1',
    'outcome op_1',
  ])
})

test('of many, those that went through are counted; whatever else became of one shows it', () => {
  const view = new LiveView()
  shownOf(view, Array.from({ length: 200 }, (_, n) => [operation(`op_a${n}`), outcome(`op_a${n}`)]).flat())
  const shown = shownOf(view, [
    operation('op_1'),
    operation('op_2'),
    outcome('op_1'),
    operation('op_3', { verdict: 'refuse', refusal: { code: 'policy_denied', message: 'no', rule: 'Policy/p' } }),
    operation('op_4'),
    outcome('op_2', failed),
    outcome('op_4', { masked: { 'Mask/m': 2 } }),
  ])
  expect(told(shown)).toEqual([
    'operation op_3',
    'operation op_2',
    'outcome op_2',
    'operation op_4',
    'outcome op_4',
    'passed 1 2',
  ])
})

test('its end, and what is held, are always shown', () => {
  const view = new LiveView()
  for (let n = 0; n < 200; n++) shownOf(view, [operation(`op_${n}`), outcome(`op_${n}`)])
  const held = line({ type: 'held', operation: 'op_h', approval: 'a', rule: 'r', approvers: [], timeout: 9, text: 't' })
  const shown = shownOf(view, [operation('op_h', { verdict: 'hold' }), held, line({ type: 'session.closed', words: 'over' })])
  expect(shown.map((each) => JSON.parse(each).type)).toEqual(['operation', 'held', 'session.closed'])
})
