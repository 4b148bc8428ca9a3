import { once } from 'node:events'
import { connect } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isErrno } from '../state/folder.ts'
import { rewriteFile } from './rewrite-file.ts'

/** Milliseconds for an answer of this machine. */
const patience = 1000

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
 * stay as they are; the file is then for its owner only (0600), as libpq demands. Entries at which nobody listens were left by a killed run, and go. Gives what takes
 * ours out again.
 */
export async function addPasswords(path: string, lock: string, entries: readonly PasswordEntry[]): Promise<() => Promise<void>> {
  const marks = entries.map(mark)
  await rewriteFile(path, lock, async (text) => {
    const others = withoutBlocks(text, marks)
    return entries.map(block).join('') + withoutBlocks(others, await deadMarks(others))
  })
  return () => rewriteFile(path, lock, (text) => withoutBlocks(text, marks))
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

/** Of those in the text, where connecting is refused. */
async function deadMarks(text: string): Promise<string[]> {
  const marks = [...text.matchAll(/^# hoop: begin (?:(\/.+) )?([0-9]{1,5})$/gm)]
  const looked = await Promise.all(
    marks.map(async ([, folder, port = '']) => {
      const place = folder === undefined ? { host: '127.0.0.1', port: Number(port) } : { path: `${folder}/.s.PGSQL.${port}` }
      return Number(port) <= 0xffff && (await isDead(place)) ? [folder === undefined ? port : `${folder} ${port}`] : []
    }),
  )
  return looked.flat()
}

async function isDead(place: { readonly host: string; readonly port: number } | { readonly path: string }): Promise<boolean> {
  const socket = connect(place)
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(patience) })
    return false
  } catch (error) {
    return isErrno(error, 'ECONNREFUSED', 'ENOENT')
  } finally {
    socket.destroy()
  }
}

function withoutBlocks(text: string, marks: readonly string[]): string {
  return marks.reduce((rest, mark) => {
    const [begin, end] = [`# hoop: begin ${mark}\n`, `# hoop: end ${mark}\n`]
    const from = rest.indexOf(begin)
    const to = rest.indexOf(end, from)
    return from === -1 || to === -1 ? rest : rest.slice(0, from) + rest.slice(to + end.length)
  }, text)
}
