import type { Duplex } from 'node:stream'
import type { Gate } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import type { Catalogue } from './catalogue.ts'
import { MessageReader, maxBackendMessage, read, write } from './codec.ts'
import { CopyRewriter } from './copy.ts'
import { maskDiagnostics } from './diagnostics.ts'
import type { Exchange } from './exchange.ts'
import { backend as tags } from './messages.ts'
import type { Portal, Prepared, Registry, Undo } from './registry.ts'
import { planRows, rewriteRow } from './results.ts'

/** A reply that the backend owes, in the order in which its cause was sent. */
export type Expected = { readonly unit: number; readonly undo: Undo | null } & (
  | { readonly kind: 'parse' | 'close' | 'sync' }
  | { readonly kind: 'describe'; readonly prepared: Prepared | null; readonly own: boolean }
  | { readonly kind: 'bind'; readonly exchange: Exchange }
  | { readonly kind: 'execute'; readonly exchange: Exchange; readonly portal: Portal }
  | { readonly kind: 'query'; readonly exchange: Exchange }
  /** Something that must fail was sent in a refused operation's place; `answer` is what the caller gets for its error. */
  | { readonly kind: 'refused' | 'refused-query'; readonly answer: Buffer }
)

/** Settings that the backend may report to a caller; others could carry values out. */
const reported = new Set([
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'application_name',
  'client_encoding',
  'default_transaction_read_only',
  'in_hot_standby',
  'integer_datetimes',
  'is_superuser',
  'scram_iterations',
  'search_path',
  'server_encoding',
  'server_version',
  'session_authorization',
  'standard_conforming_strings',
])
export function isReported(name: string): boolean {
  return reported.has(name)
}

/** Output that waits for one write: more than this is written at once. */
const joinUpTo = 64 * 1024

/** What the relay does when a reply changes the state of things. */
export interface ReplyEvents {
  /** The backend goes on only after the next Sync: what is being admitted will not run. */
  onSkip(): void
  onCatalogueChanged(): void
  onFailure(error: unknown): void
}

/**
 * The way down: the backend's messages, matched one by one with what was sent, masked, recorded, and only then forwarded.
 * What is not rewritten leaves as a slice of the buffer that it came in.
 */
export class Replies {
  /** After an error in the extended protocol the backend ignores everything until Sync; so do we. */
  skipping = false
  transaction: 'I' | 'T' | 'E' = 'I'
  /** DDL has run in the open transaction: nobody else can see yet what names mean in it. */
  ddlOpen = false
  /** The operation whose COPY data the backend waits for. */
  copyIn: Exchange | null = null

  readonly #reader = new MessageReader(maxBackendMessage)
  readonly #queue: Expected[] = []
  readonly #gate: Gate
  readonly #registry: Registry
  readonly #catalogue: () => Catalogue | null
  readonly #client: Duplex
  readonly #backend: Duplex
  readonly #events: ReplyEvents
  #out: Buffer[] = []
  #outSize = 0
  #waits: Promise<void>[] = []
  #paused = false
  #run: { bytes: Buffer; start: number; end: number; exchange: Exchange | null } | null = null
  #current: Exchange | null = null
  #waiters: (() => void)[] = []

  constructor(parts: {
    gate: Gate
    registry: Registry
    catalogue: () => Catalogue | null
    client: Duplex
    backend: Duplex
    events: ReplyEvents
  }) {
    this.#gate = parts.gate
    this.#registry = parts.registry
    this.#catalogue = parts.catalogue
    this.#client = parts.client
    this.#backend = parts.backend
    this.#events = parts.events
  }

  get idle(): boolean {
    return this.#queue.length === 0
  }

  expect(entry: Expected): void {
    this.#queue.push(entry)
  }

  /** Whether a COPY FROM STDIN that was sent may still be answered with CopyInResponse. */
  get copyMayBegin(): boolean {
    return this.#queue.some(
      (entry) =>
        (entry.kind === 'query' || entry.kind === 'execute') &&
        entry.exchange.statement.parts.some(({ copy }) => copy?.direction === 'in'),
    )
  }

  /** Resolves after the next messages of the backend were handled, or at the end. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Our own words to the caller, between messages of the backend. */
  say(bytes: Buffer): void {
    this.#out.push(bytes)
    this.#outSize += bytes.length
    this.#flush()
  }

  receive(chunk: Buffer): void {
    this.#reader.push(chunk)
    while (this.#reader.next()) this.#message()
    this.#endRun()
    this.#wait(this.#current?.record())
    this.#current = null
    this.#flush()
    this.#wake()
  }

  /** The backend is gone: what it still owed has no reply. */
  close(): void {
    for (const entry of this.#queue.splice(0)) if ('exchange' in entry) this.#wait(entry.exchange.end('no-reply'))
    for (const portal of this.#registry.portals()) this.#wait(portal.exchange.end(portal.exchange.started ? 'done' : 'no-reply'))
    this.copyIn = null
    this.#flush()
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  #wait(maybe: void | Promise<void>): void {
    if (maybe !== undefined) this.#waits.push(maybe)
  }

  /** Nothing leaves before the record has it. */
  #flush(): void {
    if (this.#paused) return
    if (this.#waits.length > 0) {
      this.#pause(Promise.all(this.#waits.splice(0)))
      return
    }
    if (this.#out.length === 0) return
    const pieces = this.#out
    const size = this.#outSize
    this.#out = []
    this.#outSize = 0
    let roomy = true
    if (pieces.length === 1 || size > joinUpTo) for (const piece of pieces) roomy = this.#client.write(piece)
    else roomy = this.#client.write(Buffer.concat(pieces, size))
    if (!roomy && !this.#client.destroyed) this.#pause(drained(this.#client))
  }

  #pause(until: Promise<unknown>): void {
    this.#paused = true
    this.#backend.pause()
    until.then(
      () => {
        this.#paused = false
        this.#backend.resume()
        this.#flush()
      },
      (error) => this.#events.onFailure(error),
    )
  }

  /** The current message goes on as it came. */
  #pass(exchange: Exchange | null): void {
    const { bytes, start, end } = this.#reader
    const run = this.#run
    if (run !== null && run.bytes === bytes && run.end === start && run.exchange === exchange) run.end = end
    else {
      this.#endRun()
      this.#run = { bytes, start, end, exchange }
    }
  }

  #endRun(): void {
    const run = this.#run
    if (run === null) return
    this.#run = null
    this.#emit(run.bytes.subarray(run.start, run.end), run.exchange)
  }

  #put(bytes: Buffer, exchange: Exchange | null): void {
    this.#endRun()
    this.#emit(bytes, exchange)
  }

  #emit(bytes: Buffer, exchange: Exchange | null): void {
    if (bytes.length === 0) return
    this.#out.push(bytes)
    this.#outSize += bytes.length
    if (exchange === null || exchange.ended) return
    if (this.#current !== exchange) {
      this.#wait(this.#current?.record())
      this.#current = exchange
    }
    exchange.down(bytes)
  }

  #end(exchange: Exchange, kind: 'done' | 'not-run'): void {
    this.#endRun()
    if (this.#current === exchange) this.#current = null
    this.#wait(exchange.end(kind))
  }

  #head(...kinds: Expected['kind'][]): Expected {
    const head = this.#queue[0]
    if (head === undefined || !kinds.includes(head.kind)) {
      throw new ProtocolViolation(
        `the database sent ${JSON.stringify(String.fromCharCode(this.#reader.tag))} where nothing asked for it`,
      )
    }
    return head
  }

  #running(): { exchange: Exchange; head: Expected } {
    const head = this.#head('query', 'execute')
    if (!('exchange' in head)) throw new ProtocolViolation('a result that belongs to no operation')
    return { exchange: head.exchange, head }
  }

  #message(): void {
    const reader = this.#reader
    switch (reader.tag) {
      case tags.dataRow:
        return this.#row()
      case tags.commandComplete:
        return this.#complete(read.commandComplete(reader.body()))
      case tags.emptyQueryResponse:
        read.nothing(reader.body())
        return this.#complete('')
      case tags.readyForQuery:
        return this.#readyForQuery(read.readyForQuery(reader.body()))
      case tags.parseComplete:
      case tags.closeComplete: {
        read.nothing(reader.body())
        this.#head(reader.tag === tags.parseComplete ? 'parse' : 'close')
        this.#queue.shift()
        return this.#pass(null)
      }
      case tags.bindComplete: {
        read.nothing(reader.body())
        this.#head('bind')
        this.#queue.shift()
        return this.#pass(null)
      }
      case tags.parameterDescription:
        return this.#parameterDescription(read.parameterDescription(reader.body()))
      case tags.rowDescription:
        return this.#rowDescription()
      case tags.noData: {
        read.nothing(reader.body())
        const head = this.#head('describe')
        this.#queue.shift()
        return head.kind === 'describe' && head.own ? undefined : this.#pass(null)
      }
      case tags.portalSuspended: {
        read.nothing(reader.body())
        const { exchange, head } = this.#running()
        if (head.kind !== 'execute') throw new ProtocolViolation('a suspended portal outside Execute')
        this.#queue.shift()
        return this.#pass(exchange)
      }
      case tags.errorResponse:
        return this.#error(read.diagnostics(reader.body()))
      case tags.noticeResponse: {
        const shown = maskDiagnostics(read.diagnostics(reader.body()), this.#gate.masks, 'notice')
        const head = this.#queue[0]
        return this.#put(
          write.diagnostics(tags.noticeResponse, shown),
          head !== undefined && 'exchange' in head ? head.exchange : null,
        )
      }
      case tags.parameterStatus: {
        const { name, value } = read.parameterStatus(reader.body())
        if (!isReported(name)) return
        const shown = this.#gate.masks.detectors?.text(value).text ?? value
        if (this.#gate.unsolicited('ParameterStatus', `${name}=${shown}`)) this.#put(write.parameterStatus(name, shown), null)
        return
      }
      case tags.notificationResponse:
        // LISTEN is refused: nobody asked for it.
        return
      case tags.copyInResponse:
        return this.#copyInResponse()
      case tags.copyOutResponse:
        return this.#copyOutResponse()
      case tags.copyData:
        return this.#copyData()
      case tags.copyDone: {
        read.nothing(reader.body())
        const { exchange } = this.#running()
        const last = exchange.copy?.end().masked
        if (last !== undefined && last.length > 0) this.#put(write.copyData(last), exchange)
        return this.#pass(exchange)
      }
      default:
        throw new ProtocolViolation(
          `the database sent message ${JSON.stringify(String.fromCharCode(reader.tag))}, which is not expected`,
        )
    }
  }

  #row(): void {
    const { exchange, head } = this.#running()
    const { bytes, start, end } = this.#reader
    exchange.row()
    if (exchange.permit.masks.empty) return this.#pass(exchange)
    if (head.kind === 'execute' && exchange.plan === undefined) exchange.plan = this.#planPortal(head.portal)
    if (exchange.plan === undefined) throw new ProtocolViolation('a row before its description')
    if (exchange.plan === null) return this.#pass(exchange)
    const rewritten = rewriteRow(exchange.plan, bytes, start + 5, end, exchange.count)
    if (rewritten === null) this.#pass(exchange)
    else this.#put(rewritten, exchange)
  }

  #planPortal(portal: Portal): Exchange['plan'] {
    const { columns } = portal.prepared
    const catalogue = this.#catalogue()
    if (columns === null || catalogue === null) throw new ProtocolViolation('a row whose columns were never described')
    const outputs = this.#outputs(portal.exchange)
    return planRows({ masks: portal.exchange.permit.masks, columns, resultFormats: portal.resultFormats, outputs, catalogue })
  }

  #outputs(exchange: Exchange): Parameters<typeof planRows>[0]['outputs'] {
    const { parts } = exchange.statement
    const changedBefore = parts.slice(0, exchange.part).some(({ changesCatalogue }) => changesCatalogue)
    return exchange.blind || changedBefore ? 'opaque' : (parts[exchange.part]?.outputs ?? 'opaque')
  }

  #complete(tag: string): void {
    const { exchange, head } = this.#running()
    this.#pass(exchange)
    if (exchange.statement.parts[exchange.part]?.changesCatalogue) this.ddlOpen = true
    exchange.complete(tag)
    if (this.copyIn === exchange) this.copyIn = null
    if (head.kind === 'execute') {
      this.#queue.shift()
      this.#end(exchange, 'done')
    }
  }

  #readyForQuery(status: 'I' | 'T' | 'E'): void {
    const head = this.#head('sync', 'query', 'refused-query')
    this.#queue.shift()
    this.transaction = status
    if (head.kind === 'query') this.#end(head.exchange, 'done')
    this.copyIn = null
    this.#pass(null)
    if (status !== 'I') return
    for (const { exchange } of this.#registry.endPortals(head.unit)) this.#end(exchange, exchange.started ? 'done' : 'not-run')
    if (this.ddlOpen) {
      this.ddlOpen = false
      this.#events.onCatalogueChanged()
    }
  }

  #parameterDescription(parameterTypes: number[]): void {
    const head = this.#head('describe')
    if (head.kind !== 'describe') return
    if (head.prepared !== null) head.prepared.parameterTypes = parameterTypes
    if (!head.own) this.#pass(null)
  }

  #rowDescription(): void {
    const columns = read.rowDescription(this.#reader.body())
    const head = this.#head('describe', 'query')
    if (head.kind === 'describe') {
      this.#queue.shift()
      if (head.prepared !== null) head.prepared.columns = columns
      if (!head.own) this.#pass(null)
    } else if (head.kind === 'query') {
      const catalogue = this.#catalogue()
      const { masks } = head.exchange.permit
      if (!masks.empty) {
        if (catalogue === null) throw new ProtocolViolation('a result before the catalogue')
        const outputs = this.#outputs(head.exchange)
        head.exchange.plan = planRows({ masks, columns, resultFormats: null, outputs, catalogue })
      }
      this.#pass(head.exchange)
    }
  }

  #error(fields: Map<string, string>): void {
    const head = this.#queue[0]
    const shown = maskDiagnostics(fields, this.#gate.masks, 'error')
    this.copyIn = null
    if (head === undefined || head.kind === 'sync') {
      // Unasked (the server shuts down), or the commit of an implicit transaction failed.
      this.#gate.unsolicited('ErrorResponse', `${shown.get('C')} ${shown.get('M')}`)
      return this.#put(write.diagnostics(tags.errorResponse, shown), null)
    }
    if (head.kind === 'refused' || head.kind === 'refused-query') this.#put(head.answer, null)
    else {
      const exchange = 'exchange' in head ? head.exchange : null
      this.#put(write.diagnostics(tags.errorResponse, shown), exchange)
      exchange?.fail(shown.get('C') ?? 'XX000', shown.get('M') ?? '')
    }
    if (head.kind !== 'query' && head.kind !== 'refused-query') this.#skipToSync()
  }

  /** The backend ignores what was sent behind the error up to the next Sync: those replies never come. */
  #skipToSync(): void {
    const found = this.#queue.findIndex(({ kind }) => kind === 'sync')
    const dropped = this.#queue.splice(0, found < 0 ? this.#queue.length : found)
    for (const entry of dropped.reverse()) {
      entry.undo?.()
      if (!('exchange' in entry)) continue
      this.#end(entry.exchange, entry === dropped.at(-1) || entry.exchange.started ? 'done' : 'not-run')
    }
    if (found >= 0) return
    this.skipping = true
    this.#events.onSkip()
  }

  #copyInResponse(): void {
    read.copyResponse(this.#reader.body())
    const { exchange, head } = this.#running()
    this.copyIn = exchange
    if (head.kind === 'execute') {
      // In COPY mode the backend ignores Sync: those that were sent behind the Execute are never answered.
      while (this.#queue[1]?.kind === 'sync') this.#queue.splice(1, 1)
    }
    const copy = exchange.statement.parts[exchange.part]?.copy
    if (copy?.direction !== 'in') throw new ProtocolViolation('the database asks for COPY data that no statement announced')
    const { masks } = exchange.permit
    exchange.copy = masks.empty ? null : new CopyRewriter(copy, masks, exchange.count)
    this.#pass(exchange)
  }

  #copyOutResponse(): void {
    read.copyResponse(this.#reader.body())
    const { exchange } = this.#running()
    const copy = exchange.statement.parts[exchange.part]?.copy
    if (copy?.direction !== 'out') throw new ProtocolViolation('the database sends COPY data that no statement announced')
    const outputs = this.#outputs(exchange) === 'opaque' ? 'opaque' : copy.outputs
    const { masks } = exchange.permit
    exchange.copy = masks.empty ? null : new CopyRewriter({ ...copy, outputs }, masks, exchange.count)
    this.#pass(exchange)
  }

  #copyData(): void {
    const { exchange } = this.#running()
    if (exchange.copy === null) return this.#pass(exchange)
    const { masked } = exchange.copy.push(this.#reader.body().rest())
    if (masked.length > 0) this.#put(write.copyData(masked), exchange)
  }
}

function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('close', done)
  })
}
