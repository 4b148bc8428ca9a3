import type { Gate } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import type { CallerOutput } from './caller-output.ts'
import type { Catalogue } from './catalogue.ts'
import { MessageReader, maxBackendMessage, read, write } from './codec.ts'
import { type CopyLines, lineReadings, messageHeader } from './copy-format.ts'
import { maskDiagnostics, readsHidden } from './diagnostics.ts'
import type { Exchange } from './exchange.ts'
import { type Column, type DiagnosticFields, type NotificationMessage, backend as tags } from './messages.ts'
import type { Statement } from './operations.ts'
import { type Expected, OwedReplies } from './owed-replies.ts'
import { refusalMessage, sqlStates } from './refusals.ts'
import type { Portal, Registry } from './registry.ts'
import { isReported } from './reported-settings.ts'
import { ResultMasks } from './result-masks.ts'
import { rewriteRow } from './results.ts'
import { RowWriter } from './row-writing.ts'
import { schemasOf } from './search-path.ts'
import type { SessionState } from './session-state.ts'
import { ValueStyles } from './value-styles.ts'

/** Bytes of a description of a result that is kept, to be compared with the next. */
const keptDescription = 4096

/** SQLSTATE of the answer to CopyFail. */
const copyFailed = '57014'

/** What the relay does when a reply changes the state of things. */
export interface ReplyEvents {
  /** The backend goes on only after the next Sync: what is being admitted will not run. */
  onSkip(): void
  onCatalogueChanged(): void
  /** No transaction is open any more, and all of this sync unit and those before it is answered. */
  onIdle(unit: number): void
}

/**
 * The way down: the backend's messages, matched one by one with what was sent, masked, recorded, and only then forwarded.
 * What is not rewritten leaves as a slice of the buffer that it came in.
 */
export class Replies {
  /** After an error in the extended protocol the backend ignores everything until Sync; so do we. */
  skipping = false
  /** As the server said last. */
  inTransaction = false
  /** DDL has run in the open transaction: nobody else can see yet what names mean in it. */
  ddlOpen = false
  /** The operation whose COPY data the backend waits for. */
  copyIn: Exchange | null = null
  /** The backend said why it ends the connection. */
  fatal = false
  /** An error has come in the open transaction: it can only be rolled back. */
  #failed = false

  readonly #reader = new MessageReader(maxBackendMessage)
  /** As the server reports them. */
  readonly styles = new ValueStyles()
  /** What the backend owes. */
  readonly owed: OwedReplies
  readonly #gate: Gate
  readonly #stream: number
  readonly #sessionId: string
  readonly #transparent: boolean
  readonly #registry: Registry
  readonly #state: SessionState
  readonly #masks: ResultMasks
  readonly #rows = new RowWriter()
  readonly #output: CallerOutput
  readonly #events: ReplyEvents
  #waiters: (() => void)[] = []
  /** The last description of a result, which most often comes again. */
  #described: { readonly message: Buffer; readonly columns: readonly Column[] } | null = null

  constructor(parts: {
    gate: Gate
    stream: number
    sessionId: string
    transparent: boolean
    registry: Registry
    state: SessionState
    catalogue: () => Catalogue | null
    output: CallerOutput
    events: ReplyEvents
  }) {
    this.#gate = parts.gate
    this.#stream = parts.stream
    this.#sessionId = parts.sessionId
    this.#transparent = parts.transparent
    this.#registry = parts.registry
    this.#state = parts.state
    this.#masks = new ResultMasks(parts.catalogue, parts.transparent, this.styles)
    this.owed = new OwedReplies(parts.transparent)
    this.#output = parts.output
    this.#events = parts.events
  }

  /** Resolves after the next messages of the backend were handled, or at the end. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  receive(chunk: Buffer): void {
    this.#reader.push(chunk)
    try {
      while (this.#reader.next()) this.#message()
    } finally {
      // What came before a message that cannot be has been said, and stands on the record.
      this.#output.handled(chunk.length)
    }
    this.#wake()
  }

  /** The backend is gone: what it still owed has no reply. */
  close(): void {
    this.copyIn = null
    const exchanges = new Set<Exchange>()
    for (const entry of this.owed.takeAll()) if ('exchange' in entry) exchanges.add(entry.exchange)
    for (const { exchange } of this.#registry.portals.values()) {
      if (exchange.started && !exchanges.has(exchange)) this.#output.end(exchange, 'done')
      else exchanges.add(exchange)
    }
    for (const exchange of exchanges) this.#output.end(exchange, 'no-reply')
    this.#output.handOver()
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  /** A portal that is no more: what did not run to its end will not. */
  #endPortal(portal: Portal | undefined): void {
    if (portal === undefined || portal.exchange.ended) return
    this.#output.end(portal.exchange, portal.exchange.started ? 'done' : 'not-run')
  }

  /** The reply that is owed next, which must be one of these. */
  #head<Kind extends Expected['kind']>(...kinds: Kind[]): Extract<Expected, { kind: Kind }> {
    const { head } = this.owed
    if (head === undefined || !isOneOf(head, kinds)) return this.#unasked()
    return head
  }

  #unasked(): never {
    const tag = JSON.stringify(String.fromCharCode(this.#reader.tag))
    throw new ProtocolViolation(`the database sent ${tag} where nothing asked for it`)
  }

  #running(): { exchange: Exchange; head: Extract<Expected, { kind: 'query' | 'execute' }> } {
    const { head } = this.owed
    // Asked for each row.
    if (head?.kind === 'query' || head?.kind === 'execute') return { exchange: head.exchange, head }
    return this.#unasked()
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
      case tags.parseComplete: {
        read.nothing(reader.body())
        const head = this.#head('parse')
        this.owed.shift()
        head.change.confirm()
        return this.#output.pass(this.#reader, null)
      }
      case tags.closeComplete: {
        read.nothing(reader.body())
        const head = this.#head('close-statement', 'close-portal')
        this.owed.shift()
        if (head.kind === 'close-portal') this.#endPortal(head.change.confirm())
        else head.change.confirm()
        return this.#output.pass(this.#reader, null)
      }
      case tags.bindComplete: {
        read.nothing(reader.body())
        const head = this.#head('bind')
        this.owed.shift()
        this.#endPortal(head.change.confirm())
        return this.#output.pass(this.#reader, null)
      }
      case tags.parameterDescription:
        return this.#parameterDescription(read.parameterDescription(reader.body()))
      case tags.rowDescription:
        return this.#rowDescription()
      case tags.noData: {
        read.nothing(reader.body())
        const head = this.#head('describe')
        this.owed.shift()
        return head.own ? undefined : this.#output.pass(this.#reader, null)
      }
      case tags.portalSuspended: {
        read.nothing(reader.body())
        const { exchange, head } = this.#running()
        if (head.kind !== 'execute') throw new ProtocolViolation('a suspended portal outside Execute')
        // What its rows do to the session is done with the first.
        this.#applySession(head)
        this.owed.shift()
        return this.#output.pass(this.#reader, exchange)
      }
      case tags.errorResponse:
        return this.#error(read.diagnostics(reader.body()))
      case tags.noticeResponse: {
        const { head } = this.owed
        const exchange = head !== undefined && 'exchange' in head ? head.exchange : null
        return this.#say(this.#shown(read.diagnostics(reader.body()), 'notice'), exchange)
      }
      case tags.parameterStatus: {
        const { name, value } = read.parameterStatus(reader.body())
        this.styles.report(name, value)
        if (name === 'search_path') this.#state.report(schemasOf(value))
        if (!isReported(name) && !this.#transparent) return
        const shown = this.#gate.masks.detectors?.text(value).text ?? value
        if (this.#gate.unsolicited('ParameterStatus', `${name}=${shown}`))
          this.#output.put(write.parameterStatus(name, shown), null)
        return
      }
      case tags.notificationResponse:
        return this.#notification(read.notification(reader.body()))
      case tags.functionCallResponse:
        return this.#functionResult(read.functionCallResponse(reader.body()))
      case tags.copyInResponse:
        return this.#copyInResponse()
      case tags.copyOutResponse:
        return this.#copyOutResponse()
      case tags.copyData:
        return this.#copyData()
      case tags.copyDone: {
        read.nothing(reader.body())
        const { exchange } = this.#running()
        if (exchange.copy !== null) this.#copyLines(exchange, exchange.copy.end())
        return this.#output.pass(this.#reader, exchange)
      }
      default:
        throw new ProtocolViolation(
          `the database sent message ${JSON.stringify(String.fromCharCode(reader.tag))}, which is not expected`,
        )
    }
  }

  /** What another session says: no mask knows what it was made of. */
  #notification({ processId, channel, payload }: NotificationMessage): void {
    const { masks } = this.#gate
    const words = (text: string): string => masks.detectors?.text(text).text ?? text
    const shown = { processId, channel: words(channel), payload: masks.hasColumns ? '' : words(payload) }
    if (!this.#gate.unsolicited('NotificationResponse', `${shown.channel} ${shown.payload}`)) return
    if (masks.empty) this.#output.pass(this.#reader, null)
    else this.#output.put(write.notification(shown), null)
  }

  #functionResult(_: Buffer | null): void {
    const head = this.#head('call')
    if (head.answered) throw new ProtocolViolation('a function that answers twice')
    head.answered = true
    this.#output.pass(this.#reader, head.exchange)
    head.exchange.complete('')
  }

  /** What a statement of the session's own has changed: names, settings. */
  #applySession(head: Extract<Expected, { kind: 'query' | 'execute' }>): void {
    const { exchange, unit } = head
    if (head.kind === 'execute' && head.portal.applied) return
    if (head.kind === 'execute') head.portal.applied = true
    for (const change of exchange.statement.parts[exchange.part]?.session ?? []) {
      this.#state.apply(change)
      const parameters = head.kind === 'execute' ? head.portal.parameters : []
      for (const portal of this.#registry.apply(change, unit, exchange, parameters)) this.#endPortal(portal)
    }
  }

  #row(): void {
    const { exchange, head } = this.#running()
    if (exchange.ended) throw new ProtocolViolation('a row of an operation that is over')
    const { bytes, start, end } = this.#reader
    exchange.row()
    if (exchange.permit.masks.empty) return this.#output.pass(this.#reader, exchange)
    if (head.kind === 'execute' && exchange.plan === undefined) exchange.plan = this.#masks.ofPortal(head.portal)
    if (exchange.plan === undefined) throw new ProtocolViolation('a row before its description')
    if (exchange.plan === null) return this.#output.pass(this.#reader, exchange)
    if (this.#output.gathers(end - start)) {
      const to = this.#rows.write(exchange.plan, bytes, start + messageHeader, end, this.#output)
      if (to === lineReadings.unmasked) return this.#output.pass(this.#reader, exchange)
      if (to !== lineReadings.unread) {
        for (const rule of this.#rows.masked) exchange.count(rule)
        return this.#written(tags.dataRow, exchange, to)
      }
    }
    const rewritten = rewriteRow(exchange.plan, bytes, start + messageHeader, end, exchange.count)
    if (rewritten === null) this.#output.pass(this.#reader, exchange)
    else this.#output.put(rewritten, exchange)
  }

  #complete(tag: string): void {
    const { exchange, head } = this.#running()
    if (exchange.refusal !== null) throw new ProtocolViolation('the database did what was to fail')
    this.#output.pass(this.#reader, exchange)
    const part = exchange.statement.parts[exchange.part]
    if (part?.changesCatalogue) this.ddlOpen = true
    if (exchange.permit.masks.hasColumns && exchange.statement.operation.effects.includes('unknown')) this.#state.unreadRan()
    this.#applySession(head)
    exchange.complete(tag)
    if (this.copyIn === exchange) this.copyIn = null
    if (head.kind === 'execute') {
      this.owed.shift()
      this.#output.end(exchange, 'done')
    }
    if (part?.transaction === 'commit' || part?.transaction === 'rollback') this.#transactionEnded(head.unit, tag !== 'ROLLBACK')
  }

  #readyForQuery(status: 'I' | 'T' | 'E'): void {
    const head = this.#head('sync', 'query', 'refused-query', 'call')
    this.owed.shift()
    if (head.kind === 'refused-query' && !head.answered) throw new ProtocolViolation('the database did what was to fail')
    if ('change' in head) head.change.confirm()
    if ('exchange' in head) this.#output.end(head.exchange, 'done')
    this.copyIn = null
    this.#output.pass(this.#reader, null)
    const committed = !this.#failed
    this.inTransaction = status !== 'I'
    if (status !== 'E') this.#failed = false
    if (status !== 'I') return
    this.#transactionEnded(head.unit, committed)
    if (this.ddlOpen) {
      this.ddlOpen = false
      this.#events.onCatalogueChanged()
    }
    this.#events.onIdle(head.unit)
  }

  #transactionEnded(unit: number, committed: boolean): void {
    this.#state.transactionEnded(committed)
    for (const portal of this.#registry.endPortals(unit, committed)) this.#endPortal(portal)
  }

  #parameterDescription(parameterTypes: number[]): void {
    const head = this.#head('describe')
    if (head.prepared !== null) head.prepared.parameterTypes = parameterTypes
    if (!head.own) this.#output.pass(this.#reader, null)
  }

  /** Of the description that came just now; the same object as of the last one, if it says the same. */
  #columns(): readonly Column[] {
    const { message } = this.#reader
    if (this.#described !== null && message.equals(this.#described.message)) return this.#described.columns
    const columns = read.rowDescription(this.#reader.body())
    this.#described = message.length > keptDescription ? null : { message: Buffer.from(message), columns }
    return columns
  }

  #rowDescription(): void {
    const columns = this.#columns()
    const head = this.#head('describe', 'query')
    if (head.kind === 'describe') {
      this.owed.shift()
      if (head.prepared !== null) head.prepared.columns = columns
      if (!head.own) this.#output.pass(this.#reader, null)
    } else {
      head.exchange.plan = this.#masks.ofQuery(head.exchange, columns)
      this.#output.pass(this.#reader, head.exchange)
    }
  }

  /** What of an error or a notice the caller may see while the next reply is made. */
  #shown(fields: Map<string, string>, kind: 'error' | 'notice'): DiagnosticFields {
    const { head } = this.owed
    const { masks } = this.#gate
    // What runs at the end of a transaction is known to nobody here.
    const reads =
      head !== undefined && 'exchange' in head ? readsHidden(head.exchange.statement.operation, masks) : head?.kind === 'sync'
    return maskDiagnostics(fields, masks, kind, reads)
  }

  /** The current error or notice, with these fields; as it came where none could be hidden. */
  #say(shown: DiagnosticFields, exchange: Exchange | null): void {
    if (this.#gate.masks.empty) this.#output.pass(this.#reader, exchange)
    else this.#output.put(write.diagnostics(this.#reader.tag, shown), exchange)
  }

  #error(fields: Map<string, string>): void {
    const { head } = this.owed
    const shown = this.#shown(fields, 'error')
    this.copyIn = null
    this.#failed = true
    const severity = fields.get('V') ?? fields.get('S')
    if (severity === 'FATAL' || severity === 'PANIC') this.fatal = true
    if (head === undefined || head.kind === 'sync') {
      // Unasked (the server shuts down), or the commit of an implicit transaction failed.
      this.#gate.unsolicited('ErrorResponse', `${shown.get('C')} ${shown.get('M')}`)
      return this.#say(shown, null)
    }
    if (head.kind === 'refused' || head.kind === 'refused-query') {
      this.#output.put(head.answer, null)
      if (head.kind === 'refused-query') head.answered = true
    } else {
      const exchange = 'exchange' in head ? head.exchange : null
      const refusal = exchange !== null && fields.get('C') === copyFailed ? exchange.refusal : null
      if (exchange === null || refusal === null) this.#say(shown, exchange)
      else this.#output.put(refusalMessage(refusal, this.#sessionId, exchange.statement), exchange)
      const error =
        refusal === null
          ? { code: shown.get('C') ?? 'XX000', message: shown.get('M') ?? '' }
          : { code: sqlStates[refusal.code], message: refusal.message }
      exchange?.fail(error.code, error.message)
      if (head.kind === 'parse') this.#rejected(head.statement, error)
    }
    if (head.kind !== 'query' && head.kind !== 'refused-query' && head.kind !== 'call') this.#skipToSync()
  }

  /** A Bind behind the Parse was admitted for it and has this end; without one, nothing of it is on the record yet. */
  #rejected({ operation }: Statement, error: { code: string; message: string }): void {
    const bound = this.owed.boundBehind(operation.text)
    if (bound !== null) bound.fail(error.code, error.message)
    else this.#gate.rejected({ ...operation, parameters: [] }, this.#stream, error)
  }

  /** The backend ignores what was sent behind the error up to the next Sync: those replies never come. */
  #skipToSync(): void {
    const { dropped, synced } = this.owed.takeToSync()
    for (const entry of dropped) {
      if ('change' in entry) entry.change.undo()
      if (!('exchange' in entry)) continue
      this.#output.end(entry.exchange, entry === dropped.at(-1) || entry.exchange.started ? 'done' : 'not-run')
    }
    if (synced) return
    this.skipping = true
    this.#events.onSkip()
  }

  #copyInResponse(): void {
    const { binary } = read.copyResponse(this.#reader.body())
    const { exchange, head } = this.#running()
    this.copyIn = exchange
    if (head.kind === 'execute') this.owed.forgetSyncs()
    exchange.copy = this.#masks.ofCopy(exchange, 'in', binary)
    this.#output.pass(this.#reader, exchange)
  }

  #copyOutResponse(): void {
    const { binary } = read.copyResponse(this.#reader.body())
    const { exchange } = this.#running()
    exchange.copy = this.#masks.ofCopy(exchange, 'out', binary)
    exchange.copyOut(!binary && exchange.statement.parts[exchange.part]?.copy?.options.header === true)
    this.#output.pass(this.#reader, exchange)
  }

  #copyData(): void {
    const { exchange } = this.#running()
    if (!exchange.copyingOut || exchange.ended) throw new ProtocolViolation('COPY data that was not announced')
    const { bytes, start, end } = this.#reader
    const from = start + messageHeader
    exchange.copiedOut(bytes, from, end)
    const { copy } = exchange
    if (copy === null) return this.#output.pass(this.#reader, exchange)
    const to = copy.line?.(bytes, from, end, this.#output) ?? lineReadings.unread
    if (to === lineReadings.unmasked) return this.#output.pass(this.#reader, exchange)
    if (to !== lineReadings.unread) return this.#written(tags.copyData, exchange, to)
    const data = bytes.subarray(from, end)
    const lines = copy.push(data)
    if (lines.masked.length === 1 && lines.masked[0] === data) this.#output.pass(this.#reader, exchange)
    else this.#copyLines(exchange, lines)
  }

  /** A message that was written where the next one goes, up to there, but for its header. */
  #written(tag: number, exchange: Exchange, to: number): void {
    const { position } = this.#output
    const length = to - position
    const written = this.#output.reserve(length)
    written[position] = tag
    written.writeUInt32BE(length - 1, position + 1)
    this.#output.wrote(length, exchange)
  }

  #copyLines(exchange: Exchange, { masked }: CopyLines): void {
    if (masked.length > 0) this.#output.put(write.copyData(Buffer.concat(masked)), exchange)
  }
}

function isOneOf<Kind extends Expected['kind']>(
  entry: Expected,
  kinds: readonly Kind[],
): entry is Extract<Expected, { kind: Kind }> {
  return kinds.some((kind) => kind === entry.kind)
}
