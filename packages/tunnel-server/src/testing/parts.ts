import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startPostgres } from '@hoop/postgres-server'
import { startTestPostgres } from '@hoop/postgres-server/testing'
import { type Logger, pino } from 'pino'
import { Access } from '../access/access.ts'
import { AccessRequests } from '../access/access-requests.ts'
import { ActiveGrants, rulesWithGrants } from '../access/active-grants.ts'
import { StandingAccess } from '../access/standing-access.ts'
import { AgentsElsewhere } from '../agents/elsewhere.ts'
import { Agents } from '../agents/index.ts'
import { Peers } from '../agents/peers.ts'
import { ReachableAgents } from '../agents/reachable.ts'
import { Registration } from '../agents/registration.ts'
import { Strangers } from '../api/strangers.ts'
import { Approvals } from '../approvals/approvals.ts'
import { DocumentStore } from '../documents/document-store.ts'
import { Documents } from '../documents/documents.ts'
import { AccessTokens } from '../identity/access-tokens.ts'
import { AccountChecks } from '../identity/account-checks.ts'
import { Authenticator } from '../identity/authenticator.ts'
import { Delegations } from '../identity/delegations.ts'
import { DpopProofs } from '../identity/dpop.ts'
import { FirstAdmin } from '../identity/first-admin.ts'
import { GroupsClaim } from '../identity/groups.ts'
import { Logins } from '../identity/logins.ts'
import { Machines } from '../identity/machines.ts'
import { Provider } from '../identity/provider.ts'
import { RunningLogins } from '../identity/running-logins.ts'
import { ServiceAccounts } from '../identity/service-accounts.ts'
import { WorkloadTokens } from '../identity/workload-tokens.ts'
import { ChatLinks } from '../notify/chat-links.ts'
import { Outbox } from '../notify/outbox.ts'
import { Slack } from '../notify/slack.ts'
import { SlackRequests } from '../notify/slack-requests.ts'
import { Cipher } from '../secrets/cipher.ts'
import { ownKey, ownSigningKey } from '../secrets/key-file.ts'
import { ChangeFeed } from '../store/change-feed.ts'
import { Store } from '../store/database.ts'
import { useToken } from '../store/machines.ts'
import { makeDevice } from './device.ts'
import { clientId, type Issuer } from './issuer.ts'

export const gatewayUrl = 'http://gateway.test'
export const adminGroup = 'admins'
export const silent: Logger = pino({ level: 'silent' })

/** A real PostgreSQL of its own, which can be stopped and started again on its port. */
export interface TestServer {
  readonly folder: string
  readonly url: string
  stop(): Promise<void>
  start(): Promise<void>
  remove(): Promise<void>
}

export async function startServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hoop-gateway-'))
  const options = { dataFolder: join(folder, 'postgres'), password: 'store', durable: false, port: await freePort() }
  let server = await startTestPostgres(options)
  return {
    folder,
    url: server.url(),
    stop: () => server.stop(),
    start: async () => {
      server = await startPostgres(options)
    },
    remove: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type Parts = Awaited<ReturnType<typeof openParts>>

/** The parts of one gateway around its sessions, on a real store; several on one server are several gateways. */
export async function openParts(
  server: TestServer,
  issuer: Pick<Issuer, 'url'>,
  gateway = 'gateway-1',
  { checkEvery = 300_000, ticketAfter = 60_000, askedPerMinute = 1000 } = {},
) {
  const log = silent
  const store = await Store.open(server.url, log)
  const feed = await ChangeFeed.open(server.url, log)
  const signing = await ownSigningKey(join(server.folder, 'access-tokens.pem'))
  const tokens = await AccessTokens.from(signing, () => gatewayUrl)
  const cipher = new Cipher(await ownKey(join(server.folder, 'master')))
  const provider = new Provider({
    issuer: issuer.url,
    allowPlain: true,
    clientId,
    clientSecret: null,
    kindClaim: 'hoop_kind',
    groups: () => new GroupsClaim('groups'),
  })
  const accounts = new AccountChecks({ store, provider, cipher, log })
  const logins = await Logins.open({ store, feed, provider, accounts, checkEvery, tokens, log })
  const documents = await Documents.open({ store, feed, hashKey: Buffer.alloc(32, 1), log })
  const proofs = new DpopProofs((hash, expiresAt) => store.run((db) => useToken(db, { hash, device: null, expiresAt })))
  const authenticator = new Authenticator({ documents, logins, proofs, url: () => gatewayUrl })
  const serviceAccounts = new ServiceAccounts({ store, documents, logins })
  const runningLogins = new RunningLogins({ store, logins })
  const delegations = new Delegations({ store, documents })
  const workloads = new WorkloadTokens({ documents, allowPlain: true })
  const machines = new Machines({ store, workloads, accounts: serviceAccounts, delegations, tokens })
  const grants = await ActiveGrants.open({ store, feed, log })
  const rules = rulesWithGrants(() => documents.rules(), grants)
  const access = new Access({ adminGroup, rules, connection: (name) => documents.connection(name) })
  const notifier = new Outbox({ documents, log })
  const accessRequests = new AccessRequests({ store, access, documents, grants, notifier })
  const firstAdmin = await FirstAdmin.open({
    store,
    documents,
    adminGroup,
    file: join(server.folder, `${gateway}-admin-token`),
    log,
  })
  const approvals = await Approvals.open({
    store,
    notifier,
    feed,
    access,
    gateway,
    key: Buffer.alloc(32, 2),
    cipher,
    ticketAfter,
    askedPerMinute,
    log,
  })
  const documentStore = new DocumentStore({ store, documents, cipher })
  const standing = new StandingAccess({ documents, logins, grants })
  const resolve = async () => 'a secret of a Notifier in a test'
  const chatLinks = new ChatLinks({ store, logins })
  const slack = new Slack(resolve, {})
  const slackRequests = new SlackRequests({ store, documents, approvals, accessRequests, links: chatLinks, slack, resolve, log })
  const strangers = new Strangers()
  const agents = new Agents({ store, gateway, signingKey: signing, issuer: () => gatewayUrl, workloads, documents })
  const registration = await Registration.make({ store, gateway, log })
  const peers = new Peers({ registration, log })
  const elsewhere = new AgentsElsewhere({ store, feed, gateway, log })
  const reachable = new ReachableAgents({ online: agents.online, elsewhere, peers })
  /** The one whose user `login` logs in. */
  const device = await makeDevice()
  const close = async () => {
    peers.close('The test is over.')
    elsewhere.close()
    await registration.end()
    firstAdmin.close()
    documents.close()
    approvals.close()
    grants.close()
    logins.close()
    await feed.close()
    await store.close()
  }
  return {
    log,
    store,
    feed,
    tokens,
    logins,
    runningLogins,
    provider,
    authenticator,
    serviceAccounts,
    delegations,
    machines,
    device,
    documents,
    rules,
    grants,
    firstAdmin,
    access,
    accessRequests,
    approvals,
    cipher,
    documentStore,
    chatLinks,
    slack,
    slackRequests,
    standing,
    strangers,
    agents,
    registration,
    reachable,
    gateway,
    close,
  }
}

/** Logs in at the issuer and exchanges the proof, on the device of these parts. */
export async function login(parts: Parts, issuer: Issuer, sub: string, groups: string[] = []) {
  return await parts.logins.exchange(await issuer.idToken({ sub, groups }), parts.device.thumbprint)
}

export async function callerOf(parts: Parts, issuer: Issuer, sub: string, groups: string[] = []) {
  return await parts.logins.verifyAccessToken((await login(parts, issuer, sub, groups)).access_token)
}

/** Waits until the condition holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not come true in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
