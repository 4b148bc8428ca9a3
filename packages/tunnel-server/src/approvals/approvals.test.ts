import type { Approval } from '@hoop/contracts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Caller } from '../identity/access-tokens.ts'
import type { HoldRequest } from '../sessions/types.ts'
import { readApproval, updateApproval } from '../store/approvals.ts'
import { endLogin, updateIdentity } from '../store/logins.ts'
import { approvals } from '../store/schema.ts'
import { holdRequest } from '../testing/held.ts'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, openParts, type Parts, startServer, type TestServer, until } from '../testing/parts.ts'
import { watchApprovals } from './watch.ts'

let server: TestServer
let issuer: Issuer
let parts: Parts
let ada: Caller
let dba: Caller

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
  // Ada could approve the operations of others.
  ada = await callerOf(parts, issuer, 'ada', ['dba'])
  dba = await callerOf(parts, issuer, 'dan', ['dba'])
})
afterAll(async () => {
  await parts?.close()
  await issuer?.close()
  await server?.remove()
})

const request = (change: Partial<HoldRequest> = {}) => holdRequest(ada.identity, change)
const never = new AbortController().signal

test('an approval by another of the group lets it pass, and says who', async () => {
  const { id, decision } = await parts.approvals.hold(request(), never)
  const [seen] = (await parts.approvals.list(dba, 'held')).filter((approval) => approval.id === id)
  expect(seen).toMatchObject({
    state: 'held',
    mine: 'decide',
    text: 'delete from orders',
    effects: ['write'],
    reason: 'clean up',
  })
  const answered = await parts.approvals.decide(dba, id, 'approve', { reason: null })
  expect(answered).toMatchObject({ state: 'approved', mine: 'see', decidedBy: { id: dba.identity.id } })
  expect(await decision).toEqual({ decision: 'approved', by: dba.identity, reason: null })
})

test('a denial needs a reason, and the requester is told it', async () => {
  const { id, decision } = await parts.approvals.hold(request(), never)
  await expect(parts.approvals.decide(dba, id, 'deny', { reason: '  ' })).rejects.toMatchObject({ code: 'invalid_request' })
  await parts.approvals.decide(dba, id, 'deny', { reason: 'use the archive job' })
  expect(await decision).toMatchObject({ decision: 'denied', reason: 'use the archive job' })
})

test('nobody decides their own, nobody outside the groups decides or sees it, nobody with an old login decides', async () => {
  const { id, decision } = await parts.approvals.hold(request(), never)
  await expect(parts.approvals.decide(ada, id, 'approve', { reason: null })).rejects.toMatchObject({ code: 'no_access' })
  const admin = await callerOf(parts, issuer, 'root', ['admins'])
  await expect(parts.approvals.decide(admin, id, 'approve', { reason: null })).rejects.toMatchObject({ code: 'no_access' })
  expect((await parts.approvals.list(admin, 'all')).length).toBe(0)
  expect((await parts.approvals.list(ada, 'held')).map(({ mine }) => mine)).toEqual(['requested'])
  const old = { ...dba, authenticatedAt: new Date(Date.now() - 16 * 60_000) }
  await expect(parts.approvals.decide(old, id, 'approve', { reason: null })).rejects.toMatchObject({
    code: 'login_too_old',
    hint: 'Run: hoop login',
  })
  await expect(parts.approvals.decide(dba, 'ap_none', 'approve', { reason: null })).rejects.toMatchObject({ code: 'not_found' })
  await parts.approvals.decide(dba, id, 'approve', { reason: null })
  expect((await decision).decision).toBe('approved')
})

test('it is decided once, whoever asks at the same time', async () => {
  const eve = await callerOf(parts, issuer, 'eve', ['dba'])
  const { id, decision } = await parts.approvals.hold(request(), never)
  const tries = await Promise.allSettled([
    parts.approvals.decide(dba, id, 'approve', { reason: null }),
    parts.approvals.decide(eve, id, 'deny', { reason: 'no' }),
    parts.approvals.decide(dba, id, 'approve', { reason: null }),
  ])
  const won = tries.filter(({ status }) => status === 'fulfilled')
  expect(won.length).toBe(1)
  for (const each of tries) if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'conflict' })
  const row = await parts.store.run((db) => readApproval(db, id))
  expect((await decision).decision).toBe(row?.state)
})

test('time that runs out is no, and nobody can say yes after it', async () => {
  const { id, decision } = await parts.approvals.hold(request({ timeout: 0.2 }), never)
  expect(await decision).toEqual({ decision: 'timed-out', by: null, reason: null })
  await expect(parts.approvals.decide(dba, id, 'approve', { reason: null })).rejects.toMatchObject({ code: 'conflict' })
})

test('a machine of the approvers that acts for somebody who is none sees nothing of theirs', async () => {
  const { kind: _, ...behind } = (await callerOf(parts, issuer, 'bo', ['engineering'])).identity
  const acting = { ...dba, identity: { ...dba.identity, id: 'hoop#x for bo', kind: 'ai-agent' as const, onBehalfOf: behind } }
  const { id } = await parts.approvals.hold(request(), never)
  expect(await parts.approvals.find(acting, id)).toBeNull()
  expect(await parts.approvals.list(acting, 'all')).toEqual([])
  await parts.approvals.decide(dba, id, 'deny', { reason: 'no' })
})

test('a caller who leaves withdraws', async () => {
  const leaving = new AbortController()
  const { id, decision } = await parts.approvals.hold(request(), leaving.signal)
  leaving.abort()
  expect((await decision).decision).toBe('withdrawn')
  await expect(parts.approvals.decide(dba, id, 'approve', { reason: null })).rejects.toMatchObject({ code: 'conflict' })
  const gone = await parts.approvals.hold(request(), AbortSignal.abort())
  expect((await gone.decision).decision).toBe('withdrawn')
})

test('what is too large to be read through is not held', async () => {
  const parameters = [{ type: 'text', value: 'x'.repeat(300_000) }]
  await expect(parts.approvals.hold(request({ parameters }), never)).rejects.toMatchObject({ code: 'invalid_request' })
})

test('what was approved can be made void, with words', async () => {
  const { id, decision } = await parts.approvals.hold(request(), never)
  await parts.approvals.decide(dba, id, 'approve', { reason: 'fine' })
  await decision
  await parts.approvals.void(id, 'the policy changed')
  expect(await parts.approvals.find(dba, id)).toMatchObject({ state: 'void', decisionReason: 'the policy changed' })
})

test('what a killed gateway left held is withdrawn when it starts again, and that of others is not', async () => {
  const other = await openParts(server, issuer, 'gateway-2')
  const ours = await parts.approvals.hold(request(), never)
  const theirs = await other.approvals.hold(request(), never)
  const again = await openParts(server, issuer, 'gateway-2')
  expect((await theirs.decision).decision).toBe('withdrawn')
  expect(await again.approvals.find(dba, ours.id)).toMatchObject({ state: 'held' })
  // Decided at another gateway than the one that waits.
  await again.approvals.decide(dba, ours.id, 'approve', { reason: null })
  expect((await ours.decision).decision).toBe('approved')
  await other.close()
  await again.close()
})

test('what a gateway held that never comes back waits for nobody once its time is over', async () => {
  const { id } = await parts.approvals.hold(request(), never)
  await parts.store.run((db) => updateApproval(db, id, { expiresAt: new Date(Date.now() - 1) }))
  expect((await parts.approvals.list(dba, 'held')).filter((approval) => approval.id === id)).toEqual([])
  expect(await parts.approvals.find(dba, id)).toMatchObject({ state: 'timed-out', mine: 'see' })
})

test('a watcher sees what is held, then each change, and nothing that is not theirs', async () => {
  const stop = new AbortController()
  const seen: Approval[] = []
  const held = await parts.approvals.hold(request({ session: 'ses_watch' }), never)
  const watching = (async () => {
    for await (const approval of watchApprovals(parts, dba, stop.signal)) seen.push(approval)
  })()
  await until(() => seen.some(({ id }) => id === held.id))
  await parts.approvals.hold(request({ approverGroups: ['sre'], requester: { ...ada.identity, id: 'somebody' } }), never)
  const next = await parts.approvals.hold(request({ session: 'ses_watch' }), never)
  await parts.approvals.decide(dba, held.id, 'deny', { reason: 'not today' })
  await until(() => seen.some(({ id, state }) => id === held.id && state === 'denied') && seen.some(({ id }) => id === next.id))
  expect(seen.every(({ approvers }) => approvers.includes('dba'))).toBe(true)
  stop.abort()
  await watching
})

test('a store that is gone is never a yes: held operations fail, and what is approved after it is back counts', async () => {
  const short = await parts.approvals.hold(request({ timeout: 0.3 }), never)
  const long = await parts.approvals.hold(request({ timeout: 120 }), never)
  await server.stop()
  await expect(short.decision).rejects.toMatchObject({ code: 'unavailable' })
  await expect(parts.approvals.hold(request(), never)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(parts.approvals.list(dba, 'held')).rejects.toMatchObject({ code: 'unavailable' })
  await expect(parts.approvals.decide(dba, long.id, 'approve', { reason: null })).rejects.toMatchObject({ code: 'unavailable' })
  await until(() => !parts.feed.fresh)
  expect(() => parts.documents.current()).toThrow(expect.objectContaining({ code: 'unavailable' }))
  await server.start()
  await until(() => parts.feed.fresh)
  await parts.approvals.decide(dba, long.id, 'approve', { reason: null })
  expect((await long.decision).decision).toBe('approved')
  await until(() => parts.documents.current().documents.length === 0)
})

describe('tickets and batches', () => {
  let there: Parts
  beforeAll(async () => {
    await until(() => parts.feed.fresh)
    there = await openParts(server, issuer, 'gateway-3', { ticketAfter: 50 })
  })
  afterAll(async () => {
    await there?.close()
  })
  let count = 0
  const ticket = (change: Partial<HoldRequest> = {}): HoldRequest =>
    request({ onHold: 'ticket', bound: { exact: ['delete', count++], like: null }, ...change })

  test('who does not wait any more passes later, once, at whichever gateway, and cannot withdraw it by leaving', async () => {
    const leaving = new AbortController()
    const asked = ticket()
    const { id, decision } = await there.approvals.hold(asked, leaving.signal)
    expect(await decision).toEqual({ decision: 'ticket', by: null, reason: null })
    leaving.abort()
    expect(await parts.approvals.standing(asked)).toMatchObject({ approval: id, decision: { decision: 'ticket' } })
    const again = await openParts(server, issuer, 'gateway-3')
    await again.close()
    await parts.approvals.decide(dba, id, 'approve', { reason: null })
    expect(await parts.approvals.standing(asked)).toMatchObject({
      approval: id,
      decision: { decision: 'approved', by: dba.identity, through: 'ticket' },
    })
    const other = { ...ada.identity, id: 'somebody else' }
    expect(await parts.approvals.standing({ ...asked, requester: other })).toBeNull()
    expect(await parts.approvals.standing(ticket())).toBeNull()
    const uses = await Promise.all([parts, there, parts, there].map(({ approvals }) => approvals.use([id])))
    expect(uses.filter((used) => used)).toHaveLength(1)
    expect(await parts.approvals.standing(asked)).toBeNull()
  })

  test('a ticket that is denied, or whose time is over, is for nobody: the same is asked anew', async () => {
    const denied = ticket()
    const first = await there.approvals.hold(denied, never)
    await first.decision
    await parts.approvals.decide(dba, first.id, 'deny', { reason: 'no' })
    expect(await parts.approvals.standing(denied)).toBeNull()
    const late = ticket({ timeout: 0.3 })
    const second = await there.approvals.hold(late, never)
    await second.decision
    await until(async () => (await parts.approvals.find(dba, second.id))?.state === 'timed-out')
    expect(await parts.approvals.standing(late)).toBeNull()
    await expect(parts.approvals.decide(dba, second.id, 'approve', { reason: null })).rejects.toMatchObject({ code: 'conflict' })
  })

  test('of several that are needed all are used, or none', async () => {
    const [one, other] = [ticket(), ticket()]
    const ids = await Promise.all(
      [one, other].map(async (each) => {
        const { id, decision } = await there.approvals.hold(each, never)
        await decision
        await parts.approvals.decide(dba, id, 'approve', { reason: null })
        return id
      }),
    )
    await parts.approvals.revoke(dba, ids[1]!, 'enough')
    expect(await parts.approvals.use(ids)).toBe(false)
    expect(await parts.approvals.use([ids[0]!])).toBe(true)
    await expect(parts.approvals.revoke(ada, ids[0]!, 'mine')).rejects.toMatchObject({ code: 'conflict' })
  })

  test('a ticket that is approved as a batch ends with the rules that it was approved under, as the batch does', async () => {
    const asked = ticket({ bound: { exact: ['insert', count++], like: ['insert', 'policy 1'] } })
    const { id, decision } = await there.approvals.hold(asked, never)
    await decision
    await parts.approvals.decide(dba, id, 'approve', { reason: null, uses: 5 })
    expect(await parts.approvals.standing(asked)).toMatchObject({ approval: id, decision: { through: 'batch' } })
    const later = { ...asked, bound: { ...asked.bound, like: ['insert', 'policy 2'] } }
    expect(await parts.approvals.standing(later)).toBeNull()
  })

  test('a batch is counted however many use it at once, and only for those like it', async () => {
    const like = ['insert', count++]
    const asked = (text: string) => request({ bound: { exact: [text], like } })
    const { id, decision } = await parts.approvals.hold(asked('1'), never)
    await parts.approvals.decide(dba, id, 'approve', { reason: null, uses: 5, for: '10m' })
    expect((await decision).decision).toBe('approved')
    expect(await parts.approvals.standing(asked('2'))).toMatchObject({ approval: id, decision: { through: 'batch' } })
    expect(await parts.approvals.standing(request({ bound: { exact: ['2'], like: ['delete'] } }))).toBeNull()
    const uses = await Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? parts : there).approvals.use([id])))
    expect(uses.filter((used) => used)).toHaveLength(5)
    expect(await parts.approvals.find(dba, id)).toMatchObject({ uses: 5, used: 5 })
    const unlike = await parts.approvals.hold(request({ bound: { exact: ['x'], like: null } }), never)
    await expect(parts.approvals.decide(dba, unlike.id, 'approve', { reason: null, uses: 2 })).rejects.toMatchObject({
      code: 'invalid_request',
    })
    await parts.approvals.decide(dba, unlike.id, 'approve', { reason: null })
  })
})

test('nobody fills the inbox of approvers alone: so many questions are open, and no more', async () => {
  const [flood, leaving] = [{ ...ada.identity, id: 'flood' }, new AbortController()]
  const holds = Array.from({ length: 60 }, () => parts.approvals.hold(request({ requester: flood }), leaving.signal))
  expect((await Promise.allSettled(holds)).filter(({ status }) => status === 'fulfilled')).toHaveLength(50)
  await expect(parts.approvals.hold(request({ requester: flood }), never)).rejects.toMatchObject({ code: 'too_many_requests' })
  const other = await parts.approvals.hold(request(), leaving.signal)
  leaving.abort()
  expect((await other.decision).decision).toBe('withdrawn')
  await until(async () => (await parts.approvals.list(dba, 'held')).every(({ requester }) => requester.id !== flood.id))
  await expect(parts.approvals.hold(request({ requester: flood }), leaving.signal)).resolves.toBeDefined()
})

test('nor with questions that are withdrawn at once: so many come in a minute, and no more', async () => {
  const few = await openParts(server, issuer, 'gateway-5', { askedPerMinute: 3 })
  const requester = { ...ada.identity, id: 'loop' }
  for (let n = 0; n < 3; n++) await (await few.approvals.hold(request({ requester }), AbortSignal.abort())).decision
  await expect(few.approvals.hold(request({ requester }), never)).rejects.toMatchObject({
    code: 'too_many_requests',
    message: expect.stringContaining('within a minute'),
  })
  const { id } = await few.approvals.hold(request({ requester: { ...requester, id: 'another' } }), never)
  await few.approvals.decide(dba, id, 'deny', { reason: 'no' })
  // A minute later.
  await parts.store.run((db) =>
    db
      .update(approvals)
      .set({ heldAt: new Date(Date.now() - 61_000) })
      .where(eq(approvals.requesterId, 'loop')),
  )
  await (await few.approvals.hold(request({ requester }), AbortSignal.abort())).decision
  await few.close()
})

test('what nobody can decide or use any more is deleted after 30 days', async () => {
  const [old, open, usable] = await Promise.all(
    ['1', '2', '3'].map((n) => parts.approvals.hold(request({ operationId: n }), never)),
  )
  await parts.approvals.decide(dba, old!.id, 'deny', { reason: 'no' })
  const then = new Date(Date.now() - 31 * 24 * 3600_000)
  const change = { heldAt: then, expiresAt: then, decidedAt: then }
  await parts.store.run((db) => updateApproval(db, old!.id, change))
  await parts.store.run((db) => updateApproval(db, open!.id, { heldAt: then }))
  await parts.store.run((db) => updateApproval(db, usable!.id, { ...change, state: 'approved', usableUntil: new Date() }))
  const started = await openParts(server, issuer, 'gateway-6')
  const there = (id: string) => parts.store.run((db) => readApproval(db, id))
  await until(async () => (await there(old!.id)) === null)
  expect([await there(open!.id), await there(usable!.id)]).not.toContain(null)
  await parts.approvals.decide(dba, open!.id, 'deny', { reason: 'no' })
  await started.close()
})

test('of several votes only those count whose givers could give them still', async () => {
  const eve = await callerOf(parts, issuer, 'eve', ['dba'])
  const give = async (by: Caller, id: string) => await parts.approvals.decide(by, id, 'approve', { reason: null })
  const gone: [string, (by: Caller) => Promise<unknown>][] = [
    ['leaves', (by) => parts.store.transaction((db) => endLogin(db, by.login, 'it was ended'))],
    ['is no approver any more', (by) => parts.store.run((db) => updateIdentity(db, by.login, { ...by.identity, groups: [] }))],
  ]
  for (const [name, go] of gone) {
    const first = await callerOf(parts, issuer, 'first', ['dba'])
    const { id, decision } = await parts.approvals.hold(request({ count: 2 }), never)
    await give(first, id)
    await go(first)
    expect(await give(eve, id), name).toMatchObject({ state: 'held', votes: [{ by: { id: eve.identity.id } }] })
    await give(dba, id)
    expect(await decision).toMatchObject({ decision: 'approved', by: dba.identity, also: [eve.identity] })
  }
})

test('whoever made the key of a service account decides nothing that it asks for itself', async () => {
  const account = 'kind: ServiceAccount\nname: reports\nidentity: service\ngroups: [reports]\n'
  await parts.documentStore.apply(ada.identity, account, 'test.yaml')
  await parts.serviceAccounts.createKey(dba.identity, 'reports')
  const requester = { ...ada.identity, id: 'hoop#ServiceAccount/reports', kind: 'service' as const, name: 'reports' }
  const { id, decision } = await parts.approvals.hold(request({ requester }), never)
  expect(await parts.approvals.find(dba, id)).toMatchObject({ mine: 'see' })
  await expect(parts.approvals.decide(dba, id, 'approve', { reason: null })).rejects.toMatchObject({
    code: 'no_access',
    message: 'You have made a key of reports.',
  })
  const eve = await callerOf(parts, issuer, 'eve', ['dba'])
  await parts.approvals.decide(eve, id, 'approve', { reason: null })
  expect((await decision).decision).toBe('approved')
})

test('approvers see the role, the settings and the locks that it waits with', async () => {
  const settings = [{ name: 'app.tenant', value: 'b' }]
  const { id } = await parts.approvals.hold(request({ role: 'owner', settings, inTransaction: true }), never)
  await parts.approvals.locked(id, ['RowExclusiveLock on orders'])
  expect(await parts.approvals.find(dba, id)).toMatchObject({ role: 'owner', settings, locks: ['RowExclusiveLock on orders'] })
  await parts.approvals.decide(dba, id, 'deny', { reason: 'no' })
  const unknown = await parts.approvals.hold(request({ settings: null, bound: { exact: null, like: null } }), never)
  expect(await parts.approvals.find(dba, unknown.id)).toMatchObject({ settings: null })
  expect(await parts.approvals.standing(request({ onHold: 'ticket', bound: { exact: null, like: null } }))).toBeNull()
  await parts.approvals.decide(dba, unknown.id, 'deny', { reason: 'no' })
})

test('several must say yes, each once, and a no is enough', async () => {
  const eve = await callerOf(parts, issuer, 'eve', ['dba'])
  const { id, decision } = await parts.approvals.hold(request({ count: 2 }), never)
  expect(await parts.approvals.decide(dba, id, 'approve', { reason: 'fine' })).toMatchObject({ state: 'held', mine: 'see' })
  await expect(parts.approvals.decide(dba, id, 'approve', { reason: null })).rejects.toMatchObject({ code: 'conflict' })
  await parts.approvals.decide(eve, id, 'approve', { reason: null })
  expect(await decision).toEqual({ decision: 'approved', by: eve.identity, reason: null, also: [dba.identity] })
  const refused = await parts.approvals.hold(request({ count: 2 }), never)
  await parts.approvals.decide(dba, refused.id, 'approve', { reason: null })
  await parts.approvals.decide(eve, refused.id, 'deny', { reason: 'no' })
  expect(await refused.decision).toMatchObject({ decision: 'denied', by: eve.identity })
})

test('what is kept to be revealed stands encrypted in the store, and is opened for its approvers only', async () => {
  const original = { text: "delete from cards where number = '4111'", parameters: [] }
  const { id } = await parts.approvals.hold(request({ original }), never)
  const row = await parts.store.run((db) => readApproval(db, id))
  expect(JSON.stringify(row)).not.toContain('4111')
  expect(row?.originalCiphertext?.toString('latin1')).not.toContain('4111')
  expect((await parts.approvals.reveal(dba, id)).original).toEqual(original)
  const old = { ...dba, authenticatedAt: new Date(Date.now() - 16 * 60_000) }
  await expect(parts.approvals.reveal(ada, id)).rejects.toMatchObject({ code: 'no_access' })
  await expect(parts.approvals.reveal(old, id)).rejects.toMatchObject({ code: 'login_too_old' })
  await parts.approvals.decide(dba, id, 'deny', { reason: 'no' })
})
