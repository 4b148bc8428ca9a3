import { type ConnectionDocument, HoopError, type Identity, type Operation } from '@hoop/contracts'
import { compileRules, parseDocuments, type RuleSet } from '@hoop/policy'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { localPassword, ScriptedGate } from '../scripted-gate.fixture.ts'
import { write } from './codec.ts'
import { executed, scene } from './ways-around-executed.fixture.ts'
import { bind, execute, extended, type Message, outline, rows, serve, type WireClient } from './wire.fixture.ts'
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
method: redact
filter: any`

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
  const [seen] = rows(asked)
  if (!seen) throw new Error(`what came of it cannot be seen: ${outline(asked).join(' ')}`)
  const [people, mark, setting] = seen
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
  try {
    return await outcome(own, await send(own, sql))
  } finally {
    await own.query('rollback; reset all; deallocate all')
    await own.query(`copy (select 1) to program 'cat > /dev/null; rm -f mark'`)
  }
}

/** The rules' answer to an operation; null: they permit it. */
function refusedBy(inForce: RuleSet, operation: Operation): string | null {
  const judged = inForce.judge({
    identity: ada,
    connection,
    session: { id: 'ses_test', reason: null },
    now: new Date(),
    operation,
  })
  return judged.decision === 'refuse' ? judged.refusal.rule : null
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
    const rule = refusedBy(inForce, operation)
    if (rule !== null) by.add(rule)
    return rule === null ? 'permit' : 'refuse'
  }
  const { client, done } = await server.open({ gate })
  const heard = await send(client, [...sql, 'rollback'])
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

test('a domain that Parse gives for a type, run by the protocol and by SQL', async () => {
  const [[oid, array] = []] = rows(await own.query("select 'one'::regtype::oid, 'one[]'::regtype::oid"))
  const typed = (name: string, type: string | null | undefined) =>
    write.parse({ name, text: 'select $1', parameterTypes: [Number(type)] })
  const ways: readonly (readonly Buffer[])[] = [
    [typed('', oid), bind('', '', ['1']), execute(''), write.sync()],
    [typed('', array), bind('', '', ['{1}']), execute(''), write.sync()],
    [typed('x', oid), write.query('execute x (1)')],
  ]
  for (const steps of ways) {
    const outcomes: unknown[] = []
    const gate = new ScriptedGate()
    gate.judge = (operation) => (refusedBy(rules.writes, operation) === 'Policy/people-stay' ? 'refuse' : 'permit')
    for (const client of [own, (await server.open({ gate })).client]) {
      await own.query(lay)
      client.send(...steps)
      const heard = await client.ready()
      outcomes.push([outline(heard).includes('E:42501'), await outcome(own, [])])
    }
    expect(outcomes).toEqual([
      [false, 'writes'],
      [true, 'nothing'],
    ])
  }
})

describe('what cannot be judged is refused, and takes along what it stands with', () => {
  const note = (body: string) => `insert into notes (body) values ('${body}')`
  const select = "select 'judge'"

  /** In a transaction, and in a pipeline: `fails` from where the statement comes, until `works`. */
  async function takesAlong(client: WireClient, sqlState: string, fails: () => unknown, works: () => unknown): Promise<void> {
    expect(outline(await send(client, ['begin', note('before')])).at(-1)).toBe('Z:T')
    await fails()
    expect(outline(await client.query(select))).toEqual([`E:${sqlState}`, 'Z:E'])
    works()
    expect(outline(await client.query('commit'))).toEqual(['C:ROLLBACK', 'Z:I'])
    client.send(...extended(note('before')), write.flush())
    await client.until(({ tag }) => tag === 'C')
    await fails()
    client.send(...extended(select), ...extended(note('behind')), write.sync())
    // It may be refused at Parse or at Bind.
    expect(outline(await client.ready()).filter((each) => each !== '1')).toEqual([`E:${sqlState}`, 'Z:I'])
    works()
    expect(rows(await own.query('select body from notes'))).toEqual([['x']])
  }

  test('as the condition of a rule fails', async () => {
    const when = "operation.text.contains('judge') && operation.parameters[7].value == 'x'"
    const inForce = ruleSet(`kind: Policy\nname: broken\nwhen: ${when}\nthen: deny`)
    const gate = new ScriptedGate()
    gate.judge = (operation) => (refusedBy(inForce, operation) === 'Policy/broken' ? 'refuse' : 'permit')
    const { client } = await server.open({ gate })
    await takesAlong(client, '42501', noChange, noChange)
  })

  test('as the catalogue cannot be read', async () => {
    let gone = false
    const shared = new Map<string, unknown>()
    const open = async () => {
      const dial: typeof server.dial = async (to) => {
        if (gone) throw new HoopError('connection_unavailable', 'the catalogue is out of reach')
        return await server.dial(to)
      }
      const { client } = serve({ upstream: server.upstream, shared, dial })
      await client.logIn({ user: 'ada' }, localPassword)
      return client
    }
    const [client, other] = [await open(), await open()]
    const fails = async () => {
      // Another session changes definitions: what was read of them is too old.
      await send(other, ['create table passing (id int)', 'drop table passing'])
      gone = true
    }
    await takesAlong(client, '58000', fails, () => {
      gone = false
    })
  })

  test('as the store is down', async () => {
    let down = false
    const gate = new ScriptedGate()
    const admit = gate.admit.bind(gate)
    gate.admit = (operation, options) =>
      down ? { kind: 'refuse', refusal: { ...unavailable, id: 'op_down' } } : admit(operation, options)
    const { client } = await server.open({ gate })
    await takesAlong(
      client,
      '58000',
      () => (down = true),
      () => (down = false),
    )
  })
})
const noChange = () => undefined
const unavailable = {
  code: 'unavailable',
  message: 'the store is away',
  rule: 'hoop/unavailable',
  detail: 'd',
  hint: 'h',
} as const
