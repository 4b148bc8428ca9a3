import { readFileSync } from 'node:fs'
import type { ColumnRef, Output, Sources } from '@hoop/contracts'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { fixtureCatalogue } from './catalogue.fixture.ts'
import { uncertainCatalogue, withHidden } from './catalogue.ts'
import { loadParser, readStatement, StatementUnreadable } from './operations.ts'

interface Case {
  readonly sql: string
}
const cases = parseYaml(readFileSync(new URL('operations.yaml', import.meta.url), 'utf8')) as readonly Case[]
const catalogue = fixtureCatalogue()
beforeAll(loadParser)

describe('operations.yaml', () => {
  test.each(cases)('$sql', (expected) => {
    expect(written(expected.sql)).toEqual(expected)
  })
})

/** An operation in the words of operations.yaml. */
function written(sql: string): object {
  const { operation, parts, parameterSources, unresolved } = readStatement(sql, catalogue)
  const results = parts.map((part) => part.copy?.outputs ?? part.outputs).filter((outputs) => outputs.length > 0)
  const outputs = results.map((result) => (result === 'opaque' ? result : result.map(writtenOutput)))
  const literals = operation.literals
    .filter(({ sources, secret }) => sources.length > 0 || secret)
    .map(({ start, end, sources, secret }) => `${sql.slice(start, end)}: ${secret ? 'secret' : writtenSources(sources)}`)
  const all = {
    objects: operation.objects
      .map(({ kind, name, access }) => `${access} ${kind === 'table' ? '' : `${kind} `}${shortened(name)}`)
      .sort(),
    functions: operation.functions.map((name) => name.replace(/^pg_catalog\./, '')),
    outputs: outputs.length === 1 ? outputs[0] : outputs,
    flows: writtenSources(operation.flows),
    unbounded: operation.facts.unbounded,
    destructive: operation.facts.destructive,
    refused: operation.refused?.words ?? '',
    unknown: operation.unknownBecause,
    unresolved,
    literals,
    parameters: [...parameterSources].map(([number, sources]) => `$${number}: ${writtenSources(sources)}`),
  }
  const present = Object.entries(all).filter(
    ([, value]) => value !== false && value !== undefined && (value === true || value.length > 0),
  )
  return { sql, effects: operation.effects, ...Object.fromEntries(present) }
}
function writtenOutput({ name, sources }: Output): string {
  return sources.length === 0 ? (name ?? '?') : `${name ?? '?'}: ${writtenSources(sources)}`
}
function writtenSources(sources: Sources): string {
  return sources === 'opaque'
    ? sources
    : sources.map((ref: ColumnRef) => shortened(`${ref.schema}.${ref.table}.${ref.column}`)).join(', ')
}
function shortened(name: string): string {
  return name.replace(/^public\./, '')
}

describe('readStatement', () => {
  test('counts in UTF-16 units', () => {
    const sql = "select '𝒳é' ; select id from customers where email = 'é𝒳' and id = -5"
    const { operation } = readStatement(sql, catalogue)
    expect(operation.literals.map(({ start, end }) => sql.slice(start, end))).toEqual(["'𝒳é'", "'é𝒳'", '5'])
    expect(operation.literals[2]?.sources).toEqual([{ schema: 'public', table: 'customers', column: 'id' }])
    expect(operation.parts.map(({ start, end }) => sql.slice(start, end).trim())).toEqual([
      "select '𝒳é'",
      "select id from customers where email = 'é𝒳' and id = -5",
    ])
  })

  test('finds constants beside control characters', () => {
    for (let code = 1; code < 0x20; code++) {
      const control = String.fromCharCode(code)
      const sql = `select 1 from customers where email = 'a${control}' and name = $$${control}$$ and id = 2 -- ${control}`
      const { operation } = readStatement(sql, catalogue)
      const literals = operation.literals.map(({ start, end }) => sql.slice(start, end))
      expect(literals).toEqual([
        '1',
        `'a${control}'`,
        `$$${control}$$`,
        '2',
        code === 10 || code === 13 ? '-- ' : `-- ${control}`,
      ])
    }
    expect(readStatement("select\v'a'\f\n\v'b'", catalogue).operation.literals).toHaveLength(1)
  })

  test('joins what is compared with one parameter', () => {
    const { parameterSources } = readStatement(
      'select 1 from customers where id = $1 or email = any($2) or name like $2',
      catalogue,
    )
    expect(writtenSources(parameterSources.get(1) ?? 'opaque')).toBe('customers.id')
    expect(writtenSources(parameterSources.get(2) ?? 'opaque')).toBe('customers.email, customers.name')
  })

  test('says where the parser gave up', () => {
    expect(() => readStatement('select é é é from', catalogue)).toThrow(expect.objectContaining({ position: 11 }))
    expect(() => readStatement('select 1\0; drop table customers', catalogue)).toThrow(expect.objectContaining({ position: 8 }))
    expect(() => readStatement('select \ud800', catalogue)).toThrow(StatementUnreadable)
    expect(() => readStatement(`select ${'1+'.repeat(50_000)}1`, catalogue)).toThrow(StatementUnreadable)
    expect(readStatement('select 1', catalogue).operation.effects).toEqual(['read'])
  })

  test.each(['', ' ', ';', ';;', '-- x', '/* x */'])('finds nothing in %j', (sql) => {
    expect(readStatement(sql, catalogue)).toMatchObject({ empty: true, parts: [], operation: { effects: [] } })
  })

  test('tells equal texts by their fingerprint', () => {
    const print = (sql: string) => readStatement(sql, catalogue).operation.fingerprint
    expect(print('select 1 from orders')).toBe(print('SELECT  2 FROM orders'))
    expect(print('select 1 from orders')).not.toBe(print('select 1 from cards'))
  })

  test('describes a COPY, the order of transactions, and when to read the catalogue again', () => {
    const [copy] = readStatement("copy cards to stdout (format csv, header, quote '''', null '-')", catalogue).parts
    expect(copy?.copy).toMatchObject({ direction: 'out', format: 'csv' })
    expect(copy?.copy?.options).toEqual({ delimiter: ',', null: '-', quote: "'", escape: "'", header: true })
    const [legacy] = readStatement("copy orders from stdin with delimiter '|' csv", catalogue).parts
    expect(legacy?.copy).toMatchObject({ direction: 'in', format: 'csv', options: { delimiter: '|', null: '' } })
    const texts = 'begin; savepoint a; rollback to a; create table t (id int); rollback; commit and chain'
    const { parts } = readStatement(texts, catalogue)
    expect(parts.map(({ transaction }) => transaction)).toEqual(['begin', 'savepoint', 'savepoint', null, 'rollback', 'commit'])
    expect(parts.map(({ changesCatalogue }) => changesCatalogue)).toEqual([false, false, false, true, false, false])
  })

  test('a temporary view is what it reads, in its session, whatever it is called by then', () => {
    const { temporary } = readStatement(
      'create temp view v as select c.email from archive.customers c, lateral wipe()',
      catalogue,
    )
    const seen = withHidden(catalogue, temporary)
    const objects = (sql: string, known = seen) =>
      readStatement(sql, known).operation.objects.map(({ access, name }) => `${access} ${name}`)
    for (const sql of ['select * from v', 'select * from pg_temp.v', 'select * from pg_temp_3.v']) {
      expect(objects(sql)).toEqual(
        expect.arrayContaining(['read archive.customers', 'execute public.wipe', 'write public.orders']),
      )
      expect(readStatement(sql, seen).operation.effects).toContain('write')
    }
    expect(objects('insert into v values (1)')).toContain('write archive.customers')
    const renamed = withHidden(seen, readStatement('alter view v rename to w', seen).temporary)
    expect(objects('select * from w', renamed)).toContain('read archive.customers')
    // A table of that name, made by a transaction that may have been rolled back, does not take its place.
    const replaced = withHidden(seen, readStatement('create temp table v (id int)', seen).temporary)
    expect(objects('select * from v', replaced)).toContain('read archive.customers')
    const view = readStatement('create view other as select * from v', seen)
    expect(view.operation.objects).toContainEqual({ kind: 'view', name: 'pg_temp.other', access: 'ddl' })
    expect(objects('select * from other', withHidden(seen, view.temporary))).toContain('read archive.customers')
    const sequence = readStatement('create temp sequence s', catalogue)
    expect([...sequence.temporary.keys()]).toEqual(['s'])
  })

  test('takes every name for anybody’s guess while definitions are uncertain', () => {
    const { operation, parts, unresolved } = readStatement('select email, now() from customers', uncertainCatalogue(catalogue))
    expect(parts[0]?.outputs).toMatchObject([{ sources: 'opaque' }, { sources: [] }])
    expect(operation.effects).toEqual(['read'])
    expect(unresolved).toEqual(['customers'])
    const replaced = readStatement(
      'create or replace function stamp() returns trigger language plpgsql as $$ begin end $$; insert into audited values (1)',
      catalogue,
    )
    expect(replaced.operation.effects).toContain('unknown')
  })
})

describe('whatever is sent', () => {
  const refusal = (error: unknown) => error instanceof StatementUnreadable
  const survives = (sql: string) => {
    try {
      readStatement(sql, catalogue)
    } catch (error) {
      if (!refusal(error)) throw error
    }
  }

  test('garbage is refused or read', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), survives), { numRuns: 2_000 })
  })

  test('so is a shuffle of SQL', () => {
    const words = fc.constantFrom(...new Set(cases.flatMap(({ sql }) => sql.split(/(\W)/))))
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (some) => survives(some.join(' '))),
      { numRuns: 5_000 },
    )
  })

  test('a statement cut anywhere is refused or read', () => {
    for (const { sql } of cases) for (let end = 0; end < sql.length; end += 3) survives(sql.slice(0, end))
  })
})
