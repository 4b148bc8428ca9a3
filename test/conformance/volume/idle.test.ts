import { connect as dial } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WireClient } from '../../../packages/protocols/src/postgres/wire.fixture.ts'
import { type Connect, keepUntilEnd, type System, startConnect, startSystem } from '../../support/index.ts'
import { holdings, residentMemory } from './processes.ts'

const keep = keepUntilEnd(afterAll)
const wave = 25
let system: System
let connect: Connect

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10, settings: { max_connections: '400' } } }))
  connect = await keep(startConnect('sample', { home: await system.home('ada') }))
  const warm = await Promise.all(Array.from({ length: wave }, logIn))
  for (const client of warm) client.stream.destroy()
})

async function logIn(): Promise<WireClient> {
  const client = new WireClient(dial({ host: connect.host, port: connect.port, noDelay: true }))
  await client.logIn({ user: connect.user, database: connect.database }, connect.password)
  return client
}

/** KB that each of `count` takes in a program of ours: what is in use, and what the system has given for it. */
async function costOf(count: number, begin: () => Promise<Duplex>) {
  const programs = { gateway: system.gateway.pid, connect: connect.program.pid }
  const measure = async (pid: number) => ({ used: (await holdings(pid)).memory, resident: await residentMemory(pid) })
  const before = { gateway: await measure(programs.gateway), connect: await measure(programs.connect) }
  const all: Duplex[] = []
  while (all.length < count) all.push(...(await Promise.all(Array.from({ length: wave }, begin))))
  const each = async (program: keyof typeof programs) => {
    const after = await measure(programs[program])
    const kilobytes = (which: 'used' | 'resident') => Math.round(((after[which] - before[program][which]) * 1024) / count)
    return { used: kilobytes('used'), resident: kilobytes('resident') }
  }
  const cost = { gateway: await each('gateway'), connect: await each('connect') }
  const open = all.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded).length
  for (const one of all) one.destroy()
  expect(open, 'how many were open as their cost was measured').toBe(count)
  return cost
}

test('an idle client takes at most 40 KB of the gateway, and as much of the command line', async () => {
  const cost = await costOf(300, async () => (await logIn()).stream)
  expect(cost.gateway.used, JSON.stringify(cost)).toBeLessThan(40)
  expect(cost.connect.used, JSON.stringify(cost)).toBeLessThan(40)
  // TLS to the database: OpenSSL's share is not counted in what JavaScript uses.
  expect(cost.gateway.resident, JSON.stringify(cost)).toBeLessThan(160)
})
