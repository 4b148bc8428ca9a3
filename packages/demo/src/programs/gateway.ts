import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@hoop/postgres-server'
import type { IdentityProvider } from '../identity-provider/provider.ts'
import { groups } from '../identity-provider/users.ts'
import { startHoop } from './hoop.ts'
import type { Exit, Program, Source } from './program.ts'

export interface GatewayOptions {
  /** Store, records and keys. */
  readonly dataFolder: string
  readonly provider: Pick<IdentityProvider, 'issuer' | 'clientId'>
  /** Absent: a free one. */
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
  readonly onLine?: (line: string, source: Source) => void
}

/** A running `hoop gateway`. */
export interface GatewayProcess {
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly dataFolder: string
  /** What it said so far. */
  logs(): string
  kill(signal: NodeJS.Signals): void
  readonly exited: Promise<Exit>
  stop(): Promise<Exit>
}

const endWithParent = fileURLToPath(new URL('end-with-parent.ts', import.meta.url))
const portTries = 3

/** Starts `hoop gateway` in demo mode and waits until it answers. It ends when we do. */
export async function startGateway(options: GatewayOptions): Promise<GatewayProcess> {
  for (let tries = 1; ; tries++) {
    const port = options.port ?? (await freePort())
    const program = await startHoop(['gateway'], {
      home: options.dataFolder,
      env: { ...gatewayEnvironment(options, port), NODE_OPTIONS: `--import=${endWithParent}` },
      channel: true,
      ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
    })
    const url = `http://127.0.0.1:${port}`
    try {
      await answering(program, url)
      return {
        url,
        port,
        pid: program.pid,
        dataFolder: options.dataFolder,
        logs: () => `${program.output('stdout')}${program.output('stderr')}`,
        kill: (signal) => program.kill(signal),
        exited: program.exited,
        stop: () => program.stop('SIGTERM', 30_000),
      }
    } catch (error) {
      await program.stop()
      if (tries < portTries && options.port === undefined && String(error).includes('EADDRINUSE')) continue
      throw error
    }
  }
}

function gatewayEnvironment({ dataFolder, provider, env }: GatewayOptions, port: number): Record<string, string> {
  return {
    HOOP_DEMO: '1',
    HOOP_LISTEN: `127.0.0.1:${port}`,
    HOOP_DATA: dataFolder,
    HOOP_OIDC_ISSUER: provider.issuer,
    HOOP_OIDC_CLIENT_ID: provider.clientId,
    HOOP_ADMIN_GROUP: groups.admins,
    ...env,
  }
}

async function answering(program: Program, url: string): Promise<void> {
  const end = Date.now() + 60_000
  while (Date.now() < end && program.running) {
    const answer = await fetch(`${url}/v1/config`, { signal: AbortSignal.timeout(2000) }).catch(() => null)
    if (answer?.ok) return
    await delay(50)
  }
  const words = `${program.output('stdout')}${program.output('stderr')}`.trim().split('\n').slice(-20).join('\n')
  throw new Error(`the gateway ${program.running ? 'does not answer' : 'ended'}:\n${words}`)
}
