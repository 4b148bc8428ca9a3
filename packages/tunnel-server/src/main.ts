import { createSecretKey, hkdfSync, randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HoopError } from '@hoop/contracts'
import { startPostgres } from '@hoop/postgres-server'
import { destination, type Logger } from 'pino'
import { Access } from './access/access.ts'
import { AccessRequests } from './access/access-requests.ts'
import { ActiveGrants, rulesWithGrants } from './access/active-grants.ts'
import { StandingAccess } from './access/standing-access.ts'
import { AgentsElsewhere } from './agents/elsewhere.ts'
import { Agents } from './agents/index.ts'
import { attachPeerTunnels } from './agents/peer-tunnels.ts'
import { Peers } from './agents/peers.ts'
import { Presence } from './agents/presence.ts'
import { ReachableAgents } from './agents/reachable.ts'
import { Registration } from './agents/registration.ts'
import { attachAgentTunnels } from './agents/tunnels.ts'
import { buildApi } from './api/server.ts'
import { Strangers } from './api/strangers.ts'
import { Approvals } from './approvals/approvals.ts'
import { registeredConnections } from './connections/connections.ts'
import { Doctor } from './connections/doctor.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { DocumentStore } from './documents/document-store.ts'
import { Documents } from './documents/documents.ts'
import { AccessTokens } from './identity/access-tokens.ts'
import { AccountChecks } from './identity/account-checks.ts'
import { Authenticator } from './identity/authenticator.ts'
import { Delegations } from './identity/delegations.ts'
import { DpopProofs } from './identity/dpop.ts'
import { FirstAdmin } from './identity/first-admin.ts'
import { groupLookup } from './identity/group-lookup.ts'
import type { Issuer } from './identity/issuer.ts'
import { LoginFlows } from './identity/login-flows.ts'
import { Logins } from './identity/logins.ts'
import { Machines } from './identity/machines.ts'
import { Provider } from './identity/provider.ts'
import { RunningLogins } from './identity/running-logins.ts'
import { ServiceAccounts } from './identity/service-accounts.ts'
import { WorkloadTokens } from './identity/workload-tokens.ts'
import { LocalCertificates } from './local-tls/local-certificates.ts'
import { ChatLinks } from './notify/chat-links.ts'
import { Courier } from './notify/courier.ts'
import { Mail } from './notify/mail.ts'
import { Outbox } from './notify/outbox.ts'
import { Slack } from './notify/slack.ts'
import { SlackRequests } from './notify/slack-requests.ts'
import type { Resolve } from './notify/way.ts'
import { Webhook } from './notify/webhook.ts'
import { version } from './operations/commands.ts'
import { Health, providerKnown, recordsWritable } from './operations/health.ts'
import { listenForOperators } from './operations/listener.ts'
import { gatewayLog } from './operations/log.ts'
import { Metrics } from './operations/metrics.ts'
import { TlsFiles } from './operations/tls-files.ts'
import { Explainer } from './policy/explain.ts'
import { Replayer } from './policy/replay.ts'
import { StatementReader } from './policy/statement-reader.ts'
import { Cipher } from './secrets/cipher.ts'
import { givenKey, ownId, ownKey, ownSigningKey } from './secrets/key-file.ts'
import { References } from './secrets/references.ts'
import { createSessions } from './sessions/index.ts'
import { type Environment, loadSettings, type Settings } from './settings.ts'
import { ChangeFeed } from './store/change-feed.ts'
import { Store } from './store/database.ts'
import { useToken } from './store/machines.ts'
import { sessionIndex } from './store/session-index.ts'
import { dialling } from './tunnels/dial.ts'
import { attachTunnels } from './tunnels/index.ts'
import { Turns } from './turns.ts'

/** A gateway that serves. */
export interface Gateway {
  /** As callers reach it. */
  readonly url: string
  /** Where it tells those who run it how it is; null: nowhere. */
  readonly operationsUrl: string | null
  /** Reads again what may change while it runs: the certificate. */
  reload(): Promise<void>
  /** Ends all sessions, and stops everything that was started. A second call waits for the first. */
  close(): Promise<void>
}

/**
 * Starts a gateway as the environment says (docs/gateway.md); resolves when it serves.
 * @throws HoopError with words for the one who started it; nothing is left running then
 */
export async function startGateway(environment: Environment): Promise<Gateway> {
  const settings = await loadSettings(environment)
  const log = gatewayLog(settings.logLevel, destination({ dest: 2, sync: true }))
  const started: Started = new AsyncDisposableStack()
  try {
    return { ...(await start(settings, environment, log, started)), close: once(() => started.disposeAsync()) }
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
}

/**
 * Runs a gateway until SIGINT or SIGTERM; resolves when it has stopped. A second signal ends the process at once. SIGHUP has it read its
 * certificate again, or where it runs in a terminal means that the terminal is gone. `ready` is told the URL.
 */
export async function runGateway(environment: Environment, ready: (url: string) => void = announce): Promise<void> {
  const { promise: asked, resolve: stop } = Promise.withResolvers<void>()
  let signals = 0
  const onSignal = (signal: NodeJS.Signals) => {
    if (++signals > 1) process.exit(signal === 'SIGINT' ? 130 : 143)
    stop()
  }
  let gateway: Gateway | null = null
  const onHangUp = () => {
    if (process.stderr.isTTY) stop()
    else void gateway?.reload()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangUp)
  try {
    gateway = await startGateway(environment)
    if (signals === 0) ready(gateway.url)
    await asked
    await gateway.close()
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangUp)
  }
}

const stopping = 'The gateway is stopping.'
/** Milliseconds until it is asked again what holds. */
const askAgainAfter = 2000

/** What is running, closed in the reverse order. */
type Started = AsyncDisposableStack

async function start(
  settings: Settings,
  environment: Environment,
  log: Logger,
  started: Started,
): Promise<Omit<Gateway, 'close'>> {
  const about = { version: await version() }
  const metrics = new Metrics(about)
  const tls = settings.tls === null ? null : await TlsFiles.open(settings.tls, log)
  started.defer(() => tls?.close())
  const folder = await openDataFolder(settings.dataFolder)
  started.defer(folder.release)
  const databaseUrl = settings.databaseUrl ?? (await startEmbeddedStore(folder, started))
  const store = await Store.open(databaseUrl, log, metrics)
  started.defer(() => store.close())
  const feed = await ChangeFeed.open(databaseUrl, log)
  started.defer(() => feed.close())

  const keys = await readKeys(settings, folder)
  const gateway = await ownId(join(folder.keys, 'gateway-id'), randomUUID)
  const documents = await Documents.open({ store, feed, hashKey: keys.hash, log })
  started.defer(() => documents.close())
  const grants = await ActiveGrants.open({ store, feed, log })
  started.defer(() => grants.close())
  const rules = rulesWithGrants(() => documents.rules(), grants)
  const find = (name: string) => documents.connection(name)
  const access = new Access({ adminGroup: settings.adminGroup, rules, connection: find })
  const notifier = new Outbox({ documents, log })
  const accessRequests = new AccessRequests({ store, access, documents, grants, notifier })

  let url = settings.publicUrl
  const tokens = await AccessTokens.from(keys.signing, () => url ?? notListening())
  const groups = (issuer: Issuer) => groupLookup(settings.oidc, issuer)
  const provider = new Provider({ ...settings.oidc, allowPlain: settings.demo, groups })
  const accounts = new AccountChecks({ store, provider, cipher: keys.cipher, log })
  const { checkEvery } = settings.oidc
  const logins = await Logins.open({ store, feed, provider, accounts, checkEvery, tokens, log })
  started.defer(() => logins.close())
  const accountsOfMachines = new ServiceAccounts({ store, documents, logins })
  const delegations = new Delegations({ store, documents })
  const workloads = new WorkloadTokens({ documents, allowPlain: settings.demo })
  const machines = new Machines({ store, workloads, accounts: accountsOfMachines, delegations, tokens })
  const proofs = new DpopProofs((hash, expiresAt) => store.run((db) => useToken(db, { hash, device: null, expiresAt })))
  const authenticator = new Authenticator({ documents, logins, proofs, url: () => url ?? notListening() })

  const approvals = await Approvals.open({
    store,
    notifier,
    feed,
    access,
    gateway,
    key: keys.approvals,
    cipher: keys.cipher,
    ticketAfter: settings.ticketTime,
    log,
  })
  started.defer(() => approvals.close())
  const references = new References((name) => environment[name])
  const resolve: Resolve = (reference, document, field) => references.resolve(reference, document, field)
  const slack = new Slack(resolve, environment)
  const ways = { webhook: new Webhook(resolve, environment), slack, mail: new Mail(resolve) }
  const courier = Courier.start({ store, feed, documents, ways, meter: metrics, log })
  started.defer(() => courier.close())
  const chatLinks = new ChatLinks({ store, logins })
  const slackRequests = new SlackRequests({ store, documents, approvals, accessRequests, links: chatLinks, slack, resolve, log })
  const standing = new StandingAccess({ documents, logins, grants })
  const localCertificates = new LocalCertificates({ store, cipher: keys.cipher })
  const agents = new Agents({
    store,
    gateway,
    signingKey: keys.signing,
    issuer: () => url ?? notListening(),
    workloads,
    documents,
  })
  const presence = new Presence({ store, feed, documents, online: agents.online, gateway, log })
  started.defer(() => presence.close())
  const registration = await Registration.make({ store, gateway, log })
  started.defer(() => registration.end())
  const peers = new Peers({ registration, log })
  const elsewhere = new AgentsElsewhere({ store, feed, gateway, log })
  started.defer(() => elsewhere.close())
  const reachable = new ReachableAgents({ online: agents.online, elsewhere, peers })
  const connections = registeredConnections({ find, store, cipher: keys.cipher, references })
  const turns = new Turns()
  const sessions = await createSessions({
    meter: metrics,
    turns,
    index: sessionIndex(store, gateway),
    rules,
    holds: approvals,
    connections,
    dialling: dialling(reachable),
    hold: (caller, name) => standing.hold(caller, () => whenKnown(() => access.authoriseUse(caller, name))),
    localCertificate: (identity) => localCertificates.of(identity),
    records: folder.records,
    digestKey: createSecretKey(keys.digest),
    log,
  })
  const closeSessions = once(() => sessions.close(stopping))
  started.defer(closeSessions)

  const adminTokenFile = join(settings.dataFolder, 'admin-token')
  const firstAdmin = await FirstAdmin.open({ store, documents, adminGroup: settings.adminGroup, file: adminTokenFile, log })
  started.defer(() => firstAdmin.close())

  const closing = new AbortController()
  const { issuer, clientId, clientSecret, scopes } = settings.oidc
  const config = {
    name: 'hoop',
    ...about,
    issuer,
    clientId,
    scopes: [...scopes],
    ...(clientSecret !== null && { clientSecret }),
  }
  const documentStore = new DocumentStore({ store, documents, cipher: keys.cipher })
  const strangers = new Strangers({ trusted: settings.trustedProxies })
  const health = new Health(
    {
      store: async () => {
        await store.ping()
        if (!feed.fresh) throw new HoopError('unavailable', 'Changes in the store are not heard.')
      },
      documents: () => void documents.rules(),
      records: recordsWritable(folder.records),
      provider: providerKnown(() => provider.metadata()),
    },
    log,
  )
  metrics.watch({
    sessions: () => sessions.counts.sessions,
    streams: () => sessions.counts.streams,
    tunnels: () => sessions.counts.tunnels,
    agents: () => agents.online.ids().length,
    agentStreams: () => agents.online.ids().reduce((sum, id) => sum + (agents.online.get(id)?.streams ?? 0), 0),
    tlsExpiresAt: () => tls?.expiresAt ?? null,
    tlsProblem: () => tls?.problem !== null && tls !== null,
    checks: () => new Map([...health.details].map(([name, why]) => [name, why === null])),
  })
  const operators = settings.metrics && (await listenForOperators({ listen: settings.metrics, tls, metrics, health, log }))
  started.defer(() => operators?.close())
  const doctor = new Doctor({ connections, documents, dialling: dialling(reachable), closing: closing.signal, log })
  const reader = new StatementReader({ connections, dialling: dialling(reachable), closing: closing.signal, log })
  const api = await buildApi(
    {
      config,
      flows: new LoginFlows({ allowed: settings.oidc.flows, metadata: () => provider.metadata() }),
      store,
      feed,
      logins,
      runningLogins: new RunningLogins({ store, logins }),
      authenticator,
      machines,
      serviceAccounts: accountsOfMachines,
      delegations,
      firstAdmin,
      access,
      accessRequests,
      standing,
      documents,
      documentStore,
      approvals,
      sessions,
      doctor,
      chatLinks,
      slackRequests,
      explainer: new Explainer({ documents, reader }),
      replayer: new Replayer({ documents, reader, sessions }),
      agents,
      reachable,
      strangers,
      trustedProxies: settings.trustedProxies,
      health,
      meter: metrics,
      closing: closing.signal,
      log,
    },
    tls,
  )
  const closeApi = once(() => api.close())
  started.defer(closeApi)
  const tunnels = attachTunnels({
    server: api.server,
    sessions,
    authenticate: (request) => authenticator.authenticate(request),
    hold: (caller) => standing.hold(caller),
    patience: settings.resumeTime,
    turns,
    strangers,
    log,
  })
  const { credentials, online } = agents
  const agentTunnels = attachAgentTunnels({
    server: api.server,
    credentials,
    authenticator,
    online,
    presence,
    feed,
    strangers,
    log,
  })
  const peerTunnels = attachPeerTunnels({ server: api.server, registration, documents, online, strangers, log })
  // Last: what is told to callers may still come from a database behind an agent.
  started.defer(() => agentTunnels.close(stopping))
  started.defer(() => peerTunnels.close(stopping))
  started.defer(() => peers.close(stopping))
  // In this order: nothing new is accepted, what is under way may end, callers are told in their own protocols, their tunnels end, and with
  // them the listener.
  started.defer(() => tunnels.close(stopping))
  started.defer(closeSessions)
  started.defer(() => sessions.drain(stopping, settings.drainTime))
  started.defer(() => {
    tunnels.goAway(stopping)
    closing.abort()
    closeApi().catch((error: unknown) => log.error({ err: error }, 'the listener did not close'))
  })
  await api.listen({ ...settings.listen, listenTextResolver: () => 'listening' }).catch((cause: NodeJS.ErrnoException) => {
    const { host, port } = settings.listen
    const hint = 'Stop what has this port, or name another one in HOOP_LISTEN.'
    throw new HoopError('unavailable', `The gateway cannot listen on ${host}:${port} (${cause.code}).`, { hint, cause })
  })
  url ??= urlOf(api.server.address() as AddressInfo, settings)
  const advertise = advertised(settings, api.server.address() as AddressInfo)
  if (advertise === null && settings.databaseUrl !== null) {
    log.warn('without HOOP_ADVERTISE_URL other gateways of the store cannot use the agents whose tunnels are here')
  }
  await registration.begin(advertise)
  // First of all: who looks whether it is ready is told, and sends callers elsewhere, while it still takes them.
  started.defer(async () => {
    health.stop()
    await delay(settings.leaveTime)
  })
  log.info({ url, dataFolder: settings.dataFolder, embedded: settings.databaseUrl === null }, 'the gateway serves')
  return { url, operationsUrl: operators?.url ?? null, reload: async () => await tls?.look({ asked: true }) }
}

async function startEmbeddedStore(folder: DataFolder, started: Started): Promise<string> {
  const password = (await ownKey(join(folder.keys, 'store-password'))).toString('hex')
  const server = await startPostgres({ dataFolder: folder.postgres, password })
  started.defer(() => server.stop())
  return server.url()
}

async function readKeys(settings: Settings, { keys }: DataFolder) {
  const master = await (settings.masterKeyFile === null ? ownKey(join(keys, 'master')) : givenKey(settings.masterKeyFile))
  const digest = await ownKey(join(keys, 'digest'))
  return {
    cipher: new Cipher(master),
    digest,
    // All gateways of a store have the same master key.
    approvals: Buffer.from(hkdfSync('sha256', master, '', 'hoop approvals', 32)),
    hash: Buffer.from(hkdfSync('sha256', digest, '', 'hoop mask method hash', 32)),
    signing: await ownSigningKey(join(keys, 'access-tokens.pem')),
  }
}

/** Where other gateways reach this one; null: nowhere, as it listens on every address there is and was not told which is for them. */
function advertised(settings: Settings, address: AddressInfo): string | null {
  if (settings.advertiseUrl !== null) return settings.advertiseUrl
  return address.address === '::' || address.address === '0.0.0.0' ? null : urlOf(address, settings)
}

function urlOf({ address, family, port }: AddressInfo, { tls }: Settings): string {
  return `${tls === null ? 'http' : 'https'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** While it is not known what holds, nothing is admitted; nobody is cut off for it. */
function whenKnown(check: () => Date | null): Date | null {
  try {
    return check()
  } catch (error) {
    if (error instanceof HoopError && error.code === 'unavailable') return new Date(Date.now() + askAgainAfter)
    throw error
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => (done ??= work())
}

function notListening(): never {
  throw new HoopError('unavailable', 'The gateway does not listen yet.')
}

function announce(url: string): void {
  process.stdout.write(`hoop gateway ready at ${url}\n`)
}
