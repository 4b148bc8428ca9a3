import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import type pg from 'pg'
import { z } from 'zod'

const folder = join(import.meta.dirname, 'migrations')
const Journal = z.looseObject({ entries: z.array(z.looseObject({ when: z.int(), tag: z.string() })).min(1) })
const Applied = z.object({ last: z.coerce.number().nullable() })

/** The version of a store: when its last migration was written, in milliseconds of Unix time; 0: it is empty. */
export type StoreVersion = number

/** The versions that this gateway knows, in their order. */
export async function knownVersions(): Promise<StoreVersion[]> {
  return (await readJournal()).entries.map(({ when }) => when)
}

export async function storeVersion(client: pg.ClientBase): Promise<StoreVersion> {
  const there = await client.query<{ there: boolean }>(`select to_regclass('drizzle.__drizzle_migrations') is not null as there`)
  if (!there.rows[0]?.there) return 0
  const { rows } = await client.query('select max(created_at) as last from drizzle.__drizzle_migrations')
  return Applied.parse(rows[0]).last ?? 0
}

/**
 * Brings the schema forward: all the way, or to a version on the way.
 * @throws HoopError `conflict` when the store is of a newer gateway: nothing is changed then
 */
export async function migrateStore(client: pg.Client, until?: StoreVersion): Promise<void> {
  const journal = await readJournal()
  const newest = Math.max(...journal.entries.map(({ when }) => when))
  const now = await storeVersion(client)
  if (now > newest) {
    throw new HoopError(
      'conflict',
      `The store was written by a newer gateway (schema of ${dateOf(now)}) than this one (${dateOf(newest)}).`,
      {
        hint: 'Run that version again, or restore a backup that was made before it.',
      },
    )
  }
  if (until === undefined) return await migrate(drizzle(client), { migrationsFolder: folder })
  const part = await mkdtemp(join(tmpdir(), 'hoop-migrations-'))
  try {
    await cp(folder, part, { recursive: true })
    const entries = journal.entries.filter(({ when }) => when <= until)
    await writeFile(join(part, 'meta', '_journal.json'), JSON.stringify({ ...journal, entries }))
    await migrate(drizzle(client), { migrationsFolder: part })
  } finally {
    await rm(part, { recursive: true, force: true })
  }
}

async function readJournal(): Promise<z.infer<typeof Journal>> {
  return Journal.parse(JSON.parse(await readFile(join(folder, 'meta', '_journal.json'), 'utf8')))
}

function dateOf(version: StoreVersion): string {
  return new Date(version).toISOString().slice(0, 16)
}
