import type { Maybe, Way } from '@hoop/contracts'

/** What a stream behind an upgrade carries: of a remote command, or (`data`, `error`) of a forwarded port. */
export type StreamChannel = 'stdin' | 'stdout' | 'stderr' | 'error' | 'resize' | 'data'

/** Bytes of one stream, before they move on. They come in any cut. */
export interface StreamEvent {
  readonly channel: StreamChannel
  /** The pod's port, of a forwarded one. */
  readonly port?: number
  /** Which connection to that port, where the protocol tells several apart. */
  readonly connection?: string
  readonly way: Way
  readonly bytes: Buffer
}

/** Sends bytes on the stream of an event, at any later time; when that is over, they go nowhere. */
export type SendBytes = (bytes: Buffer) => Maybe<void>

/** What moves on in place of the bytes; null: nothing. A promise is back-pressure; what it throws ends the relay. */
export type OnStreamEvent = (event: StreamEvent, send: SendBytes) => Maybe<Buffer | null>

/** What was upgraded. */
export type UpgradePurpose =
  | { readonly kind: 'remote-command' }
  | {
      readonly kind: 'port-forward'
      /** The ports that the request names (`?ports=`), in order: its channels are numbered by them. Over SPDY each stream names its own. */
      readonly ports: readonly number[]
      /** Whether a port may be forwarded that a stream of SPDY names; those that the request names were judged with it. */
      mayForward(port: number): Maybe<boolean>
    }

/** Which way bytes may go on a channel. */
export function mayGo(channel: StreamChannel, way: Way): boolean {
  if (channel === 'data') return true
  return (channel === 'stdin' || channel === 'resize') === (way === 'up')
}
