import type { Identity, MaskPlan, Operation, Refusal } from '@hoop/contracts'
import type { HttpRequest, RequestBody } from './request.ts'

/** What a protocol that is spoken over HTTP supplies to the core. */
export interface HttpDialect {
  /** What the operation does. Pure; throws nothing: what it cannot read is `unknown` or `refused`. */
  operation(request: HttpRequest, body: RequestBody): Operation
  /** The request as it is to be sent: headers and target (negotiation, impersonation). */
  forward(
    request: HttpRequest,
    identity: Identity,
  ): { readonly target: string; readonly headers: readonly (readonly [string, string])[] }
  /** How the body of an answer is shown: per chunk, streaming. `identity`: nothing in it is masked. */
  results(
    request: HttpRequest,
    operation: Operation,
    answer: { readonly status: number; readonly contentType: string | null },
    masks: MaskPlan,
  ): BodyRewriter | 'identity' | { readonly refuse: string }
  refusal(
    refusal: Refusal,
    request: HttpRequest,
    sessionId: string,
  ): { readonly status: number; readonly headers: readonly (readonly [string, string])[]; readonly body: string }
}

export interface BodyRewriter {
  /** Takes bytes as they come (any cut), gives what may leave now. Throws BodyError for what cannot be read: nothing of it leaves. */
  write(chunk: Buffer): readonly Buffer[]
  /** The rest; throws BodyError where the body is cut off in the middle. */
  end(): readonly Buffer[]
  /** Values masked, by rule. */
  readonly masked: Readonly<Record<string, number>>
}
