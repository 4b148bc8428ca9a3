import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from './support/index.ts'

/**
 * The folder of one run of the tests, for what programs of many of its files would each make anew: compiled code and database clusters.
 * Nothing of it outlives the run.
 */
export async function setup(): Promise<() => Promise<unknown>> {
  const folder = await temporaryFolder('tests')
  const clusters = join(folder.path, 'clusters')
  await mkdir(clusters)
  await writeFile(join(clusters, 'store-password'), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  process.env.HOOP_TEST_CLUSTERS = clusters
  process.env.NODE_COMPILE_CACHE = join(folder.path, 'compiled')
  // Programs that end with the run may still be writing compiled code.
  return () => rm(folder.path, { recursive: true, force: true, maxRetries: 20 })
}
