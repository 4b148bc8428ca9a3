import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedGate } from '../scripted-gate.fixture.ts'
import { write } from './codec.ts'
import { bind, execute, hides, outline, parse, rows, type Served, type WireClient } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

let server: WireServer
/** Another session, past the gateway. */
let other: WireClient

beforeAll(async () => {
  server = await WireServer.start()
  other = await server.direct()
  // Before the first session reads the catalogue.
  for (const text of [
    "create table payers (id int, email text); create table shops (id int, email text); insert into payers values (1, 'p@x'); insert into shops values (1, 's@x')",
    "create table staff (id int, email text, city text); insert into staff values (1, 'b@x', 'Delft'); create view inner_staff as select id, email as address, city from staff; create view outer_staff as select address as city, city as address from inner_staff",
    "create table guests (email text); insert into guests values ('public@x'); create schema shade; create table shade.guests (email text); insert into shade.guests values ('shade@x')",
    "create table notes (id int, note text, free text); insert into notes values (1, 'n', 'f')",
    "create table memos (id int, note text, free text); insert into memos values (1, 'n', 'f')",
  ])
    await other.query(text)
})
afterAll(() => server.stop())

async function open(...hidden: readonly string[]): Promise<Served> {
  const gate = new ScriptedGate()
  gate.masks = hides(...hidden)
  return await server.open({ gate })
}

/** Sends a query of the simple protocol and answers its rows. */
async function ask({ client }: Served, text: string): Promise<(string | null)[][]> {
  return rows(await client.send(write.query(text)).ready())
}

describe('names that mean another column, or no longer the same', () => {
  test('of two tables with a column of one name, only the masked one is hidden', async () => {
    const served = await open('public.payers.email')
    expect(await ask(served, 'select p.email, s.email from payers p join shops s using (id)')).toEqual([['(hidden)', 's@x']])
    expect(await ask(served, 'select s.*, p.* from shops s, payers p')).toEqual([['1', 's@x', '1', '(hidden)']])
    expect(await ask(served, 'select email from shops union all select email from payers')).toEqual([['(hidden)'], ['(hidden)']])
    expect(await ask(served, 'select p.email from shops p')).toEqual([['s@x']])
  })

  test('a view over a view hides what its base column hides, and nothing else', async () => {
    const served = await open('public.staff.email')
    expect(await ask(served, 'select city, address from outer_staff')).toEqual([['(hidden)', 'Delft']])
    expect(await ask(served, 'select * from outer_staff o')).toEqual([['(hidden)', 'Delft']])
  })

  test('a search path that shadows a table decides whose column it is', async () => {
    const served = await open('public.guests.email')
    const both = 'select g.email, p.email from guests g, public.guests p'
    expect(await ask(served, both)).toEqual([['(hidden)', '(hidden)']])
    await ask(served, 'set search_path = shade, public')
    expect(await ask(served, both)).toEqual([['shade@x', '(hidden)']])
    await ask(served, 'reset search_path')
    expect(await ask(served, both)).toEqual([['(hidden)', '(hidden)']])
    await ask(served, 'begin')
    await ask(served, 'set local search_path = shade')
    expect(await ask(served, both)).toEqual([['shade@x', '(hidden)']])
    await ask(served, 'rollback')
    expect(await ask(served, both)).toEqual([['(hidden)', '(hidden)']])
    await ask(served, "create temp table guests as select 'temporary@x'::text as email")
    expect(await ask(served, 'select email from public.guests')).toEqual([['(hidden)']])
    await ask(served, 'drop table pg_temp.guests')
    expect(await ask(served, both)).toEqual([['(hidden)', '(hidden)']])
  })

  test('a column that this session renames is hidden as long as it has the name of a masked one', async () => {
    const served = await open('public.notes.secret')
    expect(await ask(served, 'select note, free from notes')).toEqual([['n', 'f']])
    await ask(served, 'alter table notes rename column note to secret')
    expect(await ask(served, 'select * from notes')).toEqual([['1', '(hidden)', 'f']])
    expect(await ask(served, 'select secret, free from notes')).toEqual([['(hidden)', 'f']])
  })

  test('a column that another session renames, under a statement that stands', async () => {
    const served = await open('public.memos.secret')
    const { client } = served
    const run = async () => rows(await client.send(bind('', 's'), execute(''), write.sync()).ready())
    await client.send(parse('s', 'select * from memos'), write.sync()).ready()
    expect(await run()).toEqual([['1', 'n', 'f']])
    await other.query('alter table memos rename column note to secret')
    expect(await ask(served, 'select * from memos')).toEqual([['1', '(hidden)', 'f']])
    expect(await ask(served, 'select secret, free from memos')).toEqual([['(hidden)', 'f']])
    expect((await run()).flat()).not.toContain('n')
    expect(outline(await client.send(parse('t', 'select note from memos'), write.sync()).ready())).toContain('E:42703')
  })
})
