import { createWriteStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { HoopError } from '@hoop/contracts'
import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { Cipher } from '../secrets/cipher.ts'
import { givenKey } from '../secrets/key-file.ts'
import type { Settings } from '../settings.ts'
import { knownVersions, storeVersion } from '../store/migrations.ts'
import { BackupWriter, type Manifest } from './backup-file.ts'
import { sealKeys } from './sealed-keys.ts'
import { type StoreTable, storeTables, withStore } from './store-access.ts'

export interface BackupOptions {
  /** The records of sessions too; without them only their index. */
  readonly records: boolean
  /** The keys too, under this passphrase. */
  readonly passphrase: string | null
  readonly version: string
}

/** Keys without which what is in the store cannot be used. */
export const keyFiles = ['master', 'digest'] as const

/**
 * Makes a backup of a gateway, which may run: the store as it is at one moment (COPY of each table in one REPEATABLE READ transaction: a copy of
 * the files of a PostgreSQL would be of one version and one machine only), then, if asked for, the records as far as they are written.
 */
export async function backUp(settings: Settings, file: string, options: BackupOptions): Promise<Manifest> {
  const writer = await BackupWriter.create(file)
  try {
    return await withStore(settings, async (client, folder) => {
      const master = await givenKey(settings.masterKeyFile ?? join(folder.keys, 'master'))
      const gateway = (await readFile(join(folder.keys, 'gateway-id'), 'utf8')).trim()
      const { schema, tables } = await copyStore(client, writer, dirname(file))
      if (options.passphrase !== null) {
        const read = async (name: string) => await readFile(join(folder.keys, name), 'utf8')
        const keys = { master: `${master.toString('hex')}\n`, digest: await read('digest') }
        await writer.addText('keys/sealed.json', await sealKeys(keys, options.passphrase))
      }
      if (options.records) await copyRecords(folder.records, writer)
      const about = {
        hoop: options.version,
        madeAt: new Date().toISOString(),
        schema,
        gateway,
        masterKeyId: new Cipher(master).keyId,
        tables,
        records: options.records,
      }
      return await writer.finish(about, master)
    })
  } catch (error) {
    await writer.abandon()
    throw error
  }
}

async function copyStore(client: pg.Client, writer: BackupWriter, scratch: string): Promise<Pick<Manifest, 'schema' | 'tables'>> {
  await client.query('begin isolation level repeatable read read only')
  const schema = await storeVersion(client)
  if (schema !== (await knownVersions()).at(-1)) {
    throw new HoopError('conflict', 'The store is of another version than this gateway.', {
      hint: 'Make the backup with the version that runs, or start this one once: it brings the store up to date.',
    })
  }
  // The size of a member of a tar file is told before its bytes.
  const folder = await mkdtemp(join(scratch, '.hoop-backup-'))
  try {
    const tables: Manifest['tables'] = {}
    for (const { name, columns } of storeTables()) {
      const spooled = join(folder, name)
      const copy = client.query(copyTo(`copy ${target({ name, columns })} to stdout`))
      await pipeline(copy, createWriteStream(spooled, { mode: 0o600 }))
      await writer.addFile(`store/${name}`, spooled, (await stat(spooled)).size)
      await rm(spooled)
      tables[name] = { columns: [...columns], rows: copy.rowCount }
    }
    await client.query('commit')
    return { schema, tables }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function copyRecords(records: string, writer: BackupWriter): Promise<void> {
  const entries = await readdir(records, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue
    const path = join(entry.parentPath, entry.name)
    // A record that is being written is taken as far as it is now: the restored gateway closes it as that of a gateway that was killed.
    await writer.addFile(`records/${relative(records, path).split(sep).join('/')}`, path, (await stat(path)).size)
  }
}

/** A table and its columns, as COPY names them. */
export function target({ name, columns }: StoreTable): string {
  const quoted = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`
  return `public.${quoted(name)} (${columns.map(quoted).join(', ')})`
}
