import { Approval } from '@hoop/contracts'
import { expect, it } from 'vitest'
import type { Device } from './device.ts'
import { findInInbox } from './inbox.ts'

const somebody = { id: 'i#devin', kind: 'ai-agent', name: 'devin', email: null, groups: [], issuer: 'i' }
const approval = (id: string, state: string) => ({
  ...{ id, state, session: 'ses_1', operation: 'op_1', connection: 'shop', requester: somebody, reason: null, rule: 'Policy/a' },
  ...{ message: '', approvers: ['dba'], text: 'delete from orders', parameters: [], effects: ['write'], objects: [], count: 1 },
  ...{
    heldAt: '2026-11-23T10:00:00Z',
    expiresAt: '2026-11-23T10:15:00Z',
    decidedBy: null,
    decidedAt: null,
    decisionReason: null,
  },
  ...{
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
  },
  ...{ usableUntil: null, brokeGlass: false, mine: 'decide' },
})
/** What a gateway answers that has seen a hundred withdrawn since. */
const answers: Readonly<Record<string, unknown>> = {
  '/v1/approvals?state=held': { approvals: [approval('ap_old', 'held')] },
  '/v1/approvals?state=all': { approvals: Array.from({ length: 100 }, (_, i) => approval(`ap_${i}`, 'withdrawn')) },
  '/v1/access?state=open': { grants: [] },
  '/v1/access?state=all': { grants: [] },
}
const client = { get: async (path: string, schema: { parse(value: unknown): unknown }) => schema.parse(answers[path]) }
const device = { client } as unknown as Device

it('what is held is found, however much came after it', async () => {
  expect(Approval.safeParse(approval('ap_old', 'held')).success).toBe(true)
  expect(await findInInbox(device, 'ap_o')).toMatchObject({ id: 'ap_old', state: 'held' })
  expect(await findInInbox(device, 'ap_42')).toMatchObject({ id: 'ap_42', state: 'withdrawn' })
  await expect(findInInbox(device, 'ap_none')).rejects.toMatchObject({ code: 'not_found' })
})
