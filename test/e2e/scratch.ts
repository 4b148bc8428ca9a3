import pg from 'pg'
import type { Sample } from '../support/index.ts'

/** What a caller without the right to see it gets for an e-mail address of the sample. */
export const maskedEmailPattern = /^\*+[^*@]{4}$/

/** Adds a table of the shop's role that tests may write to. */
export async function makeScratch(sample: Sample): Promise<void> {
  await withShop(sample, (client) =>
    client.query('create table scratch (id int primary key, word text, json jsonb, list int[], number numeric, bytes bytea)'),
  )
}

/** Runs something on the sample as the shop's own role, past the gateway. */
async function withShop<T>({ host, port, user, password, database, ca }: Sample, work: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client({ host, port, user, password, database, ssl: { ca }, application_name: 'the test itself' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The process ids of the shop's role that came through the gateway and are connected now, or only those that run something. */
export function backendsOf(sample: Sample, state: 'any' | 'active' = 'any'): Promise<number[]> {
  return withShop(sample, async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      "select pid from pg_stat_activity where usename = current_user and application_name like 'hoop %' and $1 in ('any', state) order by pid",
      [state],
    )
    return rows.map(({ pid }) => pid)
  })
}
