import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RecordedEvent } from '@hoop/contracts'
import { expect, it } from 'vitest'
import { ConnectEvent, connectEvents } from './connect-events.ts'
import { OperationTracker } from './operations.ts'

it('has a row of docs/cli.md for each event, with its fields', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/cli.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z]+)` +\| ([\w,? ]*?) *\| .* \|$/gm)].map(([, event, fields]) => [event, fields])
  const shapes = ConnectEvent.options.map(({ shape }) => {
    const { event, ...fields } = shape
    const names = Object.entries(fields).map(([name, field]) => (field.safeParse(null).success ? `${name}?` : name))
    return [event.value, names.join(', ')]
  })
  expect(rows).toEqual(shapes)
})

const operation = {
  seq: 1,
  time: '2026-11-23T10:00:00.000Z',
  prev: '',
  type: 'operation',
  id: 'op_1',
  stream: 1,
  by: 'caller',
  text: 'delete from orders',
  digest: '',
  parameters: [],
  fingerprint: null,
  effects: ['write'],
  objects: [],
  functions: [],
  verdict: 'hold',
  policyVersion: '1',
  reasons: [],
  refusal: null,
}
const about = { seq: 2, time: operation.time, prev: '', operation: 'op_1' }
const held = { ...about, type: 'held', approval: 'ap_1', rule: 'Policy/ask', approvers: ['dba'], timeout: 60 }
const outcome = { ...about, type: 'outcome', kind: 'done', tag: 'DELETE 3', error: null, rows: 0, masked: {}, duration: 12 }

function told(...events: object[]): ConnectEvent[] {
  const tracker = new OperationTracker()
  return events.flatMap((each) => {
    const event = RecordedEvent.parse(each)
    const view = tracker.add(event)
    return view === null ? [] : connectEvents('shop', 'ses_1', view, event)
  })
}

it('tells what was asked, what was held until when, and how it ended', () => {
  expect(told(operation, held, { ...outcome, masked: { 'Mask/cards': 2 } })).toMatchObject([
    { event: 'operation', connection: 'shop', session: 'ses_1', text: 'delete from orders' },
    { event: 'held', approval: 'ap_1', expiresAt: '2026-11-23T10:01:00.000Z', show: 'hoop approvals show ap_1' },
    { event: 'masked', values: 2, rules: { 'Mask/cards': 2 } },
    { event: 'outcome', kind: 'done', tag: 'DELETE 3' },
  ])
})

it('leaves out the reads of hoop, and what a decision has told already', () => {
  expect(told({ ...operation, by: 'hoop' })).toEqual([])
  expect(told(operation, held, { ...outcome, kind: 'not-run' }).map(({ event }) => event)).toEqual(['operation', 'held'])
})
