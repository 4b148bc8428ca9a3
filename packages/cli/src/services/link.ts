import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { OpenSessionResponse, type ScramVerifier } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { connectTunnel, type Tunnel } from '@hoop/tunnel'
import { authorization } from '../gateway/client.ts'
import type { Device } from './device.ts'

export interface LinkTarget {
  readonly connection: string
  readonly localSecret: ScramVerifier
}
/** What happens to the link after it was opened. */
export interface LinkNews {
  /** The network is away: streams stand still, and go on when it is back within a minute or so. */
  interrupted(words: string): void
  resumed(): void
  /** The tunnel has ended, and its streams; another is opened. */
  lost(words: string): void
  /** A try to reconnect failed; the next is in so many milliseconds. */
  retrying(error: HoopError, delayMs: number): void
  /** The link stands again, with new sessions. */
  restored(sessions: ReadonlyMap<string, OpenSessionResponse>): void
}
export interface LinkOptions {
  readonly via: 'connect' | 'exec'
  readonly reason: string | null
  readonly version: string
  readonly targets: readonly LinkTarget[]
  /** Offer TLS to local programs. */
  readonly localTls: boolean
  readonly news: LinkNews
}

/**
 * One tunnel and a session for each connection, restored when the tunnel is lost. Of a gateway that goes away, streams may still come to their
 * end while new ones take the new tunnel.
 */
export interface Link {
  /** By connection; replaced when the link is restored. */
  sessions(): ReadonlyMap<string, OpenSessionResponse>
  /** Opens a stream to a connection; waits a while for a link that is being restored. */
  stream(connection: string, firstBytes: Buffer): Promise<Duplex>
  /** Rejects when the link cannot be restored: the login has ended, access is gone. */
  readonly failed: Promise<never>
  /** Whether the tunnel that stands now stays for so long: tells the end of a session from the loss of all. */
  staysUp(milliseconds: number): Promise<boolean>
  /** Ends the sessions and closes the tunnel. */
  close(): Promise<void>
}

interface Up {
  /** Between `interrupted` and `resumed`. */
  readonly network: { away: boolean }
  readonly tunnel: Tunnel
  readonly sessions: ReadonlyMap<string, OpenSessionResponse>
}

/** How long a local socket waits for a link that is being restored. */
const restorePatience = 20_000
const endPatience = 3_000
/** Between tries to restore the link. */
const longestPause = 5_000
/** How often the access token is looked at: more often than the margin within which it is renewed. */
const tokenCheck = 20_000

/** Opens the tunnel and the sessions. Rejects with the first refusal; nothing is left open then. */
export async function openLink(device: Device, options: LinkOptions): Promise<Link> {
  const stopping = new AbortController()
  let up: Up = await establish(device, options, stopping.signal)
  let standing: Promise<Up> = Promise.resolve(up)
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {})

  const left = new Set<Up>()
  function leave(old: Up): void {
    left.add(old)
    void old.tunnel.closed.then(() => left.delete(old))
  }

  async function keepUp(): Promise<void> {
    while (!stopping.signal.aborted) {
      const { words } = await Promise.race([up.tunnel.closed, up.tunnel.goingAway])
      if (stopping.signal.aborted) return
      leave(up)
      options.news.lost(words)
      standing = restore(device, options, stopping.signal)
      standing.catch(() => {})
      up = await standing
      options.news.restored(up.sessions)
    }
  }
  const keeping = keepUp().catch((error: unknown) => {
    if (!stopping.signal.aborted) failure.reject(error)
  })

  void keepTokenFresh(device, stopping.signal)

  return {
    sessions: () => up.sessions,
    failed: failure.promise,
    async stream(connection, firstBytes) {
      const { tunnel, sessions } = await within(standing, restorePatience)
      const session = sessions.get(connection)
      if (!session) throw new Error(`no session for ${connection}`)
      return tunnel.openStream({ session: session.id }, firstBytes)
    },
    staysUp: (milliseconds) => {
      const { tunnel, network } = up
      const gone = Promise.race([tunnel.closed, tunnel.goingAway]).then(() => false)
      return Promise.race([gone, delay(milliseconds, undefined, { ref: false }).then(() => !network.away)])
    },
    async close() {
      stopping.abort()
      const all = [up, ...left]
      await endSessions(
        device,
        all.flatMap(({ sessions }) => [...sessions.values()]),
      )
      for (const { tunnel } of all) tunnel.close('the command has ended')
      await keeping
    },
  }
}

async function establish(
  device: Device,
  { targets, localTls, via, reason, version, news }: LinkOptions,
  signal: AbortSignal,
): Promise<Up> {
  const tunnelId = randomUUID()
  const network = { away: false }
  const tunnel = await connectTunnel({
    url: tunnelUrl(device.gateway, tunnelId),
    authorize: async (url) =>
      await authorization(device.key, { method: 'GET', url, accessToken: await device.tokens.accessToken() }),
    proxies: device.proxies,
    signal,
    onLost: (words) => {
      network.away = true
      news.interrupted(words)
    },
    onResumed: () => {
      network.away = false
      news.resumed()
    },
  })
  const client = { version, host: hostname() }
  const opened = await Promise.allSettled(
    targets.map(async ({ connection, localSecret }) => {
      const request = { connection, via, reason, client, tunnel: tunnelId, local_secret: localSecret, local_tls: localTls }
      return [connection, await device.client.post('/v1/sessions', request, OpenSessionResponse)] as const
    }),
  )
  const sessions = new Map(opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])))
  const refused = opened.find((result) => result.status === 'rejected')
  if (refused || signal.aborted) {
    await endSessions(device, sessions.values())
    tunnel.close('not all sessions could be opened')
    throw refused?.reason ?? signal.reason
  }
  return { tunnel, network, sessions }
}

/** Renews the access token before it ends, so that the login lives as long as the link. What fails here is told by the next call. */
async function keepTokenFresh(device: Device, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(tokenCheck, undefined, { signal, ref: false }).catch(() => {})
    if (!signal.aborted) await device.tokens.accessToken().catch(() => {})
  }
}

/** Tries until it stands: full jitter over a delay that doubles up to 5 s. Rejects with what trying again will not change. */
async function restore(device: Device, options: LinkOptions, signal: AbortSignal): Promise<Up> {
  for (let attempt = 0; ; attempt++) {
    const pause = Math.random() * Math.min(longestPause, 500 * 2 ** attempt)
    await delay(pause, undefined, { signal })
    try {
      return await establish(device, options, signal)
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error
      options.news.retrying(error, Math.min(longestPause, 500 * 2 ** (attempt + 1)))
    }
  }
}

function mayPass(error: unknown): error is HoopError {
  return (
    error instanceof HoopError && ['unavailable', 'connection_unavailable', 'too_many_requests', 'internal'].includes(error.code)
  )
}

/** Best effort and soon: a session that is not ended here ends with its tunnel. */
async function endSessions(device: Device, sessions: Iterable<OpenSessionResponse>): Promise<void> {
  const signal = AbortSignal.timeout(endPatience)
  await Promise.allSettled(
    Array.from(sessions, ({ id }) => device.client.tell(`/v1/sessions/${encodeURIComponent(id)}/end`, { reason: null }, signal)),
  )
}

function tunnelUrl(gateway: string, id: string): string {
  return new URL(`/v1/tunnel?id=${id}`, gateway.replace(/^http/, 'ws')).href
}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  const late = new AbortController()
  const tooLate = delay(milliseconds, undefined, { signal: late.signal }).then(() => {
    throw new HoopError('unavailable', 'the tunnel to the gateway is down')
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    late.abort()
  }
}
