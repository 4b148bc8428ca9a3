import type { Duplex } from 'node:stream'
import type { Maybe } from '@hoop/contracts'
import type { RelayEnd } from '../http/relay-end.ts'
import { webSocketStream } from '../http/websocket-stream.ts'
import { type ChannelProtocol, channelProtocol } from './channels.ts'
import { relayChannels } from './channels-relay.ts'
import { failedStatus, RemoteCommandEnd, type RemoteCommandStatus } from './remote-command-status.ts'
import { relaySpdy } from './spdy-relay.ts'
import type { OnStreamEvent, UpgradePurpose } from './stream-event.ts'

/** What is spoken behind a 101. */
export type UpgradedProtocol =
  | { readonly transport: 'spdy' | 'spdy-in-websocket'; readonly version: number }
  | { readonly transport: 'channels'; readonly channels: ChannelProtocol }

/**
 * What was agreed on: `websocket` with the name in Sec-WebSocket-Protocol, `spdy/3.1` with the one in X-Stream-Protocol-Version. Null: it is
 * nothing that can be relayed, and must not be asked of the backend. No name: the oldest version.
 */
export function upgradedProtocol(upgrade: string, name: string | null, purpose: UpgradePurpose['kind']): UpgradedProtocol | null {
  if (upgrade === 'spdy/3.1') {
    const version = purpose === 'port-forward' ? forwardVersion(name ?? portForward) : commandVersion(name)
    return version === null ? null : { transport: 'spdy', version }
  }
  if (upgrade !== 'websocket') return null
  if (purpose === 'port-forward' && name?.startsWith(tunnel)) {
    const version = forwardVersion(name.slice(tunnel.length))
    return version === null ? null : { transport: 'spdy-in-websocket', version }
  }
  const channels = channelProtocol(name ?? 'channel.k8s.io')
  if (channels === null || (purpose === 'port-forward' && name !== null && channels.version !== 4)) return null
  return { transport: 'channels', channels }
}

const portForward = 'portforward.k8s.io'
/** SPDY in the binary messages of a WebSocket. */
const tunnel = 'SPDY/3.1+'

function forwardVersion(name: string): number | null {
  return name === portForward ? 1 : null
}

/** Version 1 was never named. */
function commandVersion(name: string | null): number | null {
  if (name === null) return 1
  const version = /^v([2-5])\.channel\.k8s\.io$/.exec(name)?.[1]
  return version === undefined ? (name === 'channel.k8s.io' ? 1 : null) : Number(version)
}

export interface UpgradedOptions {
  readonly protocol: UpgradedProtocol
  readonly purpose: UpgradePurpose
  readonly caller: Duplex
  /** What came behind the caller's request. */
  readonly callerHead: Buffer
  readonly backend: Duplex
  /** What came behind the backend's 101. */
  readonly backendHead: Buffer
  /** Ends the relay; its reason is a HoopError with words for the caller. */
  readonly signal: AbortSignal
  readonly onEvent: OnStreamEvent
  /** The backend ends a stream, or all: what a hook holds back of what came from there must leave before. */
  onEnding?(): Maybe<void>
}

export interface UpgradedEnd extends RelayEnd {
  /** Of a remote command; null: nothing said how it ended. */
  readonly exitCode: number | null
  /** Of a remote command; null: it is not known to have failed. */
  readonly error: RemoteCommandStatus | null
}

/** Relays what follows a 101 till its end, after which both sockets are gone and no hook runs. Rejects never: see `failure`. */
export async function relayUpgraded(options: UpgradedOptions): Promise<UpgradedEnd> {
  const { protocol, purpose } = options
  const version = protocol.transport === 'channels' ? protocol.channels.version : protocol.version
  const end = new RemoteCommandEnd(version)
  const onEvent: OnStreamEvent = (event, send) => {
    if (purpose.kind === 'remote-command' && event.channel === 'error') end.push(event.bytes)
    return options.onEvent(event, send)
  }
  const relayed = await relay({ ...options, onEvent }, version)
  return { ...relayed, ...end.result() }
}

function relay(options: UpgradedOptions, version: number): Promise<RelayEnd> {
  const { protocol, purpose, caller, callerHead, backend, backendHead, signal, onEvent } = options
  if (protocol.transport === 'channels') return relayChannels({ ...options, protocol: protocol.channels })
  const nothing = Buffer.alloc(0)
  const sockets =
    protocol.transport === 'spdy'
      ? { caller, callerHead, backend, backendHead }
      : {
          ...{ caller: webSocketStream(caller, callerHead, 'client'), callerHead: nothing },
          ...{ backend: webSocketStream(backend, backendHead, 'server'), backendHead: nothing },
        }
  const lastError = purpose.kind === 'remote-command' ? { lastError: (words: string) => failedStatus(version, words) } : {}
  const ending = options.onEnding === undefined ? {} : { onEnding: options.onEnding }
  return relaySpdy({ ...sockets, signal, purpose, onEvent, ...ending, ...lastError })
}
