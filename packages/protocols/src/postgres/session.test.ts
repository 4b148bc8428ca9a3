import { HoopError } from '@hoop/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScramClient } from '../scram.ts'
import { localPassword, ScriptedGate } from '../scripted-gate.fixture.ts'
import { write } from './codec.ts'
import { bind, execute, extended, fields, hides, outline, parse, raw, rows, type Served, startupMessage } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

let server: WireServer
beforeAll(async () => {
  server = await WireServer.start()
  const { client } = await open()
  await client.query('create table people (id int primary key, email text, city text)')
  await client.query("insert into people values (1, 'ada@example.com', 'Lagos'), (2, 'bob@example.com', 'Bonn')")
})
afterAll(() => server.stop())

const open = (gate = new ScriptedGate()): Promise<Served> => server.open({ gate })
const sync = write.sync()

describe('what names mean is never guessed', () => {
  const evil = "delete from people where id = 1 returning 'evil'"
  const harmless = "select 'harmless'"
  function judged(): ScriptedGate {
    const gate = new ScriptedGate()
    gate.judge = ({ text }) => (text === evil ? 'refuse' : 'permit')
    return gate
  }
  async function survives(): Promise<boolean> {
    const { client } = await open()
    return rows(await client.query('select count(*) from people')).join() === '2'
  }

  test('a named statement whose first Parse fails is judged as the second', async () => {
    const { client } = await open(judged())
    client.send(parse('s', 'select nothing from people'), sync, parse('s', evil), bind('', 's'), execute(''), sync)
    expect(outline(await client.ready(2))).toEqual(['E:42703', 'Z:I', '1', 'E:42501', 'Z:I'])
    expect(await survives()).toBe(true)
  })

  test('a Parse of the unnamed statement that is skipped leaves the old one judged', async () => {
    const { client } = await open(judged())
    client.send(parse('', evil), sync)
    await client.ready()
    client.send(parse('x', 'select nothing from people'), parse('', harmless), sync, bind('', ''), execute(''), sync)
    expect(outline(await client.ready(2))).toEqual(['E:42703', 'Z:I', 'E:42501', 'Z:I'])
    expect(await survives()).toBe(true)
  })

  test('a skipped Parse stays undone when the one behind it is skipped too', async () => {
    const { client } = await open(judged())
    client.send(parse('', evil), sync)
    await client.ready()
    const failing = parse('x', 'select nothing from people')
    client.send(failing, parse('', harmless), sync, failing, parse('', "select 'other'"), sync)
    await client.ready(2)
    client.send(bind('', ''), execute(''), sync)
    expect(outline(await client.ready())).toEqual(['E:42501', 'Z:I'])
    expect(await survives()).toBe(true)
  })

  test('a skipped Close with a new Parse leaves the old text judged', async () => {
    const { client } = await open(judged())
    client.send(parse('s', evil), sync)
    await client.ready()
    client.send(
      parse('x', 'select nothing from people'),
      write.close({ kind: 'S', name: 's' }),
      parse('s', harmless),
      sync,
      bind('', 's'),
      execute(''),
      sync,
    )
    expect(outline(await client.ready(2))).toEqual(['E:42703', 'Z:I', 'E:42501', 'Z:I'])
    expect(await survives()).toBe(true)
  })

  test('names are told apart by the bytes that the server compares, and by no others', async () => {
    const { client, gate } = await open(judged())
    const long = 'n'.repeat(63)
    client.send(
      parse(`${long}a`, harmless),
      write.close({ kind: 'S', name: `${long}b` }),
      parse(`${long}c`, evil),
      bind('', `${long}a`),
      execute(''),
      sync,
    )
    expect(outline(await client.ready())).toEqual(['1', '3', '1', 'E:42501', 'Z:I'])
    const portal = (name: string): Buffer[] => [bind(`${long}${name}`, ''), execute(`${long}x`)]
    client.send(write.query('begin'), parse('', harmless), ...portal('y'), sync)
    expect(outline(await client.ready(2)).slice(2)).toEqual(['1', '2', 'D', 'C:SELECT 1', 'Z:T'])
    expect(gate.admitted.map(({ text }) => text)).toEqual([evil, 'begin', harmless])
    expect(await survives()).toBe(true)
  })

  test('Close and a new Parse in one pipeline', async () => {
    const { client, gate } = await open()
    client.send(
      parse('s', harmless),
      write.close({ kind: 'S', name: 's' }),
      parse('s', 'select 2'),
      bind('', 's'),
      execute(''),
      sync,
    )
    expect(outline(await client.ready())).toEqual(['1', '3', '1', '2', 'D', 'C:SELECT 1', 'Z:I'])
    expect(gate.admitted.map(({ text }) => text)).toEqual(['select 2'])
  })

  test('a named statement that a failing Parse wanted to replace is judged and runs as the old text', async () => {
    const { client, gate } = await open()
    client.send(parse('s', harmless), sync, parse('s', evil), sync, bind('', 's'), execute(''), sync)
    const replies = await client.ready(3)
    expect(outline(replies)).toEqual(['1', 'Z:I', 'E:42P05', 'Z:I', '2', 'D', 'C:SELECT 1', 'Z:I'])
    expect(gate.admitted.map(({ text, outcomes }) => [text, outcomes[0]?.kind])).toEqual([
      [evil, 'error'],
      [harmless, 'done'],
    ])
  })

  test('a portal bound again under its name is masked and recorded as what it is now', async () => {
    const gate = new ScriptedGate()
    gate.masks = hides('public.people.email')
    const { client } = await open(gate)
    const city = 'select city from people order by id'
    const email = 'select email from people order by id'
    client.send(parse('c', city), parse('e', email), sync)
    await client.ready()
    client.send(bind('p', 'c'), sync, bind('p', 'e'), execute('p'), sync)
    expect(rows(await client.ready(2))).toEqual([['(hidden)'], ['(hidden)']])
    expect(gate.of(email)?.outcomes).toMatchObject([{ kind: 'done', rows: 2 }])
    expect(gate.of(city)?.outcomes).toMatchObject([{ kind: 'not-run' }])
  })

  test('so is one bound again after a COMMIT in the same pipeline', async () => {
    const gate = new ScriptedGate()
    gate.masks = hides('public.people.email')
    const { client } = await open(gate)
    await client.query('begin')
    client.send(parse('c', 'select city from people order by id'), parse('e', 'select email from people order by id'), sync)
    await client.ready()
    client.send(bind('p', 'c'), ...extended('commit'), bind('p', 'e'), execute('p'), sync)
    expect(rows(await client.ready())).toEqual([['(hidden)'], ['(hidden)']])
  })

  test('every admitted operation comes to one end', async () => {
    const { client, gate } = await open()
    client.send(parse('', "select 'a'"), bind('', ''), bind('', ''), bind('p', ''), write.close({ kind: 'P', name: 'p' }), sync)
    await client.ready()
    client.send(parse('', "select 'b'"), bind('q', ''), execute('q'), write.close({ kind: 'P', name: 'q' }), sync)
    await client.ready()
    client.send(...extended('begin'), parse('', 'select generate_series(1, 9)'), bind('r', ''), execute('r', 2), sync)
    await client.ready()
    client.send(write.close({ kind: 'P', name: 'r' }), sync)
    await client.ready()
    expect(gate.admitted.map(({ outcomes }) => outcomes.map(({ kind }) => kind))).toEqual([
      ['not-run'],
      ['not-run'],
      ['not-run'],
      ['done'],
      ['done'],
      ['done'],
    ])
  })
})

describe('a refusal is as if the backend had refused', () => {
  const refusing = (...texts: readonly string[]): ScriptedGate => {
    const gate = new ScriptedGate()
    gate.judge = ({ text }) => (texts.includes(text) ? 'refuse' : 'permit')
    return gate
  }
  const add = (id: number): string => `insert into people values (${id}, 'x', 'y')`
  async function people(): Promise<string> {
    const { client } = await open()
    return rows(await client.query('select id from people order by id')).join()
  }

  test('a pipeline of three whose middle one is refused commits nothing', async () => {
    const { client } = await open(refusing(add(11)))
    client.send(...extended(add(10)), ...extended(add(11)), ...extended(add(12)), sync)
    expect(outline(await client.ready())).toEqual(['1', '2', 'n', 'C:INSERT 0 1', '1', 'E:42501', 'Z:I'])
    expect(await people()).toBe('1,2')
  })

  test('inside BEGIN … COMMIT it fails the transaction', async () => {
    const { client } = await open(refusing(add(11)))
    const heard = []
    for (const text of ['begin', add(10), add(11), 'select 1', 'commit']) heard.push(...outline(await client.query(text)))
    expect(heard).toEqual(['C:BEGIN', 'Z:T', 'C:INSERT 0 1', 'Z:T', 'E:42501', 'Z:E', 'E:25P02', 'Z:E', 'C:ROLLBACK', 'Z:I'])
    expect(await people()).toBe('1,2')
  })

  test('after a refused simple query the session goes on without Sync', async () => {
    const { client } = await open(refusing('select 2'))
    client.send(write.query('select 2'), write.query('select 1'))
    expect(outline(await client.ready(2))).toEqual(['E:42501', 'Z:I', 'T:1', 'D', 'C:SELECT 1', 'Z:I'])
  })

  test('after a refused Bind everything up to Sync is skipped', async () => {
    const { client, gate } = await open(refusing('select 2'))
    client.send(...extended('select 2'), ...extended('select 3'), write.query('select 4'), sync, ...extended('select 1'), sync)
    expect(outline(await client.ready(2))).toEqual(['1', 'E:42501', 'Z:I', '1', '2', 'T:1', 'D', 'C:SELECT 1', 'Z:I'])
    expect(gate.admitted.map(({ text }) => text)).toEqual(['select 2', 'select 1'])
  })

  test('a function call', async () => {
    const { client } = await open()
    client.send(raw('F', Buffer.from('00000ef2000000000000', 'hex')), write.query('select 1'))
    expect(outline(await client.ready(2))).toEqual(['E:42501', 'Z:I', 'T:1', 'D', 'C:SELECT 1', 'Z:I'])
  })

  test('rule, reason, hint and session reach the caller', async () => {
    const { client } = await open(refusing('select 2'))
    const [error] = await client.query('select 2')
    const said = fields(error)
    expect([...said.values()].join(' ')).toMatch(/not this.*Policy\/not-this.*It matched\..*ses_test.*Ask for something else\./s)
  })

  test('a text with bytes behind its NUL is none', async () => {
    const { client } = await open()
    client.send(raw('Q', 'select 1\0; delete from people\0'))
    expect(outline(await client.end())).toEqual(['E:08P01'])
  })

  test('what a message that cannot be follows is answered first', async () => {
    for (const wrong of [
      raw('y'),
      raw('S', 'x'),
      raw('H', 'x'),
      raw('P', 'x'),
      raw('B', '\0\0'),
      raw('D', 'Qx\0'),
      Buffer.from('5100000003', 'hex'),
    ]) {
      const { client } = await open()
      client.send(write.query('select 1'), wrong, write.query(add(10)))
      expect(outline(await client.end())).toEqual(['T:1', 'D', 'C:SELECT 1', 'Z:I', 'E:08P01'])
    }
    expect(await people()).toBe('1,2')
  })
})

describe('a held statement', () => {
  const held = "update people set city = 'Oslo' where id = 1 returning city"
  async function holding() {
    const gate = new ScriptedGate()
    gate.judge = ({ text }) => (text === held ? 'hold' : 'permit')
    const served = await open(gate)
    return { ...served, announced: () => served.client.until(({ tag }) => tag === 'N') }
  }

  test('is announced, keeps its place, and runs when it is approved', async () => {
    const { client, gate, announced } = await holding()
    client.send(...extended("select 'before'"), ...extended(held), ...extended("select 'after'"), sync)
    const before = await announced()
    // What was sent before it is answered meanwhile.
    before.push(...(await client.until(({ tag }) => tag === 'C')))
    expect(rows(before)).toEqual([['before']])
    expect(gate.of("select 'after'")).toBeUndefined()
    gate.decide?.('permit')
    expect(rows(await client.ready())).toEqual([['Oslo'], ['after']])
    expect(gate.of(held)?.outcomes).toMatchObject([{ kind: 'done', tag: 'UPDATE 1', rows: 1 }])
  })

  test('is withdrawn by a cancel, and the connection goes on', async () => {
    const { client, gate, cancels, announced } = await holding()
    client.send(write.query(held))
    await announced()
    cancels.cancel(1, Buffer.from('9876'))
    expect(outline(await client.ready())).toEqual(['E:57014', 'Z:I'])
    expect(gate.of(held)?.consumed).toBe(false)
    expect(outline(await client.query('select 1'))).toEqual(['T:1', 'D', 'C:SELECT 1', 'Z:I'])
  })

  test('is withdrawn when the caller leaves, and so is any behind it', async () => {
    const { client, gate, done, announced } = await holding()
    client.send(write.query(held), write.query(held))
    await announced()
    client.stream.end()
    await done
    expect(gate.admitted.map(({ verdict }) => verdict)).toEqual(['refuse', 'refuse'])
  })

  test('is withdrawn by an error of an earlier statement of its unit', async () => {
    const { client, gate } = await holding()
    client.send(...extended('select 1 / (length(pg_sleep(0.2)::text))'), ...extended(held), sync)
    const heard = outline(await client.ready())
    expect(heard.filter((tag) => /^[EZ]/.test(tag))).toEqual(['E:22012', 'Z:I'])
    expect(gate.of(held)?.consumed ?? false).toBe(false)
  })

  test('is refused by a no, and nothing of its unit is kept', async () => {
    const { client, gate, announced } = await holding()
    client.send(...extended("insert into people values (10, 'x', 'y')"), ...extended(held), sync)
    await announced()
    gate.decide?.('refuse')
    expect(outline(await client.ready()).slice(-2)).toEqual(['E:42501', 'Z:I'])
    expect(rows(await client.query('select count(*) from people'))).toEqual([['2']])
  })
})

describe('ends', () => {
  test('a caller that sends a statement and closes its side gets the answer', async () => {
    const { client, gate, done } = await open()
    client.send(write.query('select 1')).stream.end()
    expect(outline(await client.end())).toEqual(['T:1', 'D', 'C:SELECT 1', 'Z:I'])
    expect(gate.of('select 1')?.outcomes).toMatchObject([{ kind: 'done', tag: 'SELECT 1' }])
    expect(await done).toBeNull()
  })

  test('so does one that sent it with its login', async () => {
    const { client, done } = server.serve()
    const scram = new ScramClient(localPassword)
    client.send(startupMessage({ user: 'ada' }))
    await client.until(({ tag }) => tag === 'R')
    client.send(write.saslInitial('SCRAM-SHA-256', scram.first()))
    const [first] = await client.until(({ tag }) => tag === 'R')
    client.send(write.saslResponse(await scram.final(first?.body.subarray(4).toString() ?? '')), write.query('select 1'))
    client.stream.end()
    expect(outline(await client.end()).slice(-4)).toEqual(['T:1', 'D', 'C:SELECT 1', 'Z:I'])
    expect(await done).toBeNull()
  })

  test('a backend that is terminated in the middle of a statement', async () => {
    const { client, gate } = await open()
    const [[pid] = []] = rows(await client.query('select pg_backend_pid()'))
    client.send(write.query('select pg_sleep(60)'))
    const other = await open()
    const state = `select state from pg_stat_activity where pid = ${pid} and query like '%sleep%'`
    await expect.poll(async () => rows(await other.client.query(state))).toEqual([['active']])
    await other.client.query(`select pg_terminate_backend(${pid})`)
    expect(outline(await client.end()).at(-1)).toBe('E:57P01')
    expect(gate.of('select pg_sleep(60)')?.outcomes).toMatchObject([{ kind: 'error', error: { code: '57P01' } }])
  })

  test('a running statement is cancelled by our key', async () => {
    const { client, cancels } = await open()
    client.send(write.query('select pg_sleep(60)'))
    const watch = await open()
    await expect
      .poll(async () =>
        rows(
          await watch.client.query(
            "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'",
          ),
        ),
      )
      .toEqual([['1']])
    cancels.cancel(1, Buffer.from('0000'))
    cancels.cancel(1, Buffer.from('9876'))
    expect(outline(await client.ready()).slice(-2)).toEqual(['E:57014', 'Z:I'])
  })

  test('a session that is ended says so', async () => {
    const { client, session, done } = await open()
    session.abort(new HoopError('unavailable', 'Ended by an admin.'))
    const replies = await client.end()
    expect(fields(replies.at(-1)).get('M')).toBe('Ended by an admin.')
    expect(await done).toBeNull()
  })
})

describe('an error of a statement that reads a hidden column does not quote it', () => {
  for (const text of [
    'select email::regclass from people',
    'select email::regoper from people',
    'select email::regrole from people',
    'select email::regnamespace from people',
    'select email::int from people',
    'select set_config(email, email, true) from people',
    "select has_table_privilege(email, 'select') from people",
    'select to_date(email, email) from people',
    'select json(email) from people',
  ]) {
    test(text, async () => {
      const gate = new ScriptedGate()
      gate.masks = hides('public.people.email')
      const { client } = await open(gate)
      const replies = [...(await client.query(text)), ...(await client.send(...extended(text), sync).ready())]
      const errors = replies.filter(({ tag }) => tag === 'E')
      expect(errors).toHaveLength(2)
      for (const error of errors) expect([...fields(error).values()].join(' ')).not.toMatch(/ada|bob|example/)
    })
  }

  test('but names what the caller has misspelt', async () => {
    const gate = new ScriptedGate()
    gate.masks = hides('public.people.email')
    const { client } = await open(gate)
    for (const [text, words] of [
      ['select emial from people', 'column "emial" does not exist'],
      ['select * from peopel', 'relation "peopel" does not exist'],
      ['drop table peopel', 'table "peopel" does not exist'],
      ['create table people ()', 'relation "people" already exists'],
    ] as const) {
      expect(fields((await client.query(text))[0]).get('M')).toBe(words)
    }
  })
})
