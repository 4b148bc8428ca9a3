import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConnectionSummary, LiveEvent, OpenSessionResponse } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { addContexts } from '../local/kubeconfig.ts'
import { isFree, type Listener } from '../local/listener.ts'
import { addPasswords } from '../local/password-file.ts'
import { stablePort } from '../local/ports.ts'
import { statePaths } from '../state/folder.ts'
import type { Device } from './device.ts'
import { openDoorway } from './doorway.ts'
import { answerAtOnce, type Endpoint, endpointOf, type LocalPassword, localPassword, socketName } from './endpoints.ts'
import { knownConnections } from './known-connections.ts'
import { type Link, type LinkNews, openLink } from './link.ts'
import { keepAuthority } from './local-authority.ts'
import { writeReadyFile } from './ready-file.ts'
import { findSession, liveEvents } from './record.ts'

export interface ConnectOptions {
  readonly names: readonly string[]
  /** Fixes the local port of the only name. */
  readonly port: number | null
  readonly reason: string | null
  readonly anyUser: boolean
  readonly localTls: boolean
  /** Folder for Unix sockets, in place of ports; null: ports. */
  readonly socketFolder: string | null
  readonly rotateSecret: boolean
  /** Written when all ports are open, removed at the end. */
  readonly readyFile: string | null
  /** libpq’s password files that know the local passwords while the ports are open. */
  readonly passwordFiles: readonly string[]
  /** A kubeconfig that has a context for each cluster while the ports are open; null: none. */
  readonly kubeconfig: string | null
  readonly version: string
  readonly signal: AbortSignal
  /** All ports are open, and their connection strings told. */
  onReady(endpoints: readonly Endpoint[], sessions: ReadonlyMap<string, OpenSessionResponse>): Promise<void>
}
/** What `connect` tells while it runs. */
export interface ConnectNews extends Omit<LinkNews, 'restored'> {
  ready(endpoint: Endpoint, session: string): void
  restored(): void
  event(connection: string, session: string, event: LiveEvent): void
  /** The gateway ended this session: its port is closed. */
  ended(connection: string, words: string): void
  trouble(connection: string, words: string): void
}

/** A gateway that stops ends sessions before tunnels: so long after the end of a session its tunnel must still stand for it to be that session’s own. */
const endOrLoss = 5_000

interface Door {
  readonly name: string
  readonly password: LocalPassword
  readonly listener: Listener
}

/** Opens a local port for each name and keeps it open until the signal aborts, or until the gateway has ended every session. */
export async function connect(device: Device, options: ConnectOptions, news: ConnectNews): Promise<void> {
  await device.tokens.accessToken()
  const pending = Promise.withResolvers<Link>()
  pending.promise.catch(() => {})
  const doors: Door[] = []
  let link: Link | null = null
  const following = new AbortController()
  const cleanUp: (() => Promise<void>)[] = []
  try {
    const known = options.socketFolder === null ? [] : await knownConnections(device, options.names)
    // ports first: one that is taken must not leave a session on the record
    for (const name of options.names) {
      const connection = known.find((each) => each.name === name) ?? { name, protocol: 'postgres' }
      doors.push(await openDoor(device, options, news, connection, pending.promise))
    }
    const watch = watcher(device, news, following.signal)
    const targets = doors.map(({ name, password }) => ({ connection: name, localSecret: password.verifier }))
    link = await openLink(device, {
      via: 'connect',
      localTls: options.localTls,
      reason: options.reason,
      version: options.version,
      targets,
      news: {
        interrupted: (words) => news.interrupted(words),
        resumed: () => news.resumed(),
        lost: (words) => news.lost(words),
        retrying: (error, delayMs) => news.retrying(error, delayMs),
        restored(sessions) {
          news.restored()
          watch.follow(sessions)
          // meanwhile it may have been renewed
          keepAuthority(device, sessions.values()).catch((error: unknown) => {
            for (const name of sessions.keys()) news.trouble(name, error instanceof Error ? error.message : String(error))
          })
        },
      },
    })
    pending.resolve(link)
    const sessions = link.sessions()
    const authority = await keepAuthority(device, sessions.values())
    const endpoints = await Promise.all(doors.map((door) => endpointAt(door, sessions, authority, device.home, cleanUp)))
    const databases = endpoints.filter(({ protocol }) => protocol === 'postgres')
    if (databases.length > 0)
      for (const path of options.passwordFiles) cleanUp.push(await addPasswords(path, device.lock, databases))
    if (options.kubeconfig !== null) cleanUp.push(await addContexts(options.kubeconfig, device.lock, configurationsOf(endpoints)))
    if (options.readyFile !== null) await writeReadyFile(options.readyFile, endpoints)
    for (const endpoint of endpoints) news.ready(endpoint, sessions.get(endpoint.connection)?.id ?? '')
    await options.onReady(endpoints, sessions)
    watch.start(link, doors)
    await Promise.race([link.failed, watch.allEnded, aborted(options.signal)])
  } finally {
    pending.reject(new HoopError('unavailable', 'the command has ended'))
    following.abort()
    if (options.readyFile !== null) await rm(options.readyFile, { force: true })
    const ends = await Promise.allSettled([
      ...doors.map(({ listener }) => listener.close()),
      link?.close(),
      ...cleanUp.map((undo) => undo()),
    ])
    for (const end of ends)
      if (end.status === 'rejected') news.trouble(options.names.join(', '), `not all was cleared away: ${end.reason}`)
  }
}

async function openDoor(
  device: Device,
  options: ConnectOptions,
  news: ConnectNews,
  connection: Pick<ConnectionSummary, 'name' | 'protocol'>,
  link: Promise<Link>,
): Promise<Door> {
  const { name } = connection
  const { home, gateway, lock } = device
  const folder = options.socketFolder
  const port = await stablePort({ home, gateway, connection: name, fixed: options.port, isFree })
  const listener = await openDoorway({
    place: folder === null ? port : { folder, name: socketName(connection, port), port, lock },
    anyUser: options.anyUser,
    answer: async (firstBytes) => {
      const protocol = (await link).sessions().get(name)?.connection.protocol
      return protocol === undefined ? null : answerAtOnce(protocol, firstBytes, options.localTls)
    },
    stream: async (firstBytes) => (await link).stream(name, firstBytes),
    onTrouble: (words) => news.trouble(name, words),
  })
  try {
    return { name, listener, password: await localPassword(device, name, options.rotateSecret) }
  } catch (error) {
    await listener.close()
    throw error
  }
}

function endpointAt(
  { name, listener, password }: Door,
  sessions: ReadonlyMap<string, OpenSessionResponse>,
  authority: string | null,
  home: string,
  cleanUp: (() => Promise<void>)[],
): Promise<Endpoint> {
  const session = sessions.get(name)
  if (!session) throw new Error(`no session for ${name}`)
  // two gateways may both have a connection of this name; a port is of one of them only
  const folder = join(statePaths(home).configurations, String(listener.port))
  cleanUp.push(() => rm(folder, { recursive: true, force: true }))
  return endpointOf(session, { listener, password: password.secret, authority, folder })
}

function configurationsOf(endpoints: readonly Endpoint[]): string[] {
  const files = endpoints.flatMap(({ protocol, configuration }) =>
    protocol === 'kubernetes' && configuration !== null ? [configuration] : [],
  )
  if (files.length > 0) return files
  throw new HoopError('invalid_request', '--kubeconfig is for connections that speak kubernetes, and none of these does', {
    hint: 'leave it out, or see hoop ls',
  })
}

/** Follows the records of the sessions; closes the port of a session that the gateway ends. */
function watcher(device: Device, news: ConnectNews, signal: AbortSignal) {
  const { promise: allEnded, reject } = Promise.withResolvers<never>()
  allEnded.catch(() => {})
  const open = new Map<string, Door>()
  let link: Link | null = null

  async function followOne(connection: string, session: string): Promise<void> {
    const words = await followToEnd(device, session, signal, (event) => news.event(connection, session, event))
    // with the tunnel all sessions end: that is told, and repaired, elsewhere
    if (words === null || !link || !(await link.staysUp(endOrLoss)) || link.sessions().get(connection)?.id !== session) return
    news.ended(connection, words)
    await open.get(connection)?.listener.close()
    open.delete(connection)
    if (open.size === 0) reject(new HoopError('connection_unavailable', 'the gateway has ended every session', { hint: words }))
  }
  function follow(sessions: ReadonlyMap<string, OpenSessionResponse>): void {
    for (const [connection, { id }] of sessions) {
      followOne(connection, id).catch((error: unknown) => {
        if (!signal.aborted)
          news.trouble(connection, `what happens cannot be shown: ${error instanceof Error ? error.message : error}`)
      })
    }
  }
  return {
    allEnded,
    follow,
    start(started: Link, doors: readonly Door[]): void {
      link = started
      for (const door of doors) open.set(door.name, door)
      follow(started.sessions())
    },
  }
}

/** Hands over each event once, over as many requests as it takes; the words of the session's end, or null if it was not seen. */
async function followToEnd(device: Device, session: string, signal: AbortSignal, hand: (event: LiveEvent) => void) {
  let after = -1
  for (let failures = 0; !signal.aborted && failures < 8; failures++) {
    try {
      for await (const event of liveEvents(device, { session, after, signal })) {
        failures = 0
        if ('seq' in event) after = event.seq
        hand(event)
        if (event.type === 'session.closed') return event.words
      }
    } catch (error) {
      if (!(error instanceof HoopError) || error.code !== 'unavailable') throw error
    }
    // A record that could not be written to its end has no last event: then the list of sessions knows the words.
    const words = await wordsOfEnd(device, session)
    if (words !== null) return words
    await delay(250 * 2 ** failures, undefined, { signal, ref: false }).catch(() => {})
  }
  return null
}

/** Null: the session is open, or nobody can tell now. */
async function wordsOfEnd(device: Device, session: string): Promise<string | null> {
  const found = await findSession(device, session).catch(() => null)
  return found?.state === 'closed' ? (found.words ?? 'the session has ended') : null
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
