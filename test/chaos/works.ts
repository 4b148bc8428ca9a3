import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'

/** One way to use a database. Every statement that can carry it, or one of its values, has the mark, which nothing else has. */
export interface Work {
  readonly name: string
  run(client: pg.Client, mark: string): Promise<void>
}

/** What the works need beside the sample's own tables. */
export const notesTable = 'create table notes (id bigint generated always as identity primary key, body text not null)'

/** Passes the check of a card's digits, and is nobody's. */
export const cardNumber = '4111111111111111'
const card = '4111 1111 1111 1111'

async function asked(client: pg.Client, text: string, values?: unknown[]): Promise<void> {
  await client.query(text, values)
}

/** Runs what the gateway must refuse. */
async function refused(asking: Promise<void>): Promise<void> {
  const error: unknown = await asking.then(
    () => new Error('what must be refused was run'),
    (reason) => reason,
  )
  if (!(error instanceof pg.DatabaseError) || error.code !== '42501') throw error
}

export const works: readonly Work[] = [
  { name: 'simple', run: (client, mark) => asked(client, `select '${mark}', count(*) from orders`) },
  { name: 'slow', run: (client, mark) => asked(client, `select '${mark}', pg_sleep(0.02)`) },
  {
    name: 'extended',
    run: (client, mark) => asked(client, 'select $1::text, count(*) from orders where id > $2', [mark, '7']),
  },
  {
    name: 'prepared',
    run: async (client, mark) => {
      const text = 'select full_name, email, $2::text, $3::text from customers where id = $1'
      await client.query({ name: 'customer', text, values: ['42', mark, null] })
    },
  },
  {
    name: 'several',
    run: (client, mark) =>
      asked(
        client,
        `insert into notes (body) values ('${mark}'); select '${mark}'; update notes set body = '' where body = '${mark}'`,
      ),
  },
  {
    name: 'transaction',
    run: async (client, mark) => {
      await client.query('begin')
      await client.query('insert into notes (body) values ($1)', [mark])
      await client.query(`update customers set city = city where id = 7 /* ${mark} */`)
      await client.query('commit')
    },
  },
  {
    name: 'copy in',
    run: async (client, mark) => {
      const lines = Array.from({ length: 8 }, (_, block) => `${mark} ${block} ${card}\n`.repeat(50))
      await pipeline(Readable.from(lines), client.query(copyFrom(`copy notes (body) from stdin /* ${mark} */`)))
    },
  },
  {
    name: 'copy out',
    run: async (client, mark) => {
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
      await pipeline(client.query(copyTo(`copy (select * from cards /* ${mark} */) to stdout`)), nowhere)
    },
  },
  { name: 'card in text', run: (client, mark) => asked(client, `select '${mark} paid with ${card}'`) },
  { name: 'card bound', run: (client, mark) => asked(client, 'select $1::text, $2::text', [mark, cardNumber]) },
  { name: 'large', run: (client, mark) => asked(client, `select length('${mark}${'x'.repeat(256 * 1024)}')`) },
  { name: 'refused', run: (client, mark) => refused(asked(client, `drop table notes /* ${mark} */`)) },
  { name: 'refused bound', run: (client, mark) => refused(asked(client, `truncate notes /* ${mark} */`, [])) },
]
