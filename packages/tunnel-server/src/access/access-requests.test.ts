import type { Identity } from '@hoop/contracts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Caller } from '../identity/access-tokens.ts'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, openParts, type Parts, startServer, type TestServer } from '../testing/parts.ts'

const documents = `
kind: Connection
name: prod
protocol: postgres
labels: { region: emea }
address: 127.0.0.1:5432
databases: [app]
login: { user: app, password: s3cret }
tls: disable
---
kind: Access
name: on-request
groups: [eng]
connections: { names: [prod] }
request: { approvers: [sre, sre-us], count: 2, max: 1h }
---
kind: Role
name: sre-us
groups: [sre-us]
may: [approve]
connections: { labels: { region: us } }
`
const wanted = { connection: 'prod', reason: 'incident', lasts: '1h' }
let server: TestServer
let issuer: Issuer
let parts: Parts
const who: Record<string, Caller> = {}

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
  for (const [name, groups] of Object.entries({
    root: ['admins'],
    ada: ['eng'],
    eve: ['sre'],
    pat: ['sre', 'eng'],
    una: ['sre-us'],
  })) {
    who[name] = await callerOf(parts, issuer, name, groups)
  }
  await parts.documentStore.apply(who.root!.identity, documents, 'test.yaml')
})
afterAll(async () => {
  await parts?.close()
  await issuer?.close()
  await server?.remove()
})

const request = (by: Caller, change: Partial<typeof wanted> = {}) => parts.accessRequests.request(by, { ...wanted, ...change })
const approve = (by: Caller, id: string) => parts.accessRequests.decide(by, id, 'approve', null)
const mayUse = (identity: Identity) => parts.rules().mayUse(identity, parts.documents.connection('prod')!).allowed

test('it takes as many people as the document says, each once, and nobody who asked', async () => {
  const { id } = await request(who.pat!)
  await expect(approve(who.pat!, id)).rejects.toMatchObject({ code: 'no_access', message: 'Nobody decides their own operation.' })
  expect(await approve(who.eve!, id)).toMatchObject({ state: 'requested', approvals: [{ by: { id: who.eve!.identity.id } }] })
  await expect(approve(who.eve!, id)).rejects.toMatchObject({ code: 'conflict' })
  await expect(approve(who.una!, id)).rejects.toThrow('Your role does not let you decide what goes through prod.')
  await expect(approve(who.root!, id)).rejects.toMatchObject({ code: 'no_access' })
  expect(mayUse(who.pat!.identity)).toBe(false)
  const second = await callerOf(parts, issuer, 'eva', ['sre'])
  const began = Date.now()
  const granted = await approve(second, id)
  expect(granted.state).toBe('granted')
  expect(Math.abs(Date.parse(granted.endsAt!) - began - 3600_000)).toBeLessThan(5000)
  expect(mayUse(who.pat!.identity)).toBe(true)
  expect(mayUse(who.ada!.identity)).toBe(false)
  await expect(approve(second, id)).rejects.toThrow('it is granted')
})

test('what goes on ends at every gateway when it is withdrawn, and again at the end of another', async () => {
  const other = await openParts(server, issuer, 'gateway-2')
  const { id } = (await parts.accessRequests.list(who.pat!, 'open'))[0]!
  const here = parts.standing.hold(who.pat!, () => parts.access.authoriseUse(who.pat!, 'prod'))
  const there = other.standing.hold(who.pat!, () => other.access.authoriseUse(who.pat!, 'prod'))
  expect([here.signal.aborted, there.signal.aborted]).toEqual([false, false])
  await expect(parts.accessRequests.withdraw(who.ada!, id, null)).rejects.toMatchObject({ code: 'no_access' })
  await parts.accessRequests.withdraw(who.root!, id, 'enough')
  await vi.waitFor(() => expect([here.signal.aborted, there.signal.aborted]).toEqual([true, true]), { timeout: 30_000 })
  for (const { signal } of [here, there]) expect(signal.reason).toMatchObject({ code: 'no_access' })

  const next = await request(who.ada!, { lasts: '1s' })
  const second = await callerOf(parts, issuer, 'eva', ['sre'])
  await approve(who.eve!, next.id)
  const endsAt = Date.parse((await approve(second, next.id)).endsAt!)
  const held = parts.standing.hold(who.ada!, () => parts.access.authoriseUse(who.ada!, 'prod'))
  expect(held.signal.aborted).toBe(false)
  await vi.waitFor(() => expect(held.signal.aborted).toBe(true), { timeout: 30_000, interval: 5 })
  expect(Date.now()).toBeGreaterThanOrEqual(endsAt)
  expect((await parts.accessRequests.list(who.ada!, 'all'))[0]).toMatchObject({ id: next.id, state: 'ended' })
  await other.close()
})

test('it is asked for by whom the document is about, for a time that it allows, and denied with words', async () => {
  await expect(request(who.eve!)).rejects.toMatchObject({ code: 'no_access' })
  await expect(request(who.ada!, { connection: 'absent' })).rejects.toMatchObject({ code: 'no_access' })
  await expect(request(who.ada!, { lasts: '61m' })).rejects.toThrow('prod can be had for 1h at most.')
  const { id } = await request(who.ada!)
  await expect(parts.accessRequests.decide(who.eve!, id, 'deny', ' ')).rejects.toThrow('A denial needs a reason.')
  expect(await parts.accessRequests.decide(who.eve!, id, 'deny', 'not now')).toMatchObject({
    state: 'denied',
    closedReason: 'not now',
  })
  await expect(approve(who.pat!, id)).rejects.toThrow('it is denied')
})

test('a person decides nothing of what is asked on their behalf, and no machine decides', async () => {
  const { kind: _, ...behind } = who.pat!.identity
  const agent: Caller = {
    ...who.ada!,
    identity: { ...who.ada!.identity, id: 'hoop#x for pat', kind: 'ai-agent', groups: ['eng', 'sre'], onBehalfOf: behind },
  }
  const { id } = await request(agent)
  await expect(approve(who.pat!, id)).rejects.toThrow('Nobody decides what is asked on their behalf.')
  const others = await request(who.ada!)
  await expect(approve(agent, others.id)).rejects.toThrow('Only a person decides.')
  expect((await parts.accessRequests.list(who.pat!, 'open')).find((grant) => grant.id === id)?.mine).toBe('see')
})

test('what was asked for by other terms than those of now is granted by nobody', async () => {
  const { id } = await request(who.ada!)
  const stricter = documents.replace('approvers: [sre, sre-us]', 'approvers: [security]')
  await parts.documentStore.apply(who.root!.identity, stricter, 'test.yaml')
  await expect(approve(who.eve!, id)).rejects.toMatchObject({ code: 'conflict' })
  await parts.documentStore.apply(who.root!.identity, documents.replace('max: 1h', 'max: 30m'), 'test.yaml')
  await expect(approve(who.eve!, id)).rejects.toMatchObject({ code: 'conflict' })
  await parts.documentStore.apply(who.root!.identity, documents, 'test.yaml')
  expect(await approve(who.eve!, id)).toMatchObject({ state: 'requested' })
})
