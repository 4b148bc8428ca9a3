import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { HoopError } from '@hoop/contracts'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { DataFolder } from '../data-folder.ts'
import { Cipher } from '../secrets/cipher.ts'
import { givenKey } from '../secrets/key-file.ts'
import type { Settings } from '../settings.ts'
import { knownVersions, migrateStore, storeVersion } from '../store/migrations.ts'
import { keyFiles, target } from './backup.ts'
import { isSealedBy, type Manifest, members, textOf, verifyBackup } from './backup-file.ts'
import { type Keys, openKeys } from './sealed-keys.ts'
import { storeTables, withOwnStore } from './store-access.ts'

export interface Restored {
  readonly manifest: Manifest
  /** What is not as it was, and what to do about it. */
  readonly notes: readonly string[]
}

/**
 * Restores a backup into an empty store and data folder; a gateway that is started there then has what the backup has. All of the backup is
 * verified before anything is written. Every login is ended: nobody knows which of them ended since.
 * @throws HoopError `conflict` when something is there already, or the backup is of a newer version; `invalid_request` when it is damaged
 */
export async function restore(
  settings: Settings,
  file: string,
  { passphrase }: { passphrase: string | null },
): Promise<Restored> {
  const manifest = await verifyBackup(file)
  if (!(await knownVersions()).includes(manifest.schema)) {
    throw new HoopError('conflict', `The backup was made by a newer gateway (${manifest.hoop}).`, {
      hint: 'Restore it with that version.',
    })
  }
  const sealed = manifest.files.some(({ name }) => name === 'keys/sealed.json')
  if (passphrase !== null && !sealed)
    throw new HoopError('invalid_request', 'The backup holds no keys.', { hint: 'Leave the passphrase out.' })
  const keys = passphrase === null ? null : await openKeys(await readMember(file, 'keys/sealed.json'), passphrase)
  const master = await masterKey(settings, keys)
  if (master !== null) refuseForged(master, manifest, file)
  return await withOwnStore(settings, async (client, folder) => {
    if ((await readdir(folder.records)).length > 0) throw notEmpty(folder.records)
    await refuseFilledStore(client)
    if (keys !== null) await refuseOtherKeys(folder, keys)
    const written: string[] = []
    try {
      await migrateStore(client, manifest.schema)
      if ((await storeVersion(client)) !== manifest.schema) throw notEmpty('The schema of the store')
      await client.query('begin')
      await fillStore(client, file, manifest, folder, written)
      await endLogins(client)
      // What was signed by it since the backup, for logins that are not in it, would be good until it runs out.
      await rm(join(folder.keys, 'access-tokens.pem'), { force: true })
      if (keys !== null) for (const name of keyFiles) await putKey(join(folder.keys, name), keys[name] ?? '', written)
      await putKey(join(folder.keys, 'gateway-id'), manifest.gateway, written)
      await client.query('commit')
    } catch (error) {
      for (const path of written) await rm(path, { recursive: true, force: true })
      throw error
    }
    await migrateStore(client)
    return { manifest, notes: notesOf(master, manifest) }
  })
}

async function refuseFilledStore(client: pg.Client): Promise<void> {
  for (const { name } of storeTables()) {
    const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [`public."${name}"`])
    if (!rows[0]?.there) continue
    const filled = await client.query<{ filled: boolean }>(`select exists (select from public."${name}") as filled`)
    if (filled.rows[0]?.filled) throw notEmpty(`The store (its table ${name})`)
  }
}

async function refuseOtherKeys({ keys: folder }: DataFolder, keys: Keys): Promise<void> {
  for (const name of keyFiles) {
    const there = await readFile(join(folder, name), 'utf8').catch(() => null)
    if (there !== null && there.trim() !== keys[name]?.trim())
      throw notEmpty(`${join(folder, name)} is another key, and the data folder`)
  }
}

async function fillStore(
  client: pg.Client,
  file: string,
  manifest: Manifest,
  { records }: DataFolder,
  written: string[],
): Promise<void> {
  for await (const { name, content } of members(file)) {
    const [kind, ...path] = name.split('/')
    if (kind === 'records') {
      written.push(join(records, path[0] ?? ''))
      const to = join(records, ...path)
      await mkdir(dirname(to), { recursive: true, mode: 0o700 })
      await pipeline(content, createWriteStream(to, { mode: 0o600, flags: 'wx', flush: true }))
    } else if (kind === 'store') {
      const table = path.join('/')
      const told = manifest.tables[table]
      if (told === undefined) throw new HoopError('invalid_request', `The manifest does not tell of the table ${table}.`)
      const copy = client.query(copyFrom(`copy ${target({ name: table, columns: told.columns })} from stdin`))
      await pipeline(Readable.from(content), copy)
      if (copy.rowCount !== told.rows)
        throw new HoopError('invalid_request', `${table} has ${copy.rowCount} rows, not ${told.rows}.`)
    }
  }
  await advanceSequences(client)
}

/** What is inserted next gets a number that no restored row has. */
async function advanceSequences(client: pg.Client): Promise<void> {
  for (const { name, columns } of storeTables()) {
    for (const column of columns) {
      const table = `public."${name}"`
      const { rows } = await client.query<{ sequence: string | null }>('select pg_get_serial_sequence($1, $2) as sequence', [
        table,
        column,
      ])
      const sequence = rows[0]?.sequence ?? null
      if (sequence !== null)
        await client.query(`select setval($1, coalesce(max("${column}"), 0) + 1, false) from ${table}`, [sequence])
    }
  }
}

/** Tokens that were used, logins and access that ended and people that left since the backup would be back. */
async function endLogins(client: pg.Client): Promise<void> {
  const because = 'The gateway was restored from a backup.'
  await client.query('update logins set ended_at = now(), ended_because = $1 where ended_at is null', [because])
  await client.query('delete from refresh_tokens')
  await client.query('delete from provider_grants')
  await client.query('delete from admin_tokens')
  await client.query('delete from gateways')
  await client.query('update agent_join_tokens set used_at = now() where used_at is null')
  await client.query(
    "update access_grants set state = 'withdrawn', closed_at = now(), closed_reason = $1 where state in ('requested', 'granted')",
    [because],
  )
}

async function putKey(path: string, text: string, written: string[]): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx', flush: true })
    written.push(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // Its keys were compared before; its id is that of a gateway that never had anything here.
    if (path.endsWith('gateway-id')) await writeFile(path, text, { mode: 0o600, flush: true })
  }
}

/** What the gateway will have; null: there is none yet. */
async function masterKey({ masterKeyFile, dataFolder }: Settings, keys: Keys | null): Promise<Buffer | null> {
  if (masterKeyFile !== null) return await givenKey(masterKeyFile)
  if (keys !== null) return Buffer.from(keys.master?.trim() ?? '', 'hex')
  return await givenKey(join(dataFolder, 'keys', 'master')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

/** Digests that stand in the file itself are made anew by whoever alters it. */
function refuseForged(master: Buffer, manifest: Manifest, file: string): void {
  if (new Cipher(master).keyId !== manifest.masterKeyId) {
    throw new HoopError('conflict', `${file} was made under another master key than this gateway has.`, {
      hint: 'Give it the key of the backup in HOOP_MASTER_KEY_FILE; without any, it is restored, and nothing tells who made it.',
    })
  }
  if (isSealedBy(master, manifest)) return
  throw new HoopError('invalid_request', `${file} was altered after it was made.`, {
    hint: 'Nothing was restored. Take another one, and look who could write to this one.',
  })
}

function notesOf(master: Buffer | null, manifest: Manifest): string[] {
  return [
    ...(master !== null
      ? []
      : [
          'There is no master key: apply each connection again with its password, or give the gateway the key of the backup.',
          'Without that key nothing tells who made the backup: look at what it lets in (hoop get).',
        ]),
    ...(manifest.records ? [] : ['The records of sessions are not in the backup: put the folder of records in its place.']),
    'Every login has ended, and all access that was granted for a while: log in again, and ask again.',
    'What was revoked since the backup was made (agents, keys of service accounts, documents) is not: revoke it again.',
  ]
}

async function readMember(file: string, wanted: string): Promise<string> {
  for await (const { name, content } of members(file)) if (name === wanted) return await textOf(content)
  throw new HoopError('invalid_request', `There is no ${wanted} in ${file}.`)
}

function notEmpty(what: string): HoopError {
  return new HoopError('conflict', `${what} is not empty: a backup is restored into an empty store and data folder only.`, {
    hint: 'Name another folder in HOOP_DATA, or another database in HOOP_DATABASE_URL.',
  })
}
