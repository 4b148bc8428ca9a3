import { afterAll, beforeAll, expect, test } from 'vitest'
import { ScriptedGate } from '../scripted-gate.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

let server: WireServer
beforeAll(async () => {
  server = await WireServer.start()
})
afterAll(() => server.stop())

test('approvers are told what the transaction around a held statement has locked, by the server itself', async () => {
  const gate = new ScriptedGate()
  const { client } = await server.open({ gate })
  await client.query('create table "Or ders" (id int primary key); create table notes (id int); insert into notes values (1)')
  const look = 'select 1 as looked'
  await client.query(look)
  expect(gate.of(look)?.locks).toBeUndefined()
  await client.query('begin')
  await client.query('lock table "Or ders" in share mode')
  await client.query('delete from notes')
  await client.query('select pg_advisory_xact_lock(7)')
  await client.query(look)
  expect(await gate.of(look)?.locks?.()).toEqual([
    'ExclusiveLock (advisory)',
    'RowExclusiveLock on public.notes',
    'ShareLock on public."Or ders"',
    'rows that it has written or locked',
  ])
  // Of nobody else's.
  const other = await server.open({ gate })
  await other.client.query('begin')
  await other.client.query(look)
  expect(await gate.of(look)?.locks?.()).toEqual([])
})
