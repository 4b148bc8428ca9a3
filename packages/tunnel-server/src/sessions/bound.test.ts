import type { Effect, Operation } from '@hoop/contracts'
import type { RequiredApproval } from '@hoop/policy'
import { describe, expect, test } from 'vitest'
import { boundTo } from './bound.ts'

const place = { requester: 'i#devin', connection: 'shop', database: 'app', role: null, settings: [], policyVersion: '1' }
const required: RequiredApproval = {
  rule: 'Policy/writes',
  groups: ['dba'],
  count: 1,
  timeout: 900,
  message: 'Ask a DBA.',
  onHold: null,
  reveal: false,
}

/** All with one fingerprint: what differs is the text. */
function operation(
  text: string,
  { effects = ['write'], verb = 'UPDATE' }: { effects?: Effect[]; verb?: string } = {},
): Operation {
  const constants = /'[^']*'|"[^"]*"|\$\$.*?\$\$|\/\*.*?\*\/|--.*|\b\d+\b/g
  const literals = [...text.matchAll(constants)].map(({ 0: { length }, index: start }) => {
    return { start, end: start + length, sources: [], secret: false }
  })
  return {
    ...{ protocol: 'postgres', text, parameters: [], fingerprint: '50fde20626009aba', effects, objects: [], functions: [] },
    facts: { verbs: [verb], statements: 1, unbounded: false, destructive: false, columns: [] },
    ...{ literals, runs: [], flows: [], parts: [], refused: null, unknownBecause: [] },
  }
}
const like = (text: string, of?: Parameters<typeof operation>[1]) => boundTo(operation(text, of), required, place).like

describe('a batch', () => {
  test.each([
    ["insert into notes values ('1', 2)", "insert into notes values ('it is', -30)"],
    ["update t set a = 'x' where id = 1 /* trace 1 */", "update t set a = '' where id = 70000 /* trace 2 */"],
  ])('is for other constants: %s', (one, other) => {
    expect(like(one)).not.toBeNull()
    expect(like(other)).toEqual(like(one))
  })

  test.each([
    ['select transfer(source, target) from t', 'select transfer(target, source) from t'],
    ['insert into t (a, b) select x, y from s', 'insert into t (a, b) select y, x from s'],
    ['select transfer("source 1", 1) from t', 'select transfer(1, "source 1") from t'],
    ['update t set a = b - 1', 'update t set a = b + 1'],
    ["delete from t where a = '5'::int", "delete from t where a = '5'::text"],
    ['select * from t limit 1', 'select * from t limit all'],
  ])('is not for what changed places, or more: %s', (one, other) => {
    expect(like(one)).not.toEqual(like(other))
  })

  test('is for nothing of which a constant may be a program, a command or a name', () => {
    expect(like('do $$ begin delete from t where id = 1; end $$', { effects: ['write', 'execute'], verb: 'DO' })).toBeNull()
    expect(like("select query_to_xml('select 1')", { effects: ['read', 'unknown'], verb: 'SELECT' })).toBeNull()
    expect(like("set role 'a'", { effects: ['session'], verb: 'SET' })).toBeNull()
    expect(like("copy t to program 'a'", { effects: ['read', 'file'], verb: 'COPY' })).toBeNull()
    expect(like("create function f() returns int language sql as 'select 1'", { effects: ['ddl'], verb: 'CREATE' })).toBeNull()
  })
})

test('neither a ticket nor a batch is for another role, database or connection, or another setting', () => {
  const asked = boundTo(operation('update t set a = 1'), required, place)
  expect(boundTo(operation('update t set a = 1'), required, { ...place, settings: null })).toEqual({ exact: null, like: null })
  for (const change of [
    { settings: [{ name: 'app.tenant', value: 'b' }] },
    { role: 'owner' },
    { database: 'other' },
    { connection: 'prod' },
    { requester: 'i#ada' },
  ]) {
    const other = boundTo(operation('update t set a = 1'), required, { ...place, ...change })
    expect([other.exact, other.like]).not.toContainEqual(asked.exact)
    expect(other.like).not.toEqual(asked.like)
  }
})
