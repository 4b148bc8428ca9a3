import { execFile } from 'node:child_process'
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeReachableFolder, passable, serverAccount } from '@hoop/postgres-server'
import { temporaryFolder } from '../../support/index.ts'
import { fetchSource, version } from './source.ts'

const run = promisify(execFile)

/** PostgreSQL's server, psql and regression suite, made from one source. */
export interface Build {
  /** initdb, postgres, psql. */
  readonly bin: string
  /** `src/test/regress` as it is after its build: the suite's inputs, its libraries and pg_regress. */
  readonly regress: string
}

/**
 * Builds once into the cache. A broken-off build is never taken for a whole one.
 * @throws SourceUnavailable
 */
export async function buildPostgres(say: (line: string) => void): Promise<Build> {
  const cache = await cacheFolder()
  const place = join(cache, `postgresql-${version}`)
  const build: Build = { bin: join(place, 'bin'), regress: join(place, 'regress') }
  if (await stat(place).catch(() => null)) return build
  const tarball = await fetchSource(cache)
  say(`building PostgreSQL ${version} into ${place}, once`)
  const { path: folder, stop: remove } = await temporaryFolder('postgres-build')
  const partial = `${place}.${process.pid}`
  try {
    const staged = join(folder, 'staged')
    await make(tarball, folder, place, staged)
    await cp(join(staged, place), partial, { recursive: true, verbatimSymlinks: true })
    await cp(join(folder, 'src', 'test', 'regress'), join(partial, 'regress'), { recursive: true })
    // Somebody else may have been faster: theirs is the same.
    await rename(partial, place).catch(async (error: unknown) => {
      if ((await stat(place).catch(() => null)) === null) throw error
    })
    return build
  } finally {
    await Promise.all([remove(), rm(partial, { recursive: true, force: true })])
  }
}

/** Builds the source in `folder` to be run from `place`, and installs it below `staged`. */
async function make(tarball: string, folder: string, place: string, staged: string): Promise<void> {
  const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 }
  const jobs = `--jobs=${availableParallelism()}`
  await run('tar', ['-xjf', tarball, '--strip-components=1', '-C', folder])
  await run('./configure', ['--quiet', `--prefix=${place}`, '--without-readline', '--without-zlib'], options)
  await run('make', ['--silent', jobs], options)
  await run('make', ['--silent', jobs, '-C', 'src/test/regress'], options)
  await run('make', ['--silent', 'install', `DESTDIR=${staged}`], options)
}

/** Where root's own cache is closed to the account that runs the server, the one that it can reach. */
async function cacheFolder(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hoop', 'conformance')
  await mkdir(cache, { recursive: true })
  if (serverAccount() === undefined || (await passable(cache))) return cache
  const reachable = join(await makeReachableFolder(), 'conformance')
  await mkdir(reachable, { recursive: true, mode: 0o755 })
  return reachable
}
