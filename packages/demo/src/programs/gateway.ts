import { fileURLToPath } from 'node:url'
import type { IdentityProvider } from '../identity-provider/provider.ts'
import { groups } from '../identity-provider/users.ts'
import { startHoop } from './hoop.ts'
import type { Exit, Source } from './program.ts'

export interface GatewayOptions {
  /** Store, records and keys. */
  readonly dataFolder: string
  readonly provider: Pick<IdentityProvider, 'issuer' | 'clientId'>
  /** Absent or 0: a free one. */
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

/** Starts `hoop gateway` in demo mode and waits until it says that it is ready. It ends when we do. */
export async function startGateway(options: GatewayOptions): Promise<GatewayProcess> {
  const { dataFolder, onLine } = options
  const program = await startHoop(['gateway'], {
    home: dataFolder,
    env: { ...gatewayEnvironment(options), NODE_OPTIONS: `--import=${endWithParent}` },
    channel: true,
    ...(onLine === undefined ? {} : { onLine }),
  })
  try {
    // Its own word, not an answer at its address: on a taken port, another gateway would answer.
    const url = await program.find('stdout', (line) => /^hoop gateway ready at (\S+)$/.exec(line)?.[1], 60_000)
    return {
      url,
      port: Number(new URL(url).port),
      pid: program.pid,
      dataFolder,
      logs: () => `${program.output('stdout')}${program.output('stderr')}`,
      kill: (signal) => program.kill(signal),
      exited: program.exited,
      stop: () => program.stop('SIGTERM', 30_000),
    }
  } catch (error) {
    await program.stop()
    throw error
  }
}

function gatewayEnvironment({ dataFolder, provider, port, env }: GatewayOptions): Record<string, string> {
  return {
    HOOP_DEMO: '1',
    HOOP_LISTEN: `127.0.0.1:${port ?? 0}`,
    HOOP_DATA: dataFolder,
    HOOP_OIDC_ISSUER: provider.issuer,
    HOOP_OIDC_CLIENT_ID: provider.clientId,
    HOOP_ADMIN_GROUP: groups.admins,
    ...env,
  }
}

/** Whether a part did not start because somebody else has its port. */
export function portTaken(error: unknown): boolean {
  return /EADDRINUSE|Address already in use/.test(String(error))
}
