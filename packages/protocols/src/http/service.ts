import type { Effect, Facts, FieldNode, MaskPlan, Operation, Refusal } from '@hoop/contracts'
import type { Header, HttpServiceUpstream } from '../protocol.ts'
import type { BodyRewriter } from './body-rewriter.ts'
import type { AnswerHead, HttpAnswer, HttpDialect, HttpFailure, UpgradeRelay } from './dialect.ts'
import { grpcRefusal, isGrpc } from './grpc.ts'
import { readJsonBody } from './json-body.ts'
import type { JsonDocument } from './json-document.ts'
import { operationText } from './operation-text.ts'
import type { HttpRequest, RequestBody, Unreadable } from './request.ts'
import { rewriterOf } from './results.ts'
import { isSecretName, secretParameters } from './secret-names.ts'
import { Templates } from './templates.ts'
import { WebSocketMasking } from './websocket-masking.ts'
import { relayWebSocket } from './websocket-relay.ts'

/** RFC 9110, section 9.2.1: what these ask for changes nothing. */
const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Any service that speaks HTTP, by its methods and paths. */
export class ServiceDialect implements HttpDialect {
  readonly grpc = true
  readonly #upstream: Pick<HttpServiceUpstream, 'basePath' | 'onlyListed'>
  readonly #templates: Templates

  constructor(upstream: Pick<HttpServiceUpstream, 'basePath' | 'onlyListed' | 'operations'>) {
    this.#upstream = upstream
    this.#templates = new Templates(upstream.operations)
  }

  operation(request: HttpRequest, body: RequestBody): Operation {
    const found = this.#templates.find(request)
    const path = pathOf(request)
    const resource = found?.operation.path ?? path
    const { text, bodyStart } = operationText(request, body)
    const json = readJsonBody(body)
    const effects: readonly Effect[] = found?.operation.effects ?? [effectOf(request)]
    const access = effects.includes('read') && effects.length === 1 ? 'read' : 'write'
    const called = calledBy(request)
    const facts: Facts = {
      verbs: [request.method],
      statements: 1,
      unbounded: false,
      destructive: request.method === 'DELETE',
      columns: [],
      request: {
        method: request.method,
        path,
        query: request.query,
        operation: found?.name ?? null,
        contentType: body.kind === 'none' ? null : (body.type?.split(';', 1)[0]?.trim() ?? null),
        body: json === null || 'unreadable' in json ? undefined : json.value,
      },
    }
    return {
      protocol: 'http',
      text,
      parameters: [],
      fingerprint: null,
      effects,
      objects: [{ kind: 'path', name: resource, access }, ...called.map((name) => ({ kind: 'grpc', name, access }))],
      functions: [],
      facts,
      literals: [
        ...secretsInQuery(request, text),
        ...secretsInForm(body, text, bodyStart),
        ...literalsOf(json, this.#names(request), { start: bodyStart, end: text.length }),
      ],
      runs: [],
      flows: [],
      parts: [],
      documents: this.#names(request),
      refused: this.#refused(found === null, request, json),
      unknownBecause: effects.includes('unknown') ? [`the connection does not say what ${request.method} ${resource} does`] : [],
    }
  }

  #refused(
    unlisted: boolean,
    request: HttpRequest,
    json: JsonDocument | { readonly unreadable: string } | null,
  ): Operation['refused'] {
    if (unlisted && this.#upstream.onlyListed)
      return {
        code: 'not_supported',
        words: `${request.method} ${pathOf(request)} is none of the operations that this connection offers`,
      }
    return json !== null && 'unreadable' in json ? { code: 'unreadable', words: json.unreadable } : null
  }

  forward(request: HttpRequest): ReturnType<HttpDialect['forward']> {
    // What is compressed, or comes in part, cannot be read; who conditions on what the backend has would learn of what is masked.
    const headers = request.headers.filter(([name]) => name !== 'accept-encoding' && name !== 'sec-websocket-extensions')
    return { target: `${this.#upstream.basePath}${request.target}`, headers: [...headers, ['accept-encoding', 'identity']] }
  }

  results(
    request: HttpRequest,
    _operation: Operation,
    answer: AnswerHead,
    masks: MaskPlan,
  ): BodyRewriter | 'identity' | { refuse: string } {
    return masks.empty ? 'identity' : rewriterOf(this.#fields(request, masks), answer, masks)
  }

  #fields(request: HttpRequest, masks: MaskPlan): (FieldNode | null)[] {
    return this.#names(request).map((name) => masks.fields(name))
  }

  /** Each name that masks may know the place by. */
  #names(request: HttpRequest): readonly string[] {
    const found = this.#templates.find(request)
    return [pathOf(request), ...calledBy(request), ...(found === null ? [] : [found.operation.path, found.name])]
  }

  upgraded(request: HttpRequest, _operation: Operation, _answer: readonly Header[], masks: MaskPlan): UpgradeRelay | null {
    // Masked fields cannot be found in messages whose form nobody knows.
    if (request.upgrade !== 'websocket' || this.#fields(request, masks).some((node) => node !== null)) return null
    return ({ caller, backend, signal, record }) => {
      const answers = masks.detectors && new WebSocketMasking(masks.detectors)
      return relayWebSocket({
        caller: caller.socket,
        callerHead: caller.head,
        backend: backend.socket,
        backendHead: backend.head,
        signal,
        onPiece: async (piece, way) => {
          const shown = way === 'down' && answers !== null ? answers.shown(piece) : piece.bytes
          if (shown.length > 0) await record(way, shown)
          return shown
        },
      })
    }
  }

  refusal(refusal: Refusal, { headers }: HttpRequest, sessionId: string): HttpAnswer {
    if (isGrpc(headers)) return grpcRefusal(refusal, sessionId)
    const { id, code, message, rule, detail, hint } = refusal
    const status = statusOf(code)
    return problem(status, { title: message, detail, code, rule, hint, operation: id, session: sessionId })
  }

  failure({ status, message, hint }: HttpFailure, sessionId: string): HttpAnswer {
    return problem(status, { title: message, ...(hint !== null && { hint }), session: sessionId })
  }
}

function pathOf({ segments, folder }: HttpRequest): string {
  return `/${segments.join('/')}${folder && segments.length > 0 ? '/' : ''}`
}

/** What a call of gRPC names: `package.Service/Method`. */
function calledBy({ headers, segments }: HttpRequest): readonly string[] {
  return isGrpc(headers) ? [segments.join('/')] : []
}

function effectOf({ method, upgrade, headers }: HttpRequest): Effect {
  // What goes both ways for as long as it likes can do anything.
  if (upgrade !== null) return 'session'
  // All calls are POST: it says nothing.
  if (isGrpc(headers)) return 'unknown'
  return safe.has(method) ? 'read' : 'write'
}

/** Every scalar of a JSON body; any other body as one, in which everything may stand. */
function literalsOf(
  json: JsonDocument | Unreadable | null,
  [resource = '', ...others]: readonly string[],
  body: { readonly start: number; readonly end: number },
): Operation['literals'] {
  if (json === null || 'unreadable' in json) {
    return body.end > body.start ? [{ ...body, sources: 'opaque', secret: false, field: { resource, others, path: [] } }] : []
  }
  return json.scalars.map(({ start, end, path, value }) => ({
    start: body.start + start,
    end: body.start + end,
    sources: [],
    secret: typeof value === 'string' && isSecretName(String(path.at(-1) ?? '')),
    field: { resource, others, path },
  }))
}

function secretsInQuery({ method, target }: HttpRequest, text: string): Operation['literals'] {
  const mark = target.indexOf('?')
  const start = method.length + 1
  return mark === -1 ? [] : secretParameters(text, start + mark + 1, start + target.length)
}

function secretsInForm(body: RequestBody, text: string, bodyStart: number): Operation['literals'] {
  const isForm = body.kind === 'whole' && /^application\/x-www-form-urlencoded *(;|$)/.test(body.type ?? '')
  return isForm ? secretParameters(text, bodyStart, text.length) : []
}

/** The status of each kind of refusal: a decision is 403, what cannot be told now is 503. */
function statusOf(code: Refusal['code']): number {
  if (code === 'too_many_requests') return 429
  if (code === 'unavailable') return 503
  return code === 'unreadable' ? 400 : 403
}

/** RFC 9457. */
function problem(status: number, members: Readonly<Record<string, string>>): HttpAnswer {
  const body = { type: 'about:blank', status, ...members }
  return { status, headers: [['content-type', 'application/problem+json']], body: `${JSON.stringify(body, null, 2)}\n` }
}
