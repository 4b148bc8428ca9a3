import { homedir } from 'node:os'
import { join } from 'node:path'
import { rewriteFile } from './rewrite-file.ts'

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
  await rewriteFile(path, lock, (text) => entries.map(block).join('') + withoutBlocks(text, entries))
  return () => rewriteFile(path, lock, (text) => withoutBlocks(text, entries))
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
