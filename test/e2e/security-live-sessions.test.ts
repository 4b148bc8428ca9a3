import { SessionSummary } from '@hoop/contracts'
import { demoDocuments } from '@hoop/demo'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyDocuments, hoop, keepUntilEnd, loginAs, type System, startSystem } from '../support/index.ts'
import { backendsOf } from './scratch.ts'
import { clientOn, endOf, RawCaller } from './security-caller.ts'

const keep = keepUntilEnd(afterAll)
let system: System
/** Milliseconds within which what is live ends once the gateway knows that it must, on a busy machine too. */
const soon = 20_000

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 20 } }))
})

/** A login of its own, with a tunnel, a session and a client in it that is doing nothing. */
async function idle(name: string) {
  const { home } = await keep(loginAs(name, { gateway: system.gateway.url }))
  const caller = await RawCaller.at(system.gateway.url, home)
  const tunnel = await caller.tunnel()
  const session = await caller.session(tunnel.id)
  const client = await clientOn(tunnel, session)
  return { home, caller, tunnel, session, client }
}

async function summary(session: string): Promise<SessionSummary> {
  const admin = await RawCaller.from(system, 'root-admin')
  return SessionSummary.parse((await admin.ask('GET', `/v1/sessions/${session}`)).body)
}

async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`not within ${milliseconds} ms`)), milliseconds)
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

describe('an idle session ends', () => {
  test('with its login, when that is logged out, and so does its tunnel; the other login of the person goes on', async () => {
    const leaving = await idle('ada')
    const staying = await idle('ada')
    const told = endOf(leaving.client)
    expect((await hoop(['logout'], { home: leaving.home })).code).toBe(0)
    expect(await within(soon, told)).toContain('The login was ended')
    expect((await within(soon, leaving.tunnel.closed)).words).toContain('The login was ended')
    await expect.poll(async () => (await summary(leaving.session)).state).toBe('closed')
    expect((await staying.client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await staying.client.end()
    staying.tunnel.close('done')
  })

  test('when a stolen refresh token was used twice', async () => {
    const { caller, client, tunnel } = await idle('ada')
    const told = endOf(client)
    const use = () => caller.ask('POST', '/v1/token', { grant_type: 'refresh_token', refresh_token: caller.refreshToken })
    expect((await use()).status).toBe(200)
    expect((await use()).status).toBe(401)
    await within(soon, told)
    await within(soon, tunnel.closed)
  })

  test('when its access is taken, and is told in its own protocol; the tunnel may stay', async () => {
    const { caller, session, client, tunnel } = await idle('devin')
    const told = endOf(client)
    const root = await system.home('root-admin')
    expect((await hoop(['delete', 'access', 'everyone-who-builds'], { home: root })).code).toBe(0)
    expect(await within(soon, told)).toContain('The access to sample has ended.')
    await expect.poll(async () => (await summary(session)).state).toBe('closed')
    expect((await summary(session)).words).toContain('The access to sample has ended.')
    expect((await caller.askForSession(tunnel.id)).status).toBe(403)
    await applyDocuments(root, demoDocuments(system.sample))
    await clientOn(tunnel, await caller.session(tunnel.id)).then((again) => again.end())
    tunnel.close('done')
  })
})

describe('a session is used through its own tunnel only', () => {
  test('it cannot be opened under a tunnel of somebody else, or of another login of the same person', async () => {
    const owner = await idle('ada')
    const devin = await RawCaller.from(system, 'devin')
    const otherLogin = await RawCaller.from(system, 'ada')
    for (const caller of [devin, otherLogin]) {
      expect(await caller.askForSession(owner.tunnel.id)).toMatchObject({ status: 409, body: { code: 'conflict' } })
    }
    expect((await devin.askForSession('0b6ff4a0-6a3e-4f57-9b51-9d1f6a0c4a11')).status).toBe(409)
    await owner.client.end()
    owner.tunnel.close('done')
  })

  test('its streams come through no other tunnel, and a tunnel that is taken is not taken over', async () => {
    const owner = await idle('ada')
    const ada = await RawCaller.from(system, 'ada')
    const devin = await RawCaller.from(system, 'devin')
    for (const caller of [devin, ada]) {
      const tunnel = await caller.tunnel()
      await expect(clientOn(tunnel, owner.session)).rejects.toThrow()
      tunnel.close('done')
    }
    await expect(devin.tunnel(owner.tunnel.id)).rejects.toMatchObject({ code: 'conflict' })
    expect((await owner.client.query('select 2 as two')).rows).toEqual([{ two: 2 }])
    await owner.client.end()
    owner.tunnel.close('done')
  })

  test('none is opened in a session that has ended', async () => {
    const { caller, tunnel, session, client } = await idle('ada')
    const told = endOf(client)
    expect((await caller.ask('POST', `/v1/sessions/${session}/end`, { reason: null })).status).toBe(204)
    await within(soon, told)
    await expect(clientOn(tunnel, session)).rejects.toThrow()
    await expect(clientOn(tunnel, '../../records')).rejects.toThrow()
    tunnel.close('done')
  })
})

test('what ended so left no session open and nobody at the database', async () => {
  const admin = await RawCaller.from(system, 'root-admin')
  const open = async () => ((await admin.ask('GET', '/v1/sessions?state=open')).body as { sessions: unknown[] }).sessions
  await expect.poll(open, { timeout: soon }).toEqual([])
  await expect.poll(() => backendsOf(system.sample), { timeout: soon }).toEqual([])
})
