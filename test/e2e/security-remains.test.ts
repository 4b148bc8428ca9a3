import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keepUntilEnd, type System, startSystem } from '../support/index.ts'
import { backendsOf } from './scratch.ts'
import { clientOn, RawCaller } from './security-caller.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let ada: RawCaller

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 } }))
  ada = await RawCaller.from(system, 'ada')
})
beforeEach((context) => {
  if (process.platform !== 'linux') context.skip('needs /proc')
})

interface Remains {
  /** Open files and sockets of the gateway, by what they are. */
  readonly open: Record<string, number>
  /** MiB that the gateway has in memory. */
  readonly memory: number
}

async function remains(): Promise<Remains> {
  const folder = `/proc/${system.gateway.pid}`
  const open: Record<string, number> = {}
  for (const name of await readdir(join(folder, 'fd'))) {
    const target = await readlink(join(folder, 'fd', name)).catch(() => '')
    const kind = target.startsWith('/') ? (target.includes('/records/') ? 'records' : 'files') : target.replace(/:.*/, '')
    open[kind] = (open[kind] ?? 0) + 1
  }
  const status = await readFile(join(folder, 'status'), 'utf8')
  return { open, memory: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024 }
}

/** How a visit ends that nobody ended. */
const abrupt = ['tunnel', 'client', 'session', 'nothing sent', 'held'] as const

async function visit(end: (typeof abrupt)[number]): Promise<string> {
  const tunnel = await ada.tunnel()
  const session = await ada.session(tunnel.id)
  if (end === 'nothing sent') {
    tunnel.openStream({ session }).on('error', () => {})
  } else {
    const client = await clientOn(tunnel, session)
    await client.query('select count(*) from customers')
    if (end === 'client') await client.end()
    if (end === 'held') {
      const held = new Promise((resolve) => client.once('notice', resolve))
      client.query('delete from orders where id = -1').catch(() => {})
      await held
    }
    if (end === 'session') await ada.ask('POST', `/v1/sessions/${session}/end`, { reason: null })
  }
  tunnel.close('gone')
  await tunnel.closed
  return session
}

async function openSessions(): Promise<number> {
  const { body } = await ada.ask('GET', '/v1/sessions?state=open&limit=500')
  return (body as { sessions: unknown[] }).sessions.length
}

async function quiet(): Promise<void> {
  await expect.poll(openSessions).toBe(0)
  await expect.poll(() => backendsOf(system.sample)).toEqual([])
  await expect.poll(async () => (await remains()).open.records ?? 0).toBe(0)
}

test('300 sessions that end in all ways leave no file, socket, row, backend or question, and little memory', {
  timeout: 300_000,
}, async () => {
  const sessions: string[] = []
  const visits = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) sessions.push(...(await Promise.all(abrupt.map(visit))))
    await quiet()
  }
  await visits(10)
  const before = await remains()
  await visits(50)
  await expect.poll(async () => (await remains()).open.socket ?? 0).toBeLessThanOrEqual((before.open.socket ?? 0) + 4)
  const after = await remains()
  expect(after.open.files ?? 0).toBeLessThanOrEqual((before.open.files ?? 0) + 2)
  // What is not given back grows with each; caches and the heap's own room do not.
  expect(after.memory - before.memory).toBeLessThan(120)

  expect(new Set(sessions).size).toBe(300)
  for (const session of sessions) {
    const folder = join(system.gateway.records, session)
    const lines = (await readFile(join(folder, '000000', 'events.ndjson'), 'utf8')).trimEnd().split('\n')
    const events = lines.map((line) => JSON.parse(line) as { type: string; decision?: string })
    expect(events.at(-1)?.type).toBe('session.closed')
    const asked = events.filter(({ type }) => type === 'held').length
    expect(events.filter(({ decision }) => decision === 'withdrawn')).toHaveLength(asked)
  }
  const grace = await RawCaller.from(system, 'grace')
  expect((await grace.ask('GET', '/v1/approvals?state=held')).body).toEqual({ approvals: [] })
  expect(
    system.gateway
      .logs()
      .split('\n')
      .filter((line) => /MaxListenersExceeded|"level":50/.test(line)).length,
  ).toBe(0)
})

test('followers that never read are waited for, and do not fill the memory', { timeout: 60_000 }, async () => {
  const tunnel = await ada.tunnel()
  const session = await ada.session(tunnel.id)
  const client = await clientOn(tunnel, session)
  const work = async () => {
    for (let i = 0; i < 40; i++) await client.query(`select ${i} /* ${'x'.repeat(250_000)} */`)
  }
  // What the work itself takes is taken before.
  await work()
  const { memory } = await remains()
  const leaving = new AbortController()
  const followers = await Promise.all(
    Array.from({ length: 30 }, async () =>
      fetch(`${ada.url}/v1/sessions/${session}/events?follow=true`, {
        headers: await ada.headers('GET', `/v1/sessions/${session}/events`),
        signal: leaving.signal,
      }),
    ),
  )
  expect(followers.every(({ status }) => status === 200)).toBe(true)
  await work()
  // All that 30 followers have not read is 600 MB.
  expect((await remains()).memory - memory).toBeLessThan(250)
  leaving.abort()
  await client.end()
  tunnel.close('done')
  await quiet()
})
