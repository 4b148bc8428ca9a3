import pg from 'pg'
import type { SamplePostgres } from '../sample/sample-postgres.ts'

/** What the database itself says, asked past the gateway by its superuser: the truth to hold an answer against. */
export async function askDatabase({ server, database }: SamplePostgres, statement: string): Promise<unknown[][]> {
  const client = new pg.Client(server.url(database))
  await client.connect()
  try {
    return (await client.query<unknown[]>({ text: statement, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}
