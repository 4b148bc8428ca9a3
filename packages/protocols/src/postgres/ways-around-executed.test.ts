import type { ConnectionDocument, Identity } from '@hoop/contracts'
import { compileRules, parseDocuments } from '@hoop/policy'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { write } from './codec.ts'
import { executed, scene } from './ways-around-executed.fixture.ts'
import { type Message, outline, rows, ScriptedGate, type WireClient } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

/** All is permitted but this, so that what gets by was not read for what it does. */
const policies = `
kind: Policy
name: people-stay
when: operation.objects.exists(o, o.name == 'public.people' && o.access != 'read')
then: deny
---
kind: Policy
name: inside-only
when: operation.effects.exists(e, e in ['file', 'network', 'replication'])
then: deny`
const masks = `
kind: Mask
name: addresses
columns: [public.people.email]
method: redact`

const ada: Identity = { id: 'x#ada', kind: 'person', name: 'ada', email: null, groups: [], issuer: 'x' }
const connection = parseDocuments(
  'kind: Connection\nname: test\nprotocol: postgres\naddress: db:5432\ndatabases: [postgres]\nlogin: { user: hoop }',
  'connection',
)[0]?.document as ConnectionDocument
const ruleSet = (source: string) =>
  compileRules(
    parseDocuments(source, 'documents').map(({ document }) => document),
    { hashKey: Buffer.alloc(32) },
  )
const rules = { writes: ruleSet(policies), shows: ruleSet(`${policies}\n---${masks}`) }

let server: WireServer
/** Without a gate between. */
let own: WireClient
const lay = `truncate people cascade; truncate notes;
insert into people values (1, 'ada@example.com', 'Lagos'), (2, 'bob@example.com', 'Bonn'); insert into notes values (1, 'x')`

beforeAll(async () => {
  server = await WireServer.start()
  own = await server.direct()
  for (const text of [...scene, lay, 'analyze people'])
    expect([text, outline(await own.query(text)).filter((each) => each.startsWith('E'))]).toEqual([text, []])
})
beforeEach(async () => {
  await own.query(lay)
})
afterAll(() => server.stop())

/** What has come of it, as a session sees it. */
async function outcome(
  session: WireClient,
  heard: readonly Message[],
): Promise<'writes' | 'runs' | 'stays' | 'shows' | 'nothing'> {
  const asked = await session.query(`select (select string_agg(p::text, ' ' order by id) from people p),
    (pg_stat_file('mark', true)).size is not null, exists (select from pg_db_role_setting)`)
  const [[people, mark, setting] = []] = rows(asked)
  if (people !== '(1,ada@example.com,Lagos) (2,bob@example.com,Bonn)') return 'writes'
  if (mark === 't') return 'runs'
  if (setting === 't') return 'stays'
  return heard.some(({ body }) => body.includes('@example')) ? 'shows' : 'nothing'
}

async function send(client: WireClient, sql: readonly string[]): Promise<Message[]> {
  const heard: Message[] = []
  for (const text of sql) heard.push(...(await client.query(text)))
  return heard
}

/** What a caller gets without a gate; nothing of it is left. */
async function ungated(sql: readonly string[]): Promise<string> {
  await own.query('begin')
  const came = await outcome(own, await send(own, sql))
  await own.query('rollback; reset all; deallocate all')
  await own.query(`copy (select 1) to program 'cat > /dev/null; rm -f mark'`)
  return came
}

/** What a caller gets through one that real documents are behind, and the first rule that took part. */
async function gated(alone: string, sql: readonly string[]): Promise<{ came: string; by: string | null }> {
  const by = new Set<string>()
  const inForce = alone === 'shows' ? rules.shows : rules.writes
  const gate = new ScriptedGate()
  // What hoop cannot carry is refused by the documents' side here, as in the gateway.
  gate.enforces = false
  gate.masks = inForce.masks(ada, connection)
  gate.judge = (operation) => {
    const judged = inForce.judge({
      ...{ identity: ada, connection, session: { id: 'ses_test', reason: null }, now: new Date() },
      operation: { ...operation, parameters: [] },
    })
    if (judged.decision !== 'refuse') return 'permit'
    by.add(judged.refusal.rule)
    return 'refuse'
  }
  const { client, done } = await server.open({ gate })
  const heard = await send(client, sql)
  client.send(write.terminate())
  heard.push(...(await client.end()))
  client.stream.destroy()
  expect(await done).toBeNull()
  for (const { outcomes } of gate.admitted)
    for (const { masked } of outcomes) for (const rule of Object.keys(masked)) by.add(rule)
  return { came: await outcome(own, heard), by: [...by][0] ?? null }
}

describe('a way to have something executed', () => {
  for (const [name, { sql, alone, by }] of Object.entries(executed)) {
    test(name, async () => {
      expect(await ungated(sql)).toBe(alone)
      expect(await gated(alone, sql)).toEqual({ came: 'nothing', by })
    })
  }
})
