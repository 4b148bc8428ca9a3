import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connect, keepUntilEnd, startConnect, startSystem } from '../support/index.ts'
import { makeScratch, maskedEmailPattern } from './scratch.ts'

const keep = keepUntilEnd(afterAll)
let connect: Connect

beforeAll(async () => {
  const system = await keep(startSystem({ sample: { customers: 50 } }))
  await makeScratch(system.sample)
  connect = await keep(startConnect('sample', { home: await system.home('ada') }))
})

describe('node-postgres', () => {
  const notices: string[] = []
  let client: pg.Client

  beforeAll(async () => {
    client = new pg.Client({ connectionString: connect.url })
    client.on('notice', ({ message }) => notices.push(message ?? ''))
    await client.connect()
    return () => client.end()
  })

  test('simple queries, several in one text', async () => {
    const results = (await client.query('select 1 as a; select 2 as b, null as c')) as unknown as pg.QueryResult[]
    expect(results.map(({ rows }) => rows)).toEqual([[{ a: 1 }], [{ b: 2, c: null }]])
  })

  test('parameters and results in text and in binary', async () => {
    const values = [7, 'seven', null, '{"a":[1,null]}', [1, 2, null], Buffer.from([0, 255, 10])]
    const statement =
      'select $1::int as number, $2::text as word, $3::text as nothing, $4::jsonb as json, $5::int[] as list, $6::bytea as bytes'
    const row = { number: 7, word: 'seven', nothing: null }
    const more = { json: { a: [1, null] }, list: [1, 2, null], bytes: Buffer.from([0, 255, 10]) }
    expect((await client.query(statement, values)).rows[0]).toEqual({ ...row, ...more })
    const inBinary = "select $1::int as number, $2::text as word, $3::text as nothing, encode($4::bytea, 'hex') as bytes"
    const binary = { text: inBinary, values: [7, 'seven', null, Buffer.from([0, 255, 10])], binary: true }
    expect((await client.query(binary)).rows[0]).toEqual({ ...row, bytes: '00ff0a' })
  })

  test('a prepared statement is used again and again', async () => {
    for (const id of [1, 2, 3]) {
      const { rows } = await client.query({ name: 'one', text: 'select id from customers where id = $1', values: [id] })
      expect(rows).toEqual([{ id: String(id) }])
    }
  })

  test('a pipeline goes on after a statement of it that failed', async () => {
    const pipelined = new pg.Client({ connectionString: connect.url, pipeline: true } as pg.ClientConfig)
    await pipelined.connect()
    const answers = await Promise.allSettled([
      pipelined.query('select 1 as n'),
      pipelined.query('select 1 / $1::int', [0]),
      pipelined.query('truncate scratch'),
      ...Array.from({ length: 100 }, (_, n) => pipelined.query('select $1::int as n', [n])),
    ])
    expect(answers.slice(0, 3)).toMatchObject([
      { status: 'fulfilled', value: { rows: [{ n: 1 }] } },
      { status: 'rejected', reason: { code: '22012' } },
      { status: 'rejected', reason: { code: '42501' } },
    ])
    const numbers = answers.slice(3).map((answer) => (answer.status === 'fulfilled' ? answer.value.rows[0].n : answer.reason))
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, n) => n))
    await pipelined.end()
  })

  test('transactions, and an error in one', async () => {
    await client.query('begin')
    await client.query("insert into scratch (id, word) values (100, 'kept back')")
    await expect(client.query('insert into scratch (id) values (100)')).rejects.toMatchObject({
      code: '23505',
      table: 'scratch',
      constraint: 'scratch_pkey',
    })
    await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' })
    await client.query('rollback')
    expect((await client.query('select from scratch where id = 100')).rowCount).toBe(0)
  })

  test('notices', async () => {
    await client.query('create table if not exists scratch (id int)')
    expect(notices).toContain('relation "scratch" already exists, skipping')
  })

  test('COPY in and out, text, CSV and binary', async () => {
    const lines = Array.from({ length: 20_000 }, (_, id) => `${1000 + id}\tword ${id}\n`)
    await pipeline(Readable.from(lines), client.query(copyFrom('copy scratch (id, word) from stdin')))
    const order = 'select id, word from scratch where id between 1000 and 20999 order by id'
    expect(await text(client.query(copyTo(`copy (${order}) to stdout`)))).toBe(lines.join(''))
    const csv = await text(client.query(copyTo(`copy (${order} limit 2) to stdout (format csv, header)`)))
    expect(csv).toBe('id,word\n1000,word 0\n1001,word 1\n')
    const binary = await buffer(client.query(copyTo('copy (select 7::int) to stdout (format binary)')))
    expect(binary.subarray(0, 11)).toEqual(Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'))
    expect(binary.subarray(19)).toEqual(Buffer.from('000100000004' + '00000007' + 'ffff', 'hex'))
  })

  test('a COPY that breaks off leaves the connection usable', async () => {
    const broken = Readable.from(
      (function* () {
        yield '30000\tone\n'
        throw new Error('the file cannot be read')
      })(),
    )
    await expect(pipeline(broken, client.query(copyFrom('copy scratch (id, word) from stdin')))).rejects.toThrow(
      'the file cannot be read',
    )
    expect((await client.query('select from scratch where id = 30000')).rowCount).toBe(0)
  })

  test('values of 16 MB, both ways', async () => {
    const large = 'x'.repeat(16 * 1024 * 1024)
    const { rows } = await client.query('select $1::text as large, md5($1::text) as hash', [large])
    expect(rows[0].large === large).toBe(true)
    expect(rows[0].hash).toHaveLength(32)
  })

  test('masked columns are parsed, in text and in binary', async () => {
    const statement = 'select id, email, phone, created_at from customers where id = $1'
    for (const binary of [false, true]) {
      const { rows } = await client.query({ text: statement, values: [1], binary } as pg.QueryConfig)
      expect(rows).toEqual([
        {
          id: expect.anything(),
          email: expect.stringMatching(maskedEmailPattern),
          phone: expect.stringMatching(/^\*+\d{4}$/),
          created_at: expect.any(Date),
        },
      ])
    }
    const aggregated = 'select array_agg(email) as all, count(*)::int as many, null::text as nothing from customers'
    expect((await client.query(aggregated)).rows).toEqual([{ all: [], many: 50, nothing: null }])
  })
})

describe('postgres.js', () => {
  const notices: unknown[] = []
  let sql: postgres.Sql

  beforeAll(() => {
    sql = postgres(connect.url, { max: 4, onnotice: ({ message }) => notices.push(message) })
    return () => sql.end()
  })

  test('simple and extended queries', async () => {
    expect(await sql.unsafe('select 1 as a; select 2 as b').simple()).toMatchObject([[{ a: 1 }], [{ b: 2 }]])
    const [row] = await sql`select ${7}::int as number, ${null}::text as nothing, ${sql.json({ a: 1 })}::jsonb as json,
      ${sql.array([1, 2])}::int[] as list, ${Buffer.from([0, 255])}::bytea as bytes, ${new Date(0)}::timestamptz as at`
    const expected = { number: 7, nothing: null, json: { a: 1 }, list: [1, 2], bytes: Buffer.from([0, 255]), at: new Date(0) }
    expect(row).toEqual(expected)
  })

  test('many queries at once on few connections', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => sql`select ${n}::int as n, pg_backend_pid() as pid`))
    expect(answers.map(([row]) => row?.n)).toEqual(Array.from({ length: 200 }, (_, n) => n))
    expect(new Set(answers.map(([row]) => row?.pid)).size).toBeLessThanOrEqual(4)
  })

  test('transactions with savepoints', async () => {
    await sql.begin(async (transaction) => {
      await transaction`insert into scratch (id, word) values (200, 'stays')`
      await transaction
        .savepoint(async (inner) => {
          await inner`insert into scratch (id, word) values (201, 'goes')`
          await inner`insert into scratch (id) values (200)`
        })
        .catch((error: { code?: string }) => expect(error.code).toBe('23505'))
    })
    expect(await sql`select id from scratch where id in (200, 201)`).toEqual([{ id: 200 }])
  })

  test('a refusal is an error like any other, and the connection goes on', async () => {
    await expect(sql`truncate scratch`).rejects.toMatchObject({
      code: '42501',
      message: 'Tables are dropped and emptied by migrations only. Write a migration, or ask a DBA.',
    })
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }])
  })

  test('a cursor reads in portions', async () => {
    const portions: number[][] = []
    await sql`select n from generate_series(1, 25) n`.cursor(10, (rows) => void portions.push(rows.map(({ n }) => n as number)))
    expect(portions.map((portion) => portion.length)).toEqual([10, 10, 5])
    expect(portions.flat()).toEqual(Array.from({ length: 25 }, (_, n) => n + 1))
  })

  test('notices', async () => {
    await sql`create table if not exists scratch (id int)`
    expect(notices).toContain('relation "scratch" already exists, skipping')
  })

  test('COPY in and out', async () => {
    await pipeline(Readable.from(['40000\tone\n', '40001\t\\N\n']), await sql`copy scratch (id, word) from stdin`.writable())
    const out = await sql`copy (select id, word from scratch where id >= 40000 order by id) to stdout`.readable()
    expect(await text(out)).toBe('40000\tone\n40001\t\\N\n')
  })

  test('masked columns', async () => {
    const rows = await sql`select email, upper(email) as louder, length(full_name) as long from customers order by id limit ${2}`
    expect(rows).toHaveLength(2)
    for (const row of rows) {
      expect(row).toEqual({
        email: expect.stringMatching(maskedEmailPattern),
        louder: '[masked]',
        long: expect.any(Number),
      })
    }
  })
})
