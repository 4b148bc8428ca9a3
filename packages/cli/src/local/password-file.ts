import { randomBytes } from 'node:crypto'
import { chmod, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isErrno } from '../state/folder.ts'
import { withLock } from '../state/lock.ts'

/** What libpq looks up: https://www.postgresql.org/docs/current/libpq-pgpass.html */
export interface PasswordEntry {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/** Where libpq looks by itself. */
export function ownPasswordFile(env: NodeJS.ProcessEnv): string {
  if (env.PGPASSFILE) return env.PGPASSFILE
  if (process.platform === 'win32') return join(env.APPDATA ?? homedir(), 'postgresql', 'pgpass.conf')
  return join(env.HOME || homedir(), '.pgpass')
}

/**
 * Puts entries into a password file, each between two marks, before everything else: libpq takes the first line that fits. All other bytes
 * stay as they are; the file is then for its owner only (0600), as libpq demands. Gives what takes them out again.
 */
export async function addPasswords(path: string, lock: string, entries: readonly PasswordEntry[]): Promise<() => Promise<void>> {
  await rewrite(path, lock, (text) => entries.map(block).join('') + withoutBlocks(text, entries))
  return () => rewrite(path, lock, (text) => withoutBlocks(text, entries))
}

function block(entry: PasswordEntry): string {
  const { host, port, user, password } = entry
  // a program may name the address as it likes
  const hosts = host.startsWith('/') ? [host] : ['127.0.0.1', 'localhost', '::1']
  const lines = hosts.map((each) => [each, String(port), '*', user, password].map(escaped).join(':'))
  return [`# hoop: begin ${mark(entry)}`, ...lines, `# hoop: end ${mark(entry)}`, ''].join('\n')
}

function mark({ host, port }: PasswordEntry): string {
  return host.startsWith('/') ? `${host} ${port}` : String(port)
}

function escaped(field: string): string {
  return field.replaceAll('\\', '\\\\').replaceAll(':', '\\:')
}

function withoutBlocks(text: string, entries: readonly PasswordEntry[]): string {
  return entries.reduce((rest, entry) => {
    const [begin, end] = [`# hoop: begin ${mark(entry)}\n`, `# hoop: end ${mark(entry)}\n`]
    const from = rest.indexOf(begin)
    const to = rest.indexOf(end, from)
    return from === -1 || to === -1 ? rest : rest.slice(0, from) + rest.slice(to + end.length)
  }, text)
}

/** Bytes are taken for Latin-1, so that they stay the same. An empty file is removed. */
async function rewrite(given: string, lock: string, change: (text: string) => string): Promise<void> {
  await withLock(lock, async () => {
    // a link to where somebody keeps such files stays one
    const path = await realpath(given).catch(() => given)
    const before = await readFile(path, 'latin1').catch((error: unknown) => {
      if (isErrno(error, 'ENOENT')) return ''
      throw error
    })
    const after = change(before)
    if (after === '') return await rm(path, { force: true })
    if (after === before) return
    const temporary = `${path}.${randomBytes(4).toString('hex')}`
    try {
      const file = await open(temporary, 'wx', 0o600)
      try {
        await file.writeFile(after, 'latin1')
        await file.sync()
      } finally {
        await file.close()
      }
      await chmod(temporary, 0o600)
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  })
}
