import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeReachableFolder, passable, serverAccount } from '@hoop/postgres-server'
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
 * Builds once into the cache. What a broken-off build leaves there is never taken for a whole one.
 * @throws SourceUnavailable
 */
export async function buildPostgres(say: (line: string) => void): Promise<Build> {
  const cache = await cacheFolder()
  const place = join(cache, `postgresql-${version}`)
  const build: Build = { bin: join(place, 'bin'), regress: join(place, 'regress') }
  if (await stat(place).catch(() => null)) return build
  const tarball = await fetchSource(cache)
  say(`building PostgreSQL ${version} into ${place}, once`)
  const folder = await mkdtemp(join(cache, '.building-'))
  try {
    await run('tar', ['-xjf', tarball, '--strip-components=1', '-C', folder])
    const log = { cwd: folder, maxBuffer: 64 * 1024 * 1024 }
    await run('./configure', ['--quiet', `--prefix=${place}`, '--without-readline', '--without-zlib'], log)
    await run('make', ['--silent', `--jobs=${availableParallelism()}`], log)
    await run('make', ['--silent', '-C', 'src/test/regress'], log)
    const staged = join(folder, 'staged')
    await run('make', ['--silent', 'install', `DESTDIR=${staged}`], log)
    await cp(join(folder, 'src', 'test', 'regress'), join(staged, place, 'regress'), { recursive: true })
    // Somebody else may have been faster: theirs is the same.
    await rename(join(staged, place), place).catch(async (error: unknown) => {
      if ((await stat(place).catch(() => null)) === null) throw error
    })
    return build
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
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
