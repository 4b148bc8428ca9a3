import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { OpenSessionResponse } from '@hoop/contracts'
import { OperationTracker, type OperationView } from '../present/operations.ts'
import { statePaths } from '../state/folder.ts'
import { holdFolder } from '../state/held-folder.ts'
import type { Device } from './device.ts'
import { openDoorway } from './doorway.ts'
import {
  answerAtOnce,
  type Endpoint,
  endpointOf,
  environmentOf,
  hasConfiguration,
  localPassword,
  socketName,
} from './endpoints.ts'
import { askedOperations, execReport, writeReport } from './exec-report.ts'
import { type Link, type LinkNews, openLink } from './link.ts'
import { keepAuthority } from './local-authority.ts'
import { liveEvents } from './record.ts'
import { type Command, runCommand } from './run-command.ts'

/** What PostgreSQL's clients take where no port is given. */
const socketNumber = 5432

export interface ExecOptions {
  readonly name: string
  readonly reason: string | null
  readonly anyUser: boolean
  readonly localTls: boolean
  /** Folder for Unix sockets, in place of a port; null: a port. */
  readonly socketFolder: string | null
  /** Written at the end: what was refused and held; null: none. */
  readonly report: string | null
  readonly version: string
}
export interface ExecNews extends Omit<LinkNews, 'restored'> {
  restored(): void
  trouble(words: string): void
  /** An operation waits for a person, or was decided. */
  waiting(view: OperationView): void
}

/** What is done while the connection is open; gives the exit code. */
export type ExecWork = (endpoint: Endpoint, sessions: ReadonlySet<string>) => Promise<number>

/** Runs a command with the connection in its environment; 128+n if signal n ended it. */
export const commandWork =
  (command: Command): ExecWork =>
  (endpoint) =>
    runCommand(command, environmentOf(endpoint))

/** Opens a connection for one piece of work; gives that one's exit code. */
export async function exec(device: Device, options: ExecOptions, news: ExecNews, work: ExecWork): Promise<number> {
  const { name, report, anyUser, localTls, socketFolder, reason, version } = options
  const { secret, verifier } = await localPassword(device, name, false)
  const sessions = new Set<string>()
  const ended = new AbortController()
  const link = await openLink(device, {
    via: 'exec',
    reason,
    version,
    localTls,
    targets: [{ connection: name, localSecret: verifier }],
    news: {
      ...news,
      restored(all) {
        for (const { id, connection } of all.values()) {
          sessions.add(id)
          void tellWaiting(device, { id, connection }, ended.signal, news)
        }
        news.restored()
      },
    },
  })
  const own = socketFolder === null ? null : await ownFolder(socketFolder)
  const clearAway: (() => Promise<void>)[] = []
  try {
    const place =
      own === null
        ? 0
        : {
            folder: own,
            name: socketName(sessionOf(link, name).connection, socketNumber),
            port: socketNumber,
            lock: device.lock,
          }
    const listener = await openDoorway({
      place,
      anyUser,
      answer: async (first) => answerAtOnce(sessionOf(link, name).connection.protocol, first, localTls),
      stream: (first) => link.stream(name, first),
      onTrouble: news.trouble,
    })
    try {
      const session = sessionOf(link, name)
      const authority = await keepAuthority(device, [session])
      sessions.add(session.id)
      void tellWaiting(device, session, ended.signal, news)
      const { configurations } = statePaths(device.home)
      const folder = join(configurations, session.id)
      if (hasConfiguration(session.connection.protocol)) clearAway.push(await holdFolder(configurations, session.id))
      const endpoint = await endpointOf(session, { listener, password: secret, authority, folder })
      const exit = await work(endpoint, sessions)
      if (report !== null) {
        const about = { connection: name, sessions: [...sessions], exit }
        await writeReport(report, execReport(about, await askedOperations(device, sessions)))
      }
      return exit
    } finally {
      await listener.close()
    }
  } finally {
    ended.abort()
    await link.close()
    if (own !== null) await rm(own, { recursive: true, force: true })
    for (const clear of clearAway) await clear()
  }
}

/** PostgreSQL tells its client by a notice; other protocols have no place for it, and the command just waits. */
async function tellWaiting(
  device: Device,
  { id, connection }: Pick<OpenSessionResponse, 'id' | 'connection'>,
  signal: AbortSignal,
  news: ExecNews,
): Promise<void> {
  if (connection.protocol === 'postgres') return
  const tracker = new OperationTracker()
  try {
    for await (const event of liveEvents(device, { session: id, after: -1, signal })) {
      const view = event.type === 'passed' ? null : tracker.add(event)
      if (view !== null && (event.type === 'held' || event.type === 'decided')) news.waiting(view)
    }
  } catch (error) {
    if (!signal.aborted) news.trouble(`what is held cannot be shown: ${error instanceof Error ? error.message : error}`)
  }
}

/** Each run has a folder of its own: several may run at once, and none has a number of its own. */
async function ownFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  return await mkdtemp(join(parent, 'exec-'))
}

function sessionOf(link: Link, name: string) {
  const session = link.sessions().get(name)
  if (!session) throw new Error(`no session for ${name}`)
  return session
}
