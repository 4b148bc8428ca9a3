import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts'
import { Issuer } from '../identity/issuer.ts'
import { Cipher } from '../secrets/cipher.ts'
import { givenKey } from '../secrets/key-file.ts'
import type { Settings } from '../settings.ts'
import { knownVersions, storeVersion } from '../store/migrations.ts'
import { gatewayLog } from './log.ts'
import { withReachableStore } from './store-access.ts'
import { TlsFiles } from './tls-files.ts'

/** One thing that a gateway needs. */
export interface Finding {
  readonly what: 'settings' | 'certificate' | 'data folder' | 'master key' | 'store' | 'identity provider'
  /** `note`: it works, and there is something to know. */
  readonly result: 'ok' | 'note' | 'wrong'
  readonly words: string
  /** What to do. */
  readonly hint: string | null
}
type Seen = Omit<Finding, 'what'>

/** A certificate that ends sooner should have been renewed. Days. */
const soon = 14
const day = 86_400_000

/** Looks at all that a gateway with these settings needs, and changes nothing. */
export async function check(settings: Settings): Promise<Finding[]> {
  const looks: [Finding['what'], () => Promise<Seen>][] = [
    ['certificate', () => certificate(settings)],
    ['data folder', () => dataFolder(settings)],
    ['master key', async () => (await masterKey(settings)).seen],
    ['store', () => store(settings)],
    ['identity provider', () => provider(settings)],
  ]
  return await Promise.all(looks.map(async ([what, look]) => ({ what, ...(await look().catch(wrong)) })))
}

export function wrong(error: unknown): Seen {
  const hint = error instanceof HoopError ? error.hint : null
  return { result: 'wrong', words: error instanceof Error ? error.message : String(error), hint }
}

function ok(words: string): Seen {
  return { result: 'ok', words, hint: null }
}

async function certificate({ tls }: Settings): Promise<Seen> {
  if (tls === null) return { result: 'note', words: 'No TLS: this gateway is a demonstration.', hint: null }
  const files = await TlsFiles.open(tls, gatewayLog('silent', { write: () => {} }))
  files.close()
  const until = files.expiresAt.toISOString().slice(0, 10)
  if (files.expiresAt.getTime() - Date.now() > soon * day) return ok(`It holds until ${until}.`)
  return { result: 'note', words: `It ends on ${until}.`, hint: 'Renew it; the gateway takes a new one while it runs.' }
}

async function dataFolder({ dataFolder: folder }: Settings): Promise<Seen> {
  const there = await stat(folder).catch(() => null)
  if (there === null) return { result: 'note', words: `${folder} is not there: it is made at the first start.`, hint: null }
  const open: string[] = []
  for (const [name, forbidden] of [
    // Of the folder itself: the embedded store may run as another account, which passes through.
    ['', 0o066],
    ['keys', 0o077],
    ['records', 0o077],
  ] as const) {
    const found = await stat(join(folder, name)).catch(() => null)
    if (found !== null && (found.mode & forbidden) !== 0 && process.platform !== 'win32') open.push(join(folder, name))
  }
  if (open.length === 0) return ok(`${folder} is for its owner only.`)
  return { result: 'wrong', words: `Others may look into ${open.join(' and ')}.`, hint: `Run: chmod 700 ${open.join(' ')}` }
}

async function masterKey({ masterKeyFile, dataFolder: folder }: Settings): Promise<{ seen: Seen; keyId: string | null }> {
  const file = masterKeyFile ?? join(folder, 'keys', 'master')
  const there = await stat(file).catch(() => null)
  if (there === null && masterKeyFile === null) {
    return { seen: { result: 'note', words: 'There is none: it is made at the first start.', hint: null }, keyId: null }
  }
  const key = await givenKey(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause instanceof HoopError) throw cause
    throw new HoopError('invalid_request', `${file} cannot be read (${cause.code}).`, {
      hint: 'HOOP_MASTER_KEY_FILE names it.',
      cause,
    })
  })
  if (there !== null && (there.mode & 0o077) !== 0 && masterKeyFile === null && process.platform !== 'win32') {
    return { seen: { result: 'wrong', words: `Others can read ${file}.`, hint: `Run: chmod 600 ${file}` }, keyId: null }
  }
  const { keyId } = new Cipher(key)
  return { seen: ok(`It is the key ${keyId}.`), keyId }
}

async function store(settings: Settings): Promise<Seen> {
  const { keyId } = await masterKey(settings).catch(() => ({ keyId: null }))
  const seen = await withReachableStore(settings, async (client): Promise<Seen> => {
    const [version, known] = [await storeVersion(client), await knownVersions()]
    if (version > (known.at(-1) ?? 0)) {
      const hint = 'Run that version again, or restore a backup that was made before it.'
      return { result: 'wrong', words: 'It was written by a newer gateway.', hint }
    }
    if (version === 0) return { result: 'note', words: 'It is empty: it is made ready at the first start.', hint: null }
    if (version === known.at(-1) && keyId !== null) {
      const { rows } = await client.query<{ connection: string }>(
        'select distinct connection from secrets where key_id <> $1 limit 20',
        [keyId],
      )
      const names = rows.map(({ connection }) => connection).join(', ')
      const hint = 'Give the gateway the key of before, or apply these connections again with their passwords.'
      if (names !== '') return { result: 'wrong', words: `Secrets of ${names} were encrypted under another master key.`, hint }
    }
    if (version === known.at(-1)) return ok('It answers, and is of this version.')
    return {
      result: 'note',
      words: 'It is of an older version: the first start brings it forward.',
      hint: 'Make a backup before.',
    }
  })
  if (seen !== null) return seen
  const there = await readFile(join(settings.dataFolder, 'keys', 'store-password')).catch(() => null)
  return {
    result: 'note',
    words: `The embedded one, which is ${there === null ? 'made' : 'started'} with the gateway.`,
    hint: null,
  }
}

async function provider({ oidc, demo }: Settings): Promise<Seen> {
  const { token_endpoint, userinfo_endpoint } = await new Issuer({ issuer: oidc.issuer, allowPlain: demo }).metadata()
  if (token_endpoint === undefined) {
    const words = `${oidc.issuer} answers, and names no token endpoint: whether an account still stands cannot be asked.`
    return { result: 'note', words, hint: 'A login then lasts until its time is over, or an admin ends it.' }
  }
  if (oidc.groups === 'userinfo' && userinfo_endpoint === undefined) {
    const hint = 'HOOP_OIDC_GROUPS names another place to look groups up.'
    return { result: 'wrong', words: `${oidc.issuer} has no userinfo endpoint, where groups are to be looked up.`, hint }
  }
  return ok(`${oidc.issuer} answers.`)
}
