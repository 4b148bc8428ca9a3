import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DemoUser, demoDocuments, samplePasswordVariable } from '@hoop/demo'
import { stopLeftBehind } from '@hoop/postgres-server'
import { type GatewayProcess, startGatewayProcess } from './gateway.ts'
import { hoop, loginAs } from './hoop.ts'
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts'
import { type Stoppable, temporaryFolder } from './keep.ts'
import { type Sample, startSamplePostgres } from './sample-postgres.ts'

/** Provider, sample database and gateway, with the demo's documents in force unless others are given. */
export interface System extends Stoppable {
  readonly provider: IdentityProvider
  readonly sample: Sample
  /** The one that was started last. */
  readonly gateway: GatewayProcess
  /** Starts another in place of a gateway that has ended: same port, same data; `env` goes before that of the first. */
  startGatewayAgain(env?: Readonly<Record<string, string>>): Promise<void>
  /** The home folder of a user who is logged in; logs in at the first call for a name. */
  home(name: string): Promise<string>
}

export interface SystemOptions {
  readonly sample?: Parameters<typeof startSamplePostgres>[0]
  readonly env?: Readonly<Record<string, string>>
  /** Whom the provider knows; the demo's users if not given. */
  readonly users?: readonly DemoUser[]
  /** YAML documents to apply in place of the demo's. */
  readonly documents?: (sample: Sample) => string
}

/** Starts a whole system for a test file. What it started before an error is stopped. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const parts = new AsyncDisposableStack()
  const keep = async <T extends Stoppable>(starting: Promise<T>): Promise<T> => {
    const started = await starting
    parts.defer(async () => {
      await started.stop()
    })
    return started
  }
  try {
    const provider = await keep(startIdentityProvider(options.users === undefined ? {} : { users: options.users }))
    const sample = await keep(startSamplePostgres(options.sample))
    const env = { [samplePasswordVariable]: sample.password, HOOP_LOG: 'warn', ...options.env }
    const dataFolder = (await keep(temporaryFolder('gateway'))).path
    // A gateway that a test killed could not stop its store.
    parts.defer(async () => void (await stopLeftBehind(join(dataFolder, 'postgres'))))
    let gateway = await startGatewayProcess({ provider, env, dataFolder })
    parts.defer(async () => void (await gateway.stop()))
    const startGatewayAgain = async (more?: Readonly<Record<string, string>>) => {
      gateway = await startGatewayProcess({ provider, env: { ...env, ...more }, dataFolder, port: gateway.port })
    }
    const homes = new Map<string, Promise<string>>()
    const home = (name: string) => {
      const known = homes.get(name) ?? keep(loginAs(name, { gateway: gateway.url })).then((login) => login.home)
      homes.set(name, known)
      return known
    }
    await applyDocuments(await home('root-admin'), (options.documents ?? demoDocuments)(sample))
    return {
      provider,
      sample,
      get gateway() {
        return gateway
      },
      startGatewayAgain,
      home,
      stop: () => parts.disposeAsync(),
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

/** Applies YAML documents by the real `hoop apply`, as an administrator who is logged in at `home`. */
export async function applyDocuments(home: string, yaml: string): Promise<void> {
  const folder = await temporaryFolder('documents')
  try {
    const file = join(folder.path, 'documents.yaml')
    await writeFile(file, yaml)
    const { code, stderr } = await hoop(['apply', '-f', file], { home })
    if (code !== 0) throw new Error(`hoop apply ended with ${code}: ${stderr}`)
  } finally {
    await folder.stop()
  }
}
