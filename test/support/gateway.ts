import { join } from 'node:path'
import * as demo from '@hoop/demo'
import { stopLeftBehind } from '@hoop/postgres-server'
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
