import { chmod, mkdir, realpath, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, sep } from 'node:path'

/** The account that PostgreSQL runs under; undefined: our own. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** `nobody`: exists everywhere and owns nothing. PostgreSQL refuses to run as root. */
const nobody: Account = { uid: 65534, gid: 65534 }

/** Where root's clusters and binaries go that `nobody` could not reach in the folder asked for. */
const reachableFolder = '/var/lib/hoop'

/** Our own account, or `nobody` when we are root. */
export function serverAccount(): Account | undefined {
  return process.getuid?.() === 0 ? nobody : undefined
}

/**
 * Whether everybody may pass through the folder and all above it.
 * Folders of root's below the temporary one are opened for passing (not for listing); any other, such as root's home, stays as it is.
 */
export async function passable(folder: string): Promise<boolean> {
  const temporary = (await realpath(tmpdir())) + sep
  for (let path = await realpath(folder); ; path = dirname(path)) {
    const { mode, uid } = await stat(path)
    if ((mode & 0o001) === 0) {
      if (uid !== 0 || !path.startsWith(temporary)) return false
      await chmod(path, (mode & 0o7777) | 0o011)
    }
    if (path === dirname(path)) return true
  }
}

/** Makes the folder for what `nobody` must reach. */
export async function makeReachableFolder(): Promise<string> {
  await mkdir(reachableFolder, { recursive: true, mode: 0o711 })
  if (!(await passable(reachableFolder))) {
    throw new Error(`PostgreSQL cannot run as root, and the account nobody cannot pass through ${reachableFolder}: chmod o+x it`)
  }
  return reachableFolder
}
