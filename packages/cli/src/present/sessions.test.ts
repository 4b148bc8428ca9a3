import type { SessionSummary } from '@hoop/contracts'
import { Chalk } from 'chalk'
import { expect, it } from 'vitest'
import type { OperationView } from './operations.ts'
import { sessionDetails } from './sessions.ts'

const identity = { id: 'a', kind: 'person', name: 'Ada', email: 'ada@example.com', groups: [], issuer: 'https://login.example' }
const session = {
  ...{ id: 'ses_1', identity, connection: 'billing-api', via: 'exec', reason: null, state: 'open', operations: 1 },
  ...{ openedAt: '2026-11-23T10:00:00.000Z', closedAt: null, words: null },
} as unknown as SessionSummary
const text = 'POST /v1/refunds\nContent-Type: application/json\n\n{"amount": 7,\n "note": "\x1b[31m"}'
const operation = {
  ...{ seq: 1, time: '2026-11-23T10:00:00.000Z', prev: '', type: 'operation', id: 'op_1', stream: 1, by: 'caller', text },
  ...{ digest: null, parameters: [], fingerprint: null, effects: ['write'], objects: [], functions: [], runs: [] },
  ...{ verdict: 'permit', policyVersion: '1', reasons: [], refusal: null },
} as unknown as OperationView['operation']

const shown = (terminal: boolean) =>
  sessionDetails({ terminal, colour: new Chalk({ level: 0 }), width: 120 }, session, [
    { operation, held: null, decided: null, outcome: null },
  ])

it('shows a request by its first line, and below with its body', async () => {
  expect(await shown(true)).toMatch(
    /running +POST \/v1\/refunds…[\s\S]*op_1\n {2}POST \/v1\/refunds\n {2}Content-Type: application\/json\n {2}\n {2}\{"amount": 7,\n {3}"note": "\\u\{1b\}\[31m"\}$/,
  )
})

it('has it in one line for a program', async () => {
  expect(await shown(false)).toMatch(/\tPOST \/v1\/refunds\\nContent-Type: application\/json\\n\\n\{"amount": 7,\\n [^\n]*$/)
})
