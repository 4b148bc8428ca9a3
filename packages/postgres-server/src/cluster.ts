import { execFile } from 'node:child_process'
import { chmod, chown, lstat, mkdir, mkdtemp, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Account, makeReachableFolder, passable } from './account.ts'

const run = promisify(execFile)

/**
 * The folder of the cluster's parent that the account can reach: the data folder itself, or, where root's data folder is closed to
 * `nobody` (a home), a new folder in /var/lib/hoop that `cluster` in the data folder links to.
 * @returns the cluster's path without links; it exists only after `createCluster`.
 */
export async function placeCluster(dataFolder: string, account: Account | undefined): Promise<string> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const cluster = join(dataFolder, 'cluster')
  const there = await lstat(cluster).catch(() => null)
  if (there?.isSymbolicLink()) {
    return await realpath(cluster).catch((cause: unknown) => {
      throw new Error(`${cluster} links to a folder that is gone: bring it back, or remove the link to begin anew`, { cause })
    })
  }
  if (account === undefined || (await passable(dataFolder))) return join(await realpath(dataFolder), 'cluster')
  if (there !== null) {
    throw new Error(`${cluster} exists, but the account nobody, which runs PostgreSQL for root, cannot reach it`)
  }
  const elsewhere = await mkdtemp(join(await makeReachableFolder(), 'store-'))
  await chmod(elsewhere, 0o711)
  const target = join(elsewhere, 'cluster')
  await mkdir(target, { mode: 0o700 })
  await symlink(target, cluster)
  return target
}

/** Runs initdb unless the cluster is there already. One cut short by a crash is begun anew. */
export async function createCluster(
  cluster: string,
  options: { initdb: string; account: Account | undefined; password: string; durable: boolean },
): Promise<void> {
  if (await stat(join(cluster, 'PG_VERSION')).catch(() => null)) return
  const { account, password, durable } = options
  const partial = `${cluster}.new`
  const passwordFile = `${cluster}.password`
  await rm(partial, { recursive: true, force: true })
  await rm(passwordFile, { force: true })
  try {
    await mkdir(partial, { mode: 0o700 })
    await writePrivate(passwordFile, `${password}\n`, account)
    if (account !== undefined) await chown(partial, account.uid, account.gid)
    const flags = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--no-locale']
    await run(options.initdb, ['-D', partial, ...flags, ...(durable ? [] : ['--no-sync'])], { cwd: '/', env: {}, ...account })
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() || error.message : String(error)
    throw new Error(`PostgreSQL's initdb failed in ${cluster}:\n${words}`, { cause: error })
  } finally {
    await rm(passwordFile, { force: true })
  }
  // Over an empty folder at most: whatever else lies there is not ours to remove.
  await rename(partial, cluster)
}

/** Writes a file that only the server's account can read. */
export async function writePrivate(file: string, content: string, account: Account | undefined): Promise<void> {
  await writeFile(file, content, { mode: 0o600 })
  if (account !== undefined) await chown(file, account.uid, account.gid)
}
