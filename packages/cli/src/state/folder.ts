import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HoopError } from '@hoop/contracts/errors'

/** State files are small; a larger one is not ours. */
const maxBytes = 4 * 1024 * 1024

/** S_ISVTX of POSIX: everybody makes files there, and nobody removes those of others. */
const sticky = 0o1000

/** Makes the folder of local state, closed to everybody else (0700). Throws HoopError for one that is everybody's, as /tmp: closing that would lock others out. */
export async function ensureFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (process.platform === 'win32') return
  const { mode } = await stat(path)
  if (mode & sticky) {
    throw new HoopError('invalid_request', `${path} is shared with others: hoop keeps nothing there`, {
      hint: 'name a folder of your own, as a new one below it (HOOP_HOME)',
    })
  }
  if (mode & 0o077) await chmod(path, 0o700)
}

/** The parsed file, or null if there is none. Throws when it cannot be read or is not what it should be: never "empty". */
export async function readJsonFile<T>(path: string, schema: { parse(value: unknown): T }): Promise<T | null> {
  let text: string
  try {
    if ((await stat(path)).size > maxBytes) throw damaged(path, 'it is too large')
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw damaged(path, 'it is not what hoop wrote', cause)
  }
}

function damaged(path: string, why: string, cause?: unknown): HoopError {
  return new HoopError('internal', `${path} cannot be used: ${why}`, { hint: 'move the file away and try again', cause })
}

/** Writes a file that only this user may read; readers see the old one or the new one, never a part. */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  await ensureFolder(dirname(path))
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Where each kind of local state lives below the home folder. */
export function statePaths(home: string) {
  return {
    config: join(home, 'config.json'),
    ports: join(home, 'ports.json'),
    credentials: join(home, 'credentials.json'),
    lock: join(home, 'lock'),
    sockets: join(home, 'sockets'),
    authorities: join(home, 'authorities'),
    running: join(home, 'running'),
    passwords: join(home, 'pgpass'),
    names: join(home, 'names'),
    configurations: join(home, 'configurations'),
  }
}

export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}
