import type { Duplex } from 'node:stream'
import type { Channel, Identity, MaskPlan, Maybe, Operation, Refusal, Way } from '@hoop/contracts'
import type { Header } from '../protocol.ts'
import type { BodyRewriter } from './body-rewriter.ts'
import type { RelayEnd } from './relay-end.ts'
import type { HttpRequest, RequestBody } from './request.ts'

/** A whole answer of the gateway's own. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: readonly Header[]
  readonly body: string
}

/** Why the gateway answers in the backend's place: what is wrong with the request, or with the way to the backend. */
export interface HttpFailure {
  readonly status: number
  readonly message: string
  /** What to do next; null: nothing can be done here. */
  readonly hint: string | null
}

/** The beginning of an answer, as it came. */
export interface AnswerHead {
  readonly status: number
  /** As it stands in the header, in lower case; null: there is none. */
  readonly contentType: string | null
}

/** A socket behind a 101, and what came with it. */
export interface UpgradeSocket {
  readonly socket: Duplex
  readonly head: Buffer
}

export interface UpgradeEnds {
  readonly caller: UpgradeSocket
  readonly backend: UpgradeSocket
  /** Ends the relay; its reason is a HoopError with words for the caller. */
  readonly signal: AbortSignal
  /** Asks the gate for what is asked behind the 101, as a connection to one more port; whether it may be. */
  admit(operation: Operation): Promise<boolean>
  /** Puts bytes on the record before they move on; the promise is back-pressure. */
  record(way: Way, bytes: Buffer, channel?: Channel): Maybe<void>
}

/** Runs what follows a 101 until its end. Rejects never: see `failure`. `tag`: how it ended, in the protocol's words. */
export type UpgradeRelay = (ends: UpgradeEnds) => Promise<RelayEnd & { readonly tag?: string }>

/** What a protocol that is spoken over HTTP supplies to the core. */
export interface HttpDialect {
  /** Whether calls of gRPC go to the backend as such, over HTTP/2; otherwise they are requests like any other. */
  readonly grpc: boolean
  /** A body in a form that can be judged: what it gives is judged, and sent in place of what came. Left out: bodies stay as they are. */
  readable?(request: HttpRequest, body: RequestBody): Maybe<RequestBody>
  /** What the operation does. Pure; throws nothing: what it cannot read is `unknown` or `refused`. */
  operation(request: HttpRequest, body: RequestBody): Operation
  /**
   * The request as it is to be sent: headers and target (negotiation, impersonation), without the gateway's own credential. `operationId`: by which
   * the backend's log may know it.
   */
  forward(
    request: HttpRequest,
    identity: Identity,
    operationId: string,
  ): { readonly target: string; readonly headers: readonly Header[] }
  /** How the body of an answer is shown while it streams. `identity`: nothing in it is masked. `refuse`: it cannot be shown; words why. */
  results(
    request: HttpRequest,
    operation: Operation,
    answer: AnswerHead,
    masks: MaskPlan,
  ): BodyRewriter | 'identity' | { readonly refuse: string }
  /** What reads and writes behind a 101; null: nothing that can be read was agreed on. `answer`: the 101's headers, as they came. */
  upgraded(request: HttpRequest, operation: Operation, answer: readonly Header[], masks: MaskPlan): UpgradeRelay | null
  /** A no of the gate, in the protocol's own form. */
  refusal(refusal: Refusal, request: HttpRequest, sessionId: string): HttpAnswer
  failure(failure: HttpFailure, sessionId: string): HttpAnswer
}
