import type { Operation, ProtocolName } from '@hoop/contracts'
import type { ServeContext, Upstream, Upstreams } from './protocol.ts'

/** What a protocol may ask of the product to read texts that nobody sends. */
export interface ReadingContext<U extends Upstream = Upstream>
  extends Pick<ServeContext<U>, 'upstream' | 'dial' | 'warn' | 'signal' | 'profile'> {
  /** Null: the connection's first. */
  readonly database: string | null
}

/** What a text would do, as a new session reads it: without parameters, and without names that only a session has. Rejects with a HoopError. */
export type ReadText = (text: string) => Promise<Operation>

/** Looks up what names mean once, for all texts that are read then. Rejects with a HoopError. */
export type OpenReading<U extends Upstream> = (context: ReadingContext<U>) => Promise<ReadText>
export type Readings = { readonly [P in ProtocolName]: OpenReading<Upstreams[P]> }
