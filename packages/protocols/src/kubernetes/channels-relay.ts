import type { Maybe, Way } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import type { RelayEnd } from '../http/relay-end.ts'
import type { WebSocketPiece } from '../http/websocket-frames.ts'
import { relayWebSocket, type WebSocketRelayOptions } from '../http/websocket-relay.ts'
import { type ChannelMessage, type ChannelProtocol, ChannelReader, channelMessage } from './channels.ts'
import { type PortChannels, portChannels } from './port-forward-channels.ts'
import { failedStatus } from './remote-command-status.ts'
import {
  mayGo,
  type OnStreamEvent,
  type SendBytes,
  type StreamChannel,
  type StreamEvent,
  type UpgradePurpose,
} from './stream-event.ts'

/** The channels of a remote command, by number. */
const commandChannels = ['stdin', 'stdout', 'stderr', 'error', 'resize'] as const satisfies readonly StreamChannel[]
const errorChannel = commandChannels.indexOf('error')

export interface ChannelRelayOptions
  extends Pick<WebSocketRelayOptions, 'caller' | 'callerHead' | 'backend' | 'backendHead' | 'signal' | 'onEnding'> {
  readonly protocol: ChannelProtocol
  readonly purpose: UpgradePurpose
  readonly onEvent: OnStreamEvent
}

/**
 * Relays a WebSocket of channels. A message that comes in pieces goes on as several: a channel is a stream of bytes, and the server of
 * Kubernetes takes each fragment for a message.
 */
export async function relayChannels(options: ChannelRelayOptions): Promise<RelayEnd> {
  const { protocol, purpose, onEvent, ...sockets } = options
  const readers = { up: new ChannelReader(protocol), down: new ChannelReader(protocol) }
  const ports = purpose.kind === 'port-forward' ? portChannels(purpose.ports) : null
  const type = protocol.base64 ? 'text' : 'binary'
  const moved = { up: 0, down: 0 }
  const move = (channel: number, event: StreamEvent, before: Buffer, send: SendBytes): Maybe<Buffer | null> => {
    const written = (bytes: Buffer | null): Buffer | null => {
      moved[event.way] += bytes?.length ?? 0
      const all = before.length === 0 ? bytes : Buffer.concat([before, bytes ?? Buffer.alloc(0)])
      return all === null ? null : channelMessage(protocol, { kind: 'bytes', channel, bytes: all })
    }
    // An empty message says only that its channel is there.
    if (event.bytes.length === 0) return written(event.bytes)
    const answer = onEvent(event, (bytes) => {
      moved[event.way] += bytes.length
      return send(channelMessage(protocol, { kind: 'bytes', channel, bytes }))
    })
    return answer instanceof Promise ? answer.then(written) : written(answer)
  }
  const { failure } = await relayWebSocket({
    ...sockets,
    pieces: 'messages',
    onPiece(piece: WebSocketPiece, way: Way, send: SendBytes): Maybe<Buffer | null> {
      const message = readers[way].read(piece)
      if (message === null) return piece.bytes
      if (message.kind === 'close') return channelMessage(protocol, checkedClose(message, way, purpose))
      const { channel, bytes } = message
      if (ports === null) return move(channel, commandEvent(channel, way, bytes), Buffer.alloc(0), send)
      const { event, preface } = portEvent(ports, channel, way, bytes)
      return move(channel, event, preface, send)
    },
    lastMessage(words) {
      if (ports !== null) return null
      const bytes = failedStatus(protocol.version, words)
      return { type, bytes: channelMessage(protocol, { kind: 'bytes', channel: errorChannel, bytes }) }
    },
  })
  return { bytesUp: moved.up, bytesDown: moved.down, failure }
}

function commandEvent(channel: number, way: Way, bytes: Buffer): StreamEvent {
  return checkedEvent({ channel: known(commandChannels[channel], channel), way, bytes })
}

function portEvent(ports: PortChannels, channel: number, way: Way, bytes: Buffer): { event: StreamEvent; preface: Buffer } {
  const stream = known(ports.stream(channel), channel)
  const preface = way === 'down' ? ports.preface(channel, bytes) : bytes.subarray(0, 0)
  return { event: checkedEvent({ ...stream, way, bytes: bytes.subarray(preface.length) }), preface }
}

function known<T>(value: T | null | undefined, channel: number): T {
  if (value === undefined || value === null) throw new ProtocolViolation(`a message for channel ${channel}, which there is not`)
  return value
}

function checkedEvent(event: StreamEvent): StreamEvent {
  if (event.bytes.length > 0 && !mayGo(event.channel, event.way)) {
    throw new ProtocolViolation(`bytes for ${event.channel} from the wrong side`)
  }
  return event
}

function checkedClose(message: ChannelMessage, way: Way, { kind }: UpgradePurpose): ChannelMessage {
  if (way === 'down' || kind !== 'remote-command' || commandChannels[message.channel] !== 'stdin') {
    throw new ProtocolViolation(`a close signal for channel ${message.channel}, which only stdin may have, from its client`)
  }
  return message
}
