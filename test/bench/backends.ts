import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Sample } from '../support/index.ts'

const limit = 60_000
const pause = 20

/** Resolves when the number of connections that the database serves to the sample's role is as wanted. */
export async function backends({ server, user }: Sample, wanted: (count: number) => boolean): Promise<void> {
  const admin = new pg.Client(server.url())
  await admin.connect()
  try {
    for (const end = Date.now() + limit; ; await delay(pause)) {
      const { rows } = await admin.query('SELECT FROM pg_stat_activity WHERE usename = $1', [user])
      if (wanted(rows.length)) return
      if (Date.now() > end) throw new Error(`after ${limit / 1000} s the database serves ${rows.length} connections`)
    }
  } finally {
    await admin.end()
  }
}
