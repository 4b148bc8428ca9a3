import { copyFile, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as demo from '@hoop/demo'
import { stopLeftBehind } from '@hoop/postgres-server'
import { layCluster } from '@hoop/postgres-server/testing'
import { temporaryFolder } from './keep.ts'

export interface GatewayProcess extends demo.GatewayProcess {
  /** One folder a session. */
  readonly records: string
}

export interface GatewayProcessOptions {
  readonly provider: Pick<demo.IdentityProvider, 'issuer' | 'clientId'>
  /** Beside what demo mode needs: `HOOP_DATABASE_URL`, secrets of connections, … */
  readonly env?: Readonly<Record<string, string>>
  /** Absent: a temporary one, removed by `stop`. Give the same to a second gateway to find what the first left. */
  readonly dataFolder?: string
  readonly port?: number
}

/** Starts the real `hoop gateway` as a process of its own and waits until it answers. */
export async function startGatewayProcess({ dataFolder, ...options }: GatewayProcessOptions): Promise<GatewayProcess> {
  const own = dataFolder === undefined ? await temporaryFolder('gateway') : null
  const folder = dataFolder ?? own?.path ?? ''
  try {
    if (options.env?.HOOP_DATABASE_URL === undefined) await layStore(folder)
    const gateway = await demo.startGateway({ ...options, dataFolder: folder })
    return {
      ...gateway,
      records: join(folder, 'records'),
      async stop() {
        const exit = await gateway.stop()
        if (own !== null) {
          // A gateway that a test killed could not stop its store.
          await stopLeftBehind(join(folder, 'postgres'))
          await own.stop()
        }
        return exit
      },
    }
  } catch (error) {
    await own?.stop()
    throw error
  }
}

/** What the first start of a gateway makes on its store first of all: its password, and an empty cluster. */
async function layStore(folder: string): Promise<void> {
  const clusters = process.env.HOOP_TEST_CLUSTERS
  const keys = join(folder, 'keys')
  if (clusters === undefined || (await stat(keys).catch(() => null))) return
  const password = join(keys, 'store-password')
  await mkdir(keys, { recursive: true, mode: 0o700 })
  await copyFile(join(clusters, 'store-password'), password)
  await layCluster(join(folder, 'postgres'), (await readFile(password, 'utf8')).trim())
}
