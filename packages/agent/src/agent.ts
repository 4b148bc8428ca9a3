import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { agentPaths, apiErrors, type DialAnswer, type DialTarget, HoopError } from '@hoop/contracts'
import { connectTunnel, type ProxyEnvironment, resetCodes, StreamReset, type Tunnel } from '@hoop/tunnel'
import type { AllowList } from './allow-list.ts'
import { AgentKey } from './key.ts'
import { Membership, type TokenSource } from './membership.ts'
import { serveStream } from './serve-stream.ts'
import { lockState } from './state-lock.ts'

/** Milliseconds between looks at the credential, which is renewed at half of its time. */
const lookEvery = 30_000
/** Milliseconds between tries to connect, at most. */
const longestPause = 30_000
const firstPause = 200
/** Milliseconds between signs of life. */
const keepAlive = 5000
/** Milliseconds that streams stand still without a network before they end. */
const patience = 20_000
/** Milliseconds after which a tunnel that ends was a good one: the next try is made at once. */
const steadyAfter = 10_000

export type AgentEvent =
  | { readonly event: 'joined' | 'online'; readonly id: string; readonly words: string }
  | { readonly event: 'lost' | 'resumed' | 'offline' | 'not-renewed'; readonly words: string }
  | { readonly event: 'dialled'; readonly target: string; readonly answer: DialAnswer }

export interface AgentOptions {
  /** The gateway's origin, http or https. */
  readonly gateway: string
  readonly name: string
  readonly token: TokenSource
  readonly allow: AllowList
  /** Folder of the key; made at first use. */
  readonly state: string
  readonly version: string
  /** May name a proxy on the way to the gateway. */
  readonly proxies?: ProxyEnvironment
  readonly onEvent: (event: AgentEvent) => void
  /** Ends the agent. */
  readonly signal: AbortSignal
}

/**
 * Runs an agent until the signal aborts. While the gateway cannot be reached it tries again for ever.
 * @throws HoopError when the gateway will have nothing to do with it, or what it was given cannot be used
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { signal } = options
  const key = await AgentKey.of(options.state)
  const unlock = await lockState(options.state)
  try {
    const { gateway, name, token, version, onEvent } = options
    const onJoined = (id: string) => onEvent({ event: 'joined', id, words: `joined as ${name}` })
    const onNotRenewed = (words: string) => onEvent({ event: 'not-renewed', words })
    const host = hostname().slice(0, 255)
    const membership = new Membership({ gateway, name, key, token, version, host, onJoined, onNotRenewed })
    await stayOnline(membership, options)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await unlock()
  }
}

async function stayOnline(membership: Membership, options: AgentOptions): Promise<void> {
  const { signal, onEvent } = options
  let wasOnline = false
  for (let attempt = 0; ; attempt++) {
    const began = performance.now()
    try {
      const tunnel = await open(membership, options)
      wasOnline = true
      const { words } = await whileOnline(tunnel, membership, signal)
      onEvent({ event: 'offline', words })
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof HoopError) || isFinal(error, wasOnline)) throw error
      if (error.code === 'invalid_token') membership.forget()
      onEvent({ event: 'offline', words: error.message })
    }
    signal.throwIfAborted()
    if (performance.now() - began > steadyAfter) attempt = 0
    // Full jitter: many agents that lost one gateway do not come back in step.
    await delay(Math.random() * Math.min(longestPause, firstPause * 2 ** attempt), undefined, { signal })
  }
}

async function open(membership: Membership, { gateway, name, allow, proxies, onEvent, signal }: AgentOptions): Promise<Tunnel> {
  const tunnel = await connectTunnel({
    url: `${gateway.replace(/^http/, 'ws')}${agentPaths.tunnel}`,
    authorize: (url) => membership.authorize(url),
    keepAlive,
    patience,
    proxies,
    signal,
    onLost: (words) => onEvent({ event: 'lost', words }),
    onResumed: () => onEvent({ event: 'resumed', words: 'the streams go on' }),
    onStream: (header, stream) => {
      if (!('dial' in header)) throw new StreamReset(resetCodes.refused, 'an agent is asked to dial, and nothing else')
      const target = nameOf(header.dial)
      void serveStream(header.dial, stream, allow, (answer) => onEvent({ event: 'dialled', target, answer }))
    },
  })
  onEvent({ event: 'online', id: membership.id, words: `online as ${name} at ${gateway}` })
  return tunnel
}

/** Until the tunnel ends; the credential is kept from running out, so that it does not. */
async function whileOnline(tunnel: Tunnel, membership: Membership, signal: AbortSignal): Promise<{ readonly words: string }> {
  const stop = () => tunnel.close('The agent is stopping.')
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  // A renewal that fails is told by the membership, and tried again.
  const renewal = setInterval(() => void membership.credential().catch(() => undefined), lookEvery)
  try {
    return await tunnel.closed
  } finally {
    clearInterval(renewal)
    signal.removeEventListener('abort', stop)
  }
}

/** Whether trying again leads nowhere: it was revoked, or what it was given from the start is wrong. */
function isFinal({ code }: HoopError, wasOnline: boolean): boolean {
  return code === 'no_access' || code === 'conflict' || (!wasOnline && apiErrors[code].status < 429 && code !== 'not_found')
}

function nameOf(target: DialTarget): string {
  if ('path' in target) return `unix:${target.path}`
  return target.host.includes(':') ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`
}
