import type { ColumnRef, DoctorFinding, ProtocolName } from '@hoop/contracts'
import type { ServeContext, Upstream, Upstreams } from './protocol.ts'

/** What a protocol may ask of the product to look at a backend. */
export interface ExamineContext<U extends Upstream = Upstream> {
  /** The backend's account, its secret resolved for this use. */
  readonly upstream: U
  /** The path that sessions use. */
  readonly dial: ServeContext['dial']
  /** Whatever has not been looked at by then is reported as not checked. */
  readonly signal: AbortSignal
  /** Takes each finding as soon as there is one. */
  report(finding: DoctorFinding): void
}

export interface Examination {
  /** Whether a login to the default database worked. */
  readonly available: boolean
  /** The columns of each offered database whose catalogue could be read, the system's own left out. */
  readonly columns: ReadonlyMap<string, readonly ColumnRef[]>
}

/** Looks at a backend without changing anything there. Rejects with our own faults only. */
export type Examine<U extends Upstream> = (context: ExamineContext<U>) => Promise<Examination>
export type Examiners = { readonly [P in ProtocolName]: Examine<Upstreams[P]> }
