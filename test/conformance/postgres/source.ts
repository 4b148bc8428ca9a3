import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../../support/index.ts'

const run = promisify(execFile)

/** The release whose suite is run. */
export const version = '15.18'

const debianVersion = `${version}-0+deb12u1`
const tarball = `postgresql-15_${version}.orig.tar.bz2`
/** Upstream's own tarball: what Debian's patch levels of one release share, and what is believed whoever handed it over. */
const sha256 = '11df0df97fe3ea4ba9a791faaf39cee1d2fe571e78885b5b55d8517d27c323b4'

/** The source is not to be had here: nothing was tested, and nothing failed. */
export class SourceUnavailable extends Error {
  override readonly name = 'SourceUnavailable'
}

/**
 * PostgreSQL's source, from `folder` or fetched into it as Debian's source package.
 * @returns the path of the tarball
 * @throws SourceUnavailable
 */
export async function fetchSource(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, tarball)
  if (await isPinned(file)) return file
  const download = await temporaryFolder('postgres-source')
  try {
    const fetched = await fetchPackage(download.path)
    if (!(await isPinned(fetched))) throw new Error(`${tarball} has another SHA-256 than ${sha256}`)
    await copyFile(fetched, `${file}.${process.pid}`)
    await rename(`${file}.${process.pid}`, file)
    return file
  } catch (cause) {
    throw new SourceUnavailable(
      `the source of PostgreSQL ${version} could not be fetched with apt-get (${complaint(cause)}).\n` +
        `Run this where deb.debian.org answers, or put ${tarball} (SHA-256 ${sha256}) into ${folder}.`,
      { cause },
    )
  } finally {
    await download.stop()
  }
}

/** Fetches the source package with lists and settings of our own: the machine's stay as they are. */
async function fetchPackage(folder: string): Promise<string> {
  const [sources, lists, cache] = [join(folder, 'sources.list'), join(folder, 'lists'), join(folder, 'cache')]
  for (const each of [lists, cache]) await mkdir(join(each, 'partial'), { recursive: true })
  // The tarball's SHA-256 is what is trusted, so that this works where Debian's keys are not installed, too.
  const line = (place: string) => `deb-src [trusted=yes] http://deb.debian.org/${place} main\n`
  await writeFile(sources, line('debian bookworm') + line('debian-security bookworm-security'))
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': lists,
    'Dir::Cache': cache,
    // As root, apt would become a user that cannot reach a private folder.
    'APT::Sandbox::User': '',
    'Acquire::Retries': '3',
    'APT::Update::Error-Mode': 'any',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  await run('apt-get', [...options, '-qq', 'update'], { cwd: folder })
  const source = ['source', '--download-only', '--only-source', `postgresql-15=${debianVersion}`]
  await run('apt-get', [...options, '-qq', ...source], { cwd: folder })
  return join(folder, tarball)
}

async function isPinned(file: string): Promise<boolean> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  return bytes !== null && createHash('sha256').update(bytes).digest('hex') === sha256
}

/** The first complaint of apt-get, for the others follow from it. */
function complaint(error: unknown): string {
  const words = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
  return /^E: (.*)$/m.exec(words)?.[1] ?? (error instanceof Error ? error.message : String(error))
}
