import { execFile } from 'node:child_process'
import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serverAccount } from '../account.ts'
import { findBinaries } from '../binaries.ts'
import { createCluster, placeCluster } from '../cluster.ts'
import { type PostgresOptions, type PostgresServer, startPostgres } from '../start-postgres.ts'

const copy = promisify(execFile)

/** As `startPostgres`, on a copy of a cluster that was made once for the run of the tests. */
export async function startTestPostgres(options: PostgresOptions): Promise<PostgresServer> {
  await layCluster(options.dataFolder, options.password)
  return await startPostgres(options)
}

/**
 * Puts what initdb made once for this password where `startPostgres` would have it made again, half a second of a core each time.
 * Does nothing where there is a cluster, and outside a run of the tests: HOOP_TEST_CLUSTERS names that run's folder.
 */
export async function layCluster(dataFolder: string, password: string): Promise<void> {
  const folder = process.env.HOOP_TEST_CLUSTERS
  if (folder === undefined) return
  const account = serverAccount()
  const cluster = await placeCluster(dataFolder, account)
  if (await stat(cluster).catch(() => null)) return
  const template = join(folder, encodeURIComponent(password))
  if (!(await stat(template).catch(() => null))) {
    const made = await placeCluster(await mkdtemp(join(folder, '.making-')), account)
    const { initdb } = await findBinaries(account)
    await createCluster(made, { initdb, account, password, durable: false })
    // Another test may have been faster: its cluster is as good.
    await rename(made, template).catch(() => rm(made, { recursive: true }))
  }
  // Owner and modes stay; where the file system can, so do the blocks.
  const partial = `${cluster}.copy`
  await copy('cp', ['-a', ...(process.platform === 'linux' ? ['--reflink=auto'] : []), template, partial])
  await rename(partial, cluster)
}
