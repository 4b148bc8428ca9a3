import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { demoDocuments, samplePasswordVariable, shopApiTokenVariable, webhookSecretVariable } from './documents.ts'
import { startIdentityProvider } from './identity-provider/provider.ts'
import { demoUsers } from './identity-provider/users.ts'
import { startAgent } from './programs/agent.ts'
import { portTaken, startGateway } from './programs/gateway.ts'
import { startSamplePostgres } from './sample/sample-postgres.ts'
import { startShopApi } from './sample/shop-api.ts'
import { findClient } from './tour/client.ts'
import { type Screen, screenOn } from './tour/screen.ts'
import { tour } from './tour/tour.ts'
import { startWebhookInbox } from './webhook-inbox.ts'
import { whatNext } from './what-next.ts'

/** Where each part listens if nobody else does. */
const usualPorts = { gateway: 8010, provider: 8011, sample: 8012 } as const

/** What the tour calls the network in which the sample lies. */
const agentName = 'private-network'

/** What an AI agent waits for a person: a minute, where nobody looks on. */
const ticketSeconds = '1'

/** 128 + SIGINT, as a shell says it. */
const interrupted = 130

/**
 * `hoop demo`: brings up an identity provider, a sample database and the gateway, takes a tour of what they do together, and then, unless
 * only the tour was asked for, stays up until Ctrl-C.
 * @returns the exit code: 0, or 1 when a check of the tour failed or a part did not start.
 */
export async function runDemo(options: { readonly tourOnly: boolean }): Promise<number> {
  const screen = screenOn(process.stdout, process.stdout.isTTY && !process.env.NO_COLOR)
  const stopping = new AbortController()
  const stop = () => stopping.abort(new Error('interrupted'))
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  try {
    return await demonstrate(options.tourOnly, screen, stopping.signal)
  } catch (error) {
    if (stopping.signal.aborted) return interrupted
    process.stderr.write(`hoop: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}

async function demonstrate(tourOnly: boolean, screen: Screen, signal: AbortSignal): Promise<number> {
  const home = process.env.HOOP_DEMO_HOME || join(process.env.HOOP_HOME || join(homedir(), '.hoop'), 'demo')
  const people = join(home, 'people')
  const documents = join(home, 'documents.yaml')
  await mkdir(people, { recursive: true, mode: 0o700 })
  await using parts = new AsyncDisposableStack()

  screen.heading('hoop demo')
  screen.say(`Everything runs on this machine and is kept in ${home}`)
  const provider = await nearPort(usualPorts.provider, (port) =>
    startIdentityProvider({ users: demoUsers, port, demoMode: true }),
  )
  parts.defer(() => provider.close())
  screen.say(`development identity provider  ${provider.issuer}`)

  const password = await keptPassword(join(home, 'sample-password'))
  const dataFolder = join(home, 'sample')
  const sample = await nearPort(usualPorts.sample, (port) => startSamplePostgres({ dataFolder, password, port }))
  parts.defer(() => sample.stop())
  signal.throwIfAborted()
  screen.say(`sample PostgreSQL              127.0.0.1:${sample.port}, database ${sample.database}, 50,000 customers`)

  const api = await startShopApi(sample)
  parts.defer(() => api.close())
  screen.say(`the shop's REST service        ${api.host}:${api.port}`)

  const inbox = await startWebhookInbox()
  parts.defer(() => inbox.close())
  const env = {
    [samplePasswordVariable]: sample.password,
    [webhookSecretVariable]: inbox.secret,
    [shopApiTokenVariable]: api.token,
    HOOP_TICKET_SECONDS: ticketSeconds,
    HOOP_LOG: 'warn',
  }
  const gateway = await nearPort(usualPorts.gateway, (port) =>
    startGateway({ dataFolder: join(home, 'gateway'), provider, port, env }),
  )
  parts.defer(async () => {
    await gateway.stop()
  })
  signal.throwIfAborted()
  screen.say(`gateway                        ${gateway.url}`)

  await writeFile(documents, demoDocuments({ ...sample, agent: agentName, webhook: inbox.url, api }), { mode: 0o600 })
  const client = await findClient(process.env.PATH ?? '')
  const records = join(home, 'gateway', 'records')
  const letAgentIn = async (token: string) => {
    const allow = `${sample.host}:${sample.port}`
    const agent = await startAgent({ gateway: gateway.url, name: agentName, state: join(home, 'agent'), allow, token })
    parts.defer(async () => {
      await agent.stop()
    })
    return { id: agent.id, allow }
  }
  try {
    const proposal = join(home, 'proposal.yaml')
    const tools = { inbox, client, screen, signal }
    await tour({ gateway: gateway.url, sample, agentName, letAgentIn, records, people, documents, proposal, ...tools })
  } finally {
    if (!signal.aborted) showLogs(screen, gateway.logs())
  }
  const { failures } = screen
  screen.heading(failures === 0 ? 'The tour went well: every check passed.' : `${failures} checks of the tour failed.`)
  if (!tourOnly) {
    for (const line of whatNext({ gateway: gateway.url, people, documents, client })) screen.say(line)
    await Promise.race([
      aborted(signal),
      gateway.exited.then(({ code }) => Promise.reject(new Error(`the gateway ended with ${code}`))),
    ])
    screen.heading('Stopping')
  }
  return failures === 0 ? 0 : 1
}

/** The gateway is asked to speak of trouble only: on a good day this is nothing. */
function showLogs(screen: Screen, logs: string): void {
  const lines = logs.split('\n').filter((line) => /"level":(40|50|60)/.test(line))
  if (lines.length === 0) return
  screen.heading('The gateway said')
  for (const line of lines.slice(-20)) screen.output(line)
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

/** Starts something on its usual port, or on a free one (0) if that is taken. */
async function nearPort<T>(usual: number, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(usual)
  } catch (error) {
    if (!portTaken(error)) throw error
    return await start(0)
  }
}

/** The sample's superuser keeps its password from start to start. */
async function keptPassword(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (kept !== null) return kept
  const password = randomBytes(18).toString('base64url')
  await writeFile(file, password, { mode: 0o600 })
  return password
}
