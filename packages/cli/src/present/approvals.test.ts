import type { AccessGrant, Approval } from '@hoop/contracts'
import { Chalk } from 'chalk'
import { expect, it } from 'vitest'
import { approvalDetails } from './approvals.ts'
import { inboxDetails, inboxTable } from './inbox.ts'

const screen = { terminal: false, colour: new Chalk({ level: 0 }), width: 120 }
const bot = { id: 'iss|bot', kind: 'ai-agent' as const, name: 'devin', email: null, groups: ['bots'], issuer: 'https://iss' }
const approval: Approval = {
  id: 'ap_7',
  state: 'held',
  session: 'se_1',
  operation: 'op_1',
  connection: 'shop',
  requester: bot,
  reason: 'INC-42\u001b[2J',
  rule: 'Policy/ask',
  message: 'writes need a person',
  approvers: ['dba'],
  text: 'delete from orders -- \u202e harmless\nwhere id = $1',
  parameters: [{ type: 'int4', value: '7\u0007' }],
  effects: ['write'],
  objects: [{ kind: 'table', name: 'public.orders', access: 'write' }],
  heldAt: '2026-11-23T10:00:00Z',
  expiresAt: '2026-11-23T10:15:00Z',
  decidedBy: null,
  decidedAt: null,
  decisionReason: null,
  mine: 'decide',
  count: 1,
  votes: [],
  onHold: 'wait',
  database: null,
  role: null,
  settings: [],
  locks: null,
  inTransaction: false,
  before: [],
  revealable: false,
  uses: 1,
  used: 0,
  usableUntil: null,
  brokeGlass: false,
}
const asked: AccessGrant = {
  id: 'ac_7',
  state: 'requested',
  access: 'prod-on-request',
  connection: 'prod',
  requester: { ...bot, name: 'Ada', email: 'ada@shop.example' },
  reason: 'INC-42\u001b[2J',
  duration: 7200,
  approvers: ['sre'],
  count: 2,
  approvals: [],
  requestedAt: '2026-11-23T10:00:00Z',
  expiresAt: '2026-11-24T10:05:00Z',
  grantedAt: null,
  endsAt: null,
  closedBy: null,
  closedAt: null,
  closedReason: null,
  mine: 'requested',
}
const now = Date.parse('2026-11-23T10:05:00Z')

it('shows all that a decision needs, with nothing hidden', () => {
  const text = approvalDetails(screen, approval, now)
  expect(text).toContain('devin (ai-agent)')
  expect(text).toContain('INC-42\\u{1b}[2J')
  expect(text).toContain('  delete from orders -- \\u{202e} harmless\n  where id = $1\n\n  $1 = 7\\u{7} (int4)')
  expect(text).toContain('write table public.orders')
  expect(text).toContain('Policy/ask: writes need a person')
  expect(text).toContain('10 min left')
})

it('says of a name that it may look like another', () => {
  const objects = [{ kind: 'table', name: 'public.\u043erders', access: 'write' }, ...approval.objects]
  const told = 'table public.\u043erders is not written in plain letters, and may look like another: U+043E.'
  expect(approvalDetails(screen, { ...approval, objects }, now)).toContain(told)
  expect(approvalDetails(screen, approval, now)).not.toContain('plain letters')
})

it('is fields with tabs between for a program, in one list with access that was asked for', async () => {
  const grant = { ...asked, approvals: [{ by: bot, at: '2026-11-23T10:01:00Z', reason: null }] }
  const items = [
    { kind: 'operation' as const, ...approval },
    { kind: 'access' as const, ...grant },
  ]
  const [held = '', access = ''] = (await inboxTable(screen, items, now)).split('\n').map((line) => line.split('\t'))
  expect(held.slice(0, 6)).toEqual(['ap_7', 'operation', 'held, 10 min left', 'devin', 'shop', 'yours to decide'])
  expect(access).toEqual([
    ...['ac_7', 'access', 'requested (1 of 2 said yes), 1 d left to decide', 'ada@shop.example', 'prod', 'asked by you'],
    'access for 2 h: INC-42\\u{1b}[2J',
  ])
  expect(inboxDetails(screen, { kind: 'access', ...grant }, now)).toMatch(/^why +INC-42\\u\{1b\}\[2J$/m)
  expect(inboxDetails(screen, { kind: 'access', ...grant }, now)).toMatch(/^yes +devin at /m)
})
