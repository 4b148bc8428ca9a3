import { Approval, RecordedEvent } from '@hoop/contracts'
import { demoDocuments, demoUsers } from '@hoop/demo'
import type { Tunnel } from '@hoop/tunnel'
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyDocuments, keepUntilEnd, loginAs, type System, startSystem } from '../support/index.ts'
import { clientOn, RawCaller } from './security-caller.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let ada: RawCaller
let grace: RawCaller
let tunnel: Tunnel & { readonly id: string }

/** One that times out soon, and a DBA whose own operations are held too. */
const more = `
---
kind: Policy
name: everybody-asks-soon
connections: { names: [sample] }
when: operation.verbs.exists(v, v == 'UPDATE')
then: approve
approvers: { groups: [dba, engineering], timeout: 1s }
message: Soon.
---
kind: Policy
name: dba-asks-too
connections: { names: [sample] }
identities: { groups: [dba] }
when: operation.verbs.exists(v, v == 'DELETE')
then: approve
approvers: { groups: [dba], timeout: 15m }
message: Another DBA must look.
`

beforeAll(async () => {
  expect(demoUsers.find(({ name }) => name === 'grace')?.groups).toContain('dba')
  system = await keep(startSystem({ sample: { customers: 50 }, documents: (sample) => demoDocuments(sample) + more }))
  ;[ada, grace] = await Promise.all([RawCaller.from(system, 'ada'), RawCaller.from(system, 'grace')])
  tunnel = await ada.tunnel()
})
afterAll(() => tunnel?.close('done'))

const own: { client: pg.Client; session: string }[] = []
async function visit(): Promise<{ client: pg.Client; session: string }> {
  const session = await ada.session(tunnel.id)
  const client = await clientOn(tunnel, session)
  own.push({ client, session })
  return { client, session }
}
afterAll(async () => {
  await Promise.all(own.map(({ client }) => client.end().catch(() => {})))
})

/** Runs a statement that is held; answers with its approval, and how the statement ends. */
async function hold(client: pg.Client, statement: string): Promise<{ id: string; result: Promise<string> }> {
  const { promise, resolve } = Promise.withResolvers<string>()
  client.once('notice', ({ message }) => resolve(/ap_[\w-]+/.exec(message ?? '')?.[0] ?? ''))
  const result = client.query(statement).then(
    ({ rowCount }) => `ran ${rowCount}`,
    (error: Error) => error.message,
  )
  return { id: await Promise.race([promise, result]), result }
}

const decide = (who: RawCaller, id: string, verdict: 'approve' | 'deny', reason: string | null = 'because') =>
  who.ask('POST', `/v1/approvals/${id}/${verdict}`, { reason })

async function approvalOf(id: string): Promise<Approval> {
  const { body } = await ada.ask('GET', '/v1/approvals?state=all')
  const found = (body as { approvals: unknown[] }).approvals.map((each) => Approval.parse(each)).find((each) => each.id === id)
  if (found === undefined) throw new Error(`${id} is not listed`)
  return found
}

async function recordOf(session: string): Promise<RecordedEvent[]> {
  const { text } = await ada.ask('GET', `/v1/sessions/${session}/events`)
  return text
    .trim()
    .split('\n')
    .map((line) => RecordedEvent.parse(JSON.parse(line)))
}

test('nobody decides what is theirs, from whatever login; nobody decides who is not asked', async () => {
  const again = await RawCaller.at(system.gateway.url, (await keep(loginAs('grace', { gateway: system.gateway.url }))).home)
  const mine = await grace.tunnel()
  const client = await clientOn(mine, await grace.session(mine.id))
  const { id, result } = await hold(client, 'delete from orders where id = 1')
  for (const self of [grace, again]) {
    expect(await decide(self, id, 'approve')).toMatchObject({ status: 403, body: { code: 'no_access' } })
    expect((await decide(self, id, 'deny')).status).toBe(403)
  }
  for (const name of ['ada', 'devin', 'otto', 'root-admin']) {
    expect((await decide(await RawCaller.from(system, name), id, 'approve')).status).toBe(403)
  }
  await client.end()
  mine.close('done')
  expect(await result).not.toContain('ran')
})

test('a decision is made once: the second, the other one, and one that is sent again change nothing', async () => {
  const { client, session } = await visit()
  const { id, result } = await hold(client, 'delete from orders where id = 2')
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => decide(grace, id, i % 2 === 0 ? 'approve' : 'deny')))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(11).fill(409)])
  const { state } = await approvalOf(id)
  expect((await result).startsWith('ran')).toBe(state === 'approved')
  expect((await decide(grace, id, 'approve')).status).toBe(409)
  expect((await decide(grace, id, 'deny')).status).toBe(409)
  expect((await approvalOf(id)).state).toBe(state)
  const second = await hold(client, 'delete from orders where id = 2')
  expect(second.id).not.toBe(id)
  await decide(grace, second.id, 'deny')
  await second.result
  expect((await recordOf(session)).filter(({ type }) => type === 'decided')).toHaveLength(2)
})

test('after its time it is decided by nobody', async () => {
  const { client } = await visit()
  const { id, result } = await hold(client, 'update orders set status = status where id = 3')
  expect(await result).toContain('nobody approved')
  expect(await decide(grace, id, 'approve')).toMatchObject({ status: 409, body: { code: 'conflict' } })
  expect((await approvalOf(id)).state).toBe('timed-out')
})

test('an approver sees the statement whole and as it is, or it is not held', async () => {
  const { client } = await visit()
  const deceptive = `delete from orders where status = '\u202e${'x'.repeat(20_000)}\u001b[2J' or id = 5`
  const { id, result } = await hold(client, deceptive)
  expect((await approvalOf(id)).text).toBe(deceptive)
  await decide(grace, id, 'deny')
  await result
  const tooLong = await hold(client, `delete from orders where status = '${'x'.repeat(300_000)}'`)
  expect(await tooLong.result).toContain('cannot be put before an approver')
  expect(tooLong.id).not.toMatch(/^ap_/)
})

test('an approval given under rules that changed meanwhile runs nothing', async () => {
  const { client } = await visit()
  const { id, result } = await hold(client, 'delete from orders where id = 7')
  const stricter = demoDocuments(system.sample).replace(
    'approvers: { groups: [dba], timeout: 15m }',
    'approvers: { groups: [audit] }',
  )
  await applyDocuments(await system.home('root-admin'), stricter + more)
  expect((await decide(grace, id, 'approve')).status).toBe(200)
  expect(await result).toContain('void')
  expect((await approvalOf(id)).state).toBe('void')
  await applyDocuments(await system.home('root-admin'), demoDocuments(system.sample) + more)
})

test('an approval that is decided, withdrawn, cut off and timed out at once has one outcome, the same everywhere', {
  timeout: 180_000,
}, async () => {
  const moment = fc.integer({ min: 0, max: 60 })
  await fc.assert(
    fc.asyncProperty(
      fc.record({ approve: moment, deny: moment, end: fc.option(moment), cancel: fc.option(moment), late: fc.boolean() }),
      async ({ approve, deny, end, cancel, late }) => {
        const { client, session } = await visit()
        const { id, result } = await hold(
          client,
          late ? 'update orders set status = status where id = 8' : 'delete from orders where id = -1',
        )
        const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds + (late ? 960 : 0)))
        const [approving, denying] = await Promise.all([
          wait(approve).then(() => decide(grace, id, 'approve')),
          wait(deny).then(() => decide(grace, id, 'deny')),
          end === null ? null : wait(end).then(() => ada.ask('POST', `/v1/sessions/${session}/end`, { reason: null })),
          cancel === null ? null : wait(cancel).then(() => client.end()),
        ])
        const said = await result
        await client.end().catch(() => {})
        await ada.ask('POST', `/v1/sessions/${session}/end`, { reason: null })
        const { state } = await approvalOf(id)
        const events = await recordOf(session)
        const decided = events.filter((event) => event.type === 'decided').map(({ decision }) => decision)
        const ran = events.some((event) => event.type === 'outcome' && event.kind !== 'not-run')

        expect(state).not.toBe('held')
        expect(events.at(-1)?.type).toBe('session.closed')
        const [yes, no] = [approving.status === 200, denying.status === 200]
        expect(yes && no).toBe(false)
        if (no) expect(state).toBe('denied')
        if (yes) expect(['approved', 'void']).toContain(state)
        if (!yes && !no) expect(['timed-out', 'withdrawn']).toContain(state)
        // What ran was approved, and what stayed approved ran.
        expect(ran).toBe(state === 'approved')
        if (said.startsWith('ran')) expect(ran).toBe(true)
        if (decided.length > 0) expect(decided.at(-1)).toBe(state)
      },
    ),
    { numRuns: 25, endOnFailure: true },
  )
})
