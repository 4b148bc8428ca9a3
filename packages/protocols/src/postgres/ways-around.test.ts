import { existsSync, readFileSync } from 'node:fs'
import type { Operation } from '@hoop/contracts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ScramClient } from '../scram.ts'
import { localPassword, ScriptedGate } from '../scripted-gate.fixture.ts'
import { write } from './codec.ts'
import { fakeBackend, fakeUpstream, oneRow } from './fake-backend.fixture.ts'
import { ways } from './ways-around.fixture.ts'
import {
  bind,
  execute,
  extended,
  fields,
  hides,
  type Message,
  outline,
  parse,
  raw,
  rows,
  type Served,
  serve,
  startupMessage,
  type WireClient,
} from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

let server: WireServer
/** Without a gate between. */
let own: WireClient

beforeAll(async () => {
  server = await WireServer.start()
  own = await server.direct()
  for (const text of [
    'create table people (id int primary key, email text, city text)',
    'create table inbox (id int)',
    'create schema shadow; create role shadow superuser',
    'create view places as select city from people',
    'create view shadow.places as select email as city from people',
  ])
    expect(outline(await own.query(text)).at(-1)).toBe('Z:I')
})
beforeEach(async () => {
  await own.query("truncate people; insert into people values (1, 'ada@example.com', 'Lagos'), (2, 'bob@example.com', 'Bonn')")
})
afterAll(() => server.stop())

/** Lets everything pass that only reads or sets, and what is put into the inbox; addresses are hidden. */
async function gated(judge?: ScriptedGate['judge']): Promise<Served> {
  const gate = new ScriptedGate()
  gate.masks = hides('public.people.email')
  gate.judge =
    judge ??
    (({ effects, text }: Operation) =>
      effects.every((effect) => effect === 'read' || effect === 'session') || text === 'copy inbox from stdin'
        ? 'permit'
        : 'refuse')
  return await server.open({ gate })
}

/** Everything that comes back. */
async function take(client: WireClient, steps: readonly (Buffer | string)[]): Promise<Message[]> {
  const heard: Message[] = []
  let bytes: Buffer[] = []
  for (const step of steps) {
    if (typeof step !== 'string') bytes.push(step)
    else {
      client.send(...bytes)
      bytes = []
      heard.push(...(await client.until(({ tag }) => tag === step || tag === 'E' || tag === 'Z')))
    }
  }
  client.send(...bytes, write.terminate())
  heard.push(...(await client.end()))
  client.stream.destroy()
  return heard
}

async function outcome(heard: readonly Message[]): Promise<'writes' | 'shows' | 'nothing'> {
  const [[people] = []] = rows(await own.query("select string_agg(people::text, ' ' order by id) from people"))
  if (people !== '(1,ada@example.com,Lagos) (2,bob@example.com,Bonn)') return 'writes'
  return heard.some(({ body }) => body.includes('@example')) ? 'shows' : 'nothing'
}

describe('a way around the gate', () => {
  for (const [name, { steps, alone }] of Object.entries(ways)) {
    test(name, async () => {
      expect(await outcome(await take(await server.direct(), steps))).toBe(alone)
      await own.query(
        "truncate people; insert into people values (1, 'ada@example.com', 'Lagos'), (2, 'bob@example.com', 'Bonn')",
      )
      const { client, gate, done } = await gated()
      const heard = await take(client, steps)
      expect([await outcome(heard), outline(heard)]).toEqual(['nothing', expect.anything()])
      expect(await done).toBeNull()
      for (const { outcomes, consumed } of gate.admitted) if (consumed) expect(outcomes).toHaveLength(1)
    })
  }
})

test('what was prepared before a policy changed is judged by the policy of its Bind', async () => {
  let answer: 'permit' | 'refuse' = 'permit'
  const { client } = await gated(() => answer)
  const again = [bind('', 's'), execute(''), write.sync()]
  client.send(parse('s', 'select city from people where id = 1'), ...again)
  expect(rows(await client.ready())).toEqual([['Lagos']])
  answer = 'refuse'
  expect(outline(await client.send(...again).ready())).toEqual(['E:42501', 'Z:I'])
  answer = 'permit'
  expect(rows(await client.send(...again).ready())).toEqual([['Lagos']])
})

test('a portal that ran to its end is judged again when it is run again', async () => {
  let answer: 'permit' | 'refuse' = 'permit'
  const { client } = await gated(() => answer)
  client.send(write.query('begin'), parse('', 'select city from people'), bind('p', ''), execute('p'), write.sync())
  await client.ready(2)
  answer = 'refuse'
  expect(outline(await client.send(execute('p'), write.sync()).ready())).toEqual(['E:42501', 'Z:E'])
})

test('COPY data outside COPY reaches neither the backend nor the record', async () => {
  const came: string[] = []
  const dial = fakeBackend(({ tag }, stream) => {
    came.push(tag)
    if (tag === 'Q') stream.write(oneRow)
  })
  const { client, gate } = serve({ upstream: fakeUpstream, dial })
  await client.logIn({ user: 'ada' }, localPassword)
  client.send(write.copyData(write.query('delete from people')), write.copyDone(), write.copyFail('x'), write.query('select 1'))
  expect(outline(await client.ready())).toEqual(['T:1', 'D', 'C:SELECT 1', 'Z:I'])
  expect(came).toEqual(['Q'])
  expect(gate.admitted.flatMap(({ chunks }) => chunks.filter(({ way }) => way === 'up'))).toEqual([])
})

test('Sync and Flush inside COPY are owed no reply', async () => {
  const { client } = await gated()
  client.send(...extended('copy inbox from stdin'))
  const heard = await client.until(({ tag }) => tag === 'G')
  client.send(write.sync(), write.flush(), write.copyDone(), write.sync(), write.query("select 'after'"))
  heard.push(...(await client.ready(2)))
  expect(outline(heard)).toEqual(['1', '2', 'n', 'G', 'C:COPY 0', 'Z:I', 'T:1', 'D', 'C:SELECT 1', 'Z:I'])
})

test('nobody logs in by another message than that of passwords', async () => {
  const { client } = serve({ upstream: fakeUpstream, dial: fakeBackend(() => undefined) })
  const scram = new ScramClient(localPassword)
  client.send(startupMessage({ user: 'ada' }))
  await client.until(({ tag }) => tag === 'R')
  client.send(raw('Q', write.saslInitial('SCRAM-SHA-256', scram.first()).subarray(5)))
  const last = (await client.end()).at(-1)
  expect([last?.tag, fields(last).get('C')]).toEqual(['E', '08P01'])
})

test('what ways-around.md names is there', () => {
  const page = readFileSync(new URL('ways-around.md', import.meta.url), 'utf8')
  const named = [...page.matchAll(/\| ([\w-]+(?:\.\w+)+): (.+?) +\|/g)]
  expect(named.length).toBeGreaterThan(30)
  const folders = ['.', '..', '../../../../test/e2e', '../../../tunnel-server/src/sessions'].map(
    (folder) => new URL(`${folder}/`, import.meta.url),
  )
  for (const [, file = '', words = ''] of named) {
    const found = folders.map((folder) => new URL(file, folder)).find((each) => existsSync(each))
    expect(found && readFileSync(found, 'utf8').includes(words) ? words : `nothing of ${words} in ${file}`).toBe(words)
  }
})
