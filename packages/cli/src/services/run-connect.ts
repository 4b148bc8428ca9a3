import type { OpenSessionResponse } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { untilSignal } from '../signals.ts'
import { removeLog } from '../state/background-logs.ts'
import { type Registration, register } from '../state/running.ts'
import type { RunningConnect } from '../state/running-connect.ts'
import { tellParent } from './background.ts'
import { type ConnectNews, type ConnectOptions, connect } from './connect.ts'
import type { Device } from './device.ts'
import { connectionString, type Endpoint, requirePostgres } from './endpoints.ts'
import { knownConnections } from './known-connections.ts'
import { type Openable, openInTerminal, openInWindow } from './open-program.ts'

export interface RunConnectOptions extends Omit<ConnectOptions, 'signal' | 'onReady'> {
  /** Ends after so many milliseconds. */
  readonly duration: number | null
  readonly program: Openable | null
  /** In the background: where the output goes; null: in the foreground. */
  readonly log: string | null
  /** What was answered so far; a parent that waits prints it. */
  answered(): readonly string[]
}

/**
 * A whole `hoop connect`: known to `hoop status` while it runs, ended by a signal, by its time, or by the program that it opened. Gives the exit code. What
 * goes wrong in the background is told to the parent that waits, too.
 */
export async function runConnect(
  openDevice: () => Promise<Device>,
  options: RunConnectOptions,
  news: ConnectNews,
): Promise<number> {
  try {
    return await run(await openDevice(), options, news)
  } catch (error) {
    if (error instanceof HoopError && options.log !== null) {
      const { code, message, hint } = error
      await tellParent({ kind: 'failed', code, message, hint })
    }
    throw error
  }
}

async function run(device: Device, options: RunConnectOptions, news: ConnectNews): Promise<number> {
  const { names, duration, log, program, passwordFiles } = options
  const over = duration === null ? null : AbortSignal.timeout(duration)
  const closed = new AbortController()
  const inTerminal = program === 'psql' || program === 'pgcli'
  // a program that has the terminal gets its signals, and we end with it
  const signalled = inTerminal ? null : untilSignal()
  const signals = [closed.signal, signalled, over].filter((signal) => signal !== null)
  if (program !== null)
    for (const connection of await knownConnections(device, names))
      requirePostgres(connection, `${program} cannot open it`, 'leave --open out')
  let opened: Promise<number> = Promise.resolve(0)
  const registered: Registration[] = []
  const tell = (tunnel: RunningConnect['tunnel']) => {
    for (const entry of registered)
      entry.update({ tunnel }).catch((error: unknown) => news.trouble(names.join(', '), String(error)))
  }

  async function onReady(endpoints: readonly Endpoint[], sessions: ReadonlyMap<string, OpenSessionResponse>): Promise<void> {
    registered.push(await register(device.home, entryOf(device, log, endpoints, sessions)))
    if (log !== null) await tellParent({ kind: 'ready', lines: [...options.answered()] })
    const [endpoint] = endpoints
    if (endpoint === undefined || program === null) return
    if (program === 'dbeaver') return await openInWindow(endpoint, passwordFiles[0] ?? '')
    opened = openInTerminal(program, endpoint)
    opened.catch(() => {}).then(() => closed.abort())
  }

  try {
    await connect(device, { ...options, signal: AbortSignal.any(signals), onReady }, withTunnel(news, tell))
    if (over?.aborted) for (const name of names) news.ended(name, 'the time of --duration is over')
    return await opened
  } finally {
    // ended as somebody wanted it: there is nothing to look up
    if (log !== null && signals.some((signal) => signal.aborted)) await removeLog(log)
    await Promise.all(registered.map((entry) => entry.end()))
  }
}

function entryOf(
  device: Device,
  log: string | null,
  endpoints: readonly Endpoint[],
  sessions: ReadonlyMap<string, OpenSessionResponse>,
): RunningConnect {
  return {
    pid: process.pid,
    gateway: device.gateway,
    since: new Date().toISOString(),
    background: log !== null,
    log,
    tunnel: 'up',
    endpoints: endpoints.map((endpoint) => ({
      connection: endpoint.connection,
      host: endpoint.host,
      port: endpoint.port,
      url: connectionString(endpoint, false),
      session: sessions.get(endpoint.connection)?.id ?? '',
      configuration: endpoint.configuration,
    })),
  }
}

/** The same news, with the tunnel's health told besides. */
function withTunnel(news: ConnectNews, tell: (tunnel: RunningConnect['tunnel']) => void): ConnectNews {
  return {
    ready: (endpoint, session) => news.ready(endpoint, session),
    interrupted(words) {
      tell('away')
      news.interrupted(words)
    },
    resumed() {
      tell('up')
      news.resumed()
    },
    lost(words) {
      tell('lost')
      news.lost(words)
    },
    retrying: (error, delayMs) => news.retrying(error, delayMs),
    restored() {
      tell('up')
      news.restored()
    },
    event: (connection, session, event) => news.event(connection, session, event),
    ended: (connection, words) => news.ended(connection, words),
    trouble: (connection, words) => news.trouble(connection, words),
  }
}
