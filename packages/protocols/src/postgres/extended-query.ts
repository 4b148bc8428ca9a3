import { isDeepStrictEqual } from 'node:util'
import type { Maybe, Parameter, Refusal } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { andThen } from '../maybe.ts'
import type { PostgresContext } from '../protocol.ts'
import type { Admission } from './admission.ts'
import { sentText } from './application-name.ts'
import { write } from './codec.ts'
import { invalidUtf8 } from './encoding.ts'
import type { BindMessage, ExecuteMessage, ParseMessage, TargetMessage } from './messages.ts'
import type { Statement } from './operations.ts'
import { StatementUnreadable } from './parser.ts'
import { errorMessage, refusalMessage, substitutes, type Told } from './refusals.ts'
import type { Portal, Prepared, Registry } from './registry.ts'
import { isStrict, type RelayParts, type ToBackend } from './relay-parts.ts'
import type { Replies } from './replies.ts'
import { formatOf } from './results.ts'
import type { SessionState } from './session-state.ts'
import { unreadStatement } from './unreadable.ts'
import { binaryText } from './values.ts'

/**
 * The extended query protocol: statements and portals by their names, which SQL takes and gives as well.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
export class ExtendedQuery {
  readonly #context: PostgresContext
  readonly #registry: Registry
  readonly #replies: Replies
  readonly #backend: ToBackend
  readonly #admission: Admission
  readonly #state: SessionState
  /** The number of the current sync unit. */
  readonly #unit: () => number

  constructor(parts: RelayParts, admission: Admission, unit: () => number) {
    this.#admission = admission
    this.#context = parts.context
    this.#registry = parts.registry
    this.#replies = parts.replies
    this.#state = parts.state
    this.#backend = parts.backend
    this.#unit = unit
  }

  /** Reads the text at once; it is judged at Bind, when its values are known. */
  parse({ name, text, bytes, parameterTypes }: ParseMessage): Maybe<void> {
    const invalid = isStrict(this.#context) ? invalidUtf8(bytes) : null
    if (invalid !== null) return this.#fail('text', errorMessage('ERROR', '22021', invalid))
    return andThen(this.#admission.read(text, parameterTypes), (statement) => {
      if (this.#admission.stopped) return
      if (statement instanceof StatementUnreadable) {
        return this.#refuseUnread(text, statement)
      }
      const prepared: Prepared = { name, text, parameterTypes, columns: null, described: false }
      const change = this.#registry.prepared.put(name, prepared, this.#unit())
      this.#backend.push(write.parse({ name, text: sentText(text, bytes, statement, this.#context), parameterTypes }))
      this.#replies.owed.push({ kind: 'parse', unit: this.#unit(), change, statement })
      this.#describeForMasks(prepared, 'S')
    })
  }

  /** A caller that never asks for the description gets rows all the same, and masking needs their types. */
  #describeForMasks(prepared: Prepared, kind: 'S' | 'P'): void {
    if (prepared.described || this.#context.gate.masks.empty) return
    prepared.described = true
    this.#backend.push(write.describe({ kind, name: prepared.name }))
    this.#replies.owed.push({ kind: 'describe', prepared, own: true, unit: this.#unit() })
  }

  bind(message: BindMessage): Maybe<void> {
    if (!this.#preparedKnown(message.statement)) {
      return this.#admission.until(() => this.#preparedKnown(message.statement)).then(() => this.#bindKnown(message))
    }
    return this.#bindKnown(message)
  }

  /** What an older sync unit, not answered yet, does to the name: had it failed, another text would stand under it. */
  #preparedKnown(name: string): boolean {
    return this.#registry.prepared.certain(name, this.#unit()) || !this.#replies.owed.before(this.#unit())
  }

  /** A portal of an older unit may be gone with its transaction, and another have its name. */
  #portalKnown(name: string): boolean {
    const portal = this.#registry.portals.get(name)
    if (this.#registry.portals.certain(name, this.#unit()) && (portal === undefined || portal.unit === this.#unit())) return true
    return !this.#replies.owed.before(this.#unit())
  }

  #bindKnown(message: BindMessage): Maybe<void> {
    if (this.#admission.stopped) return
    const prepared = this.#registry.prepared.get(message.statement)
    if (prepared === undefined) {
      if (isStrict(this.#context))
        return this.#missing('26000', `prepared statement ${JSON.stringify(message.statement)} does not exist`)
      const unseen: Prepared = { name: message.statement, text: '', parameterTypes: [], columns: null, described: false }
      return this.#bindRead(message, unseen, unseenStatement(`Bind of ${JSON.stringify(message.statement)}`))
    }
    // Read again: the catalogue may be another one than when it was prepared.
    return andThen(this.#admission.read(prepared.text, prepared.parameterTypes), (statement) => {
      if (this.#admission.stopped) return
      if (statement instanceof StatementUnreadable) return this.#refuseUnread(prepared.text, statement)
      return this.#bindRead(message, prepared, statement)
    })
  }

  #bindRead(message: BindMessage, prepared: Prepared, statement: Statement): Maybe<void> {
    const parameters = bound(message, prepared, statement)
    const { revision } = this.#state
    return andThen(this.#admission.admitStatement(statement, parameters), (verdict) => {
      if (this.#admission.stopped) return this.#admission.notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuse(verdict.refusal, statement)
      this.#describeForMasks(prepared, 'S')
      const judgedAs = this.#state.revision === revision
      const exchange = this.#admission.start(verdict, statement, this.#unit())
      const { portal: name, resultFormats } = message
      const unit = this.#unit()
      const portal: Portal = {
        name,
        prepared,
        statement,
        parameters,
        resultFormats,
        unit,
        hold: 'no',
        begun: false,
        applied: false,
        exchange,
        revision: judgedAs ? this.#state.revision : null,
      }
      const change = this.#registry.portals.put(name, portal, this.#unit())
      this.#backend.push(write.bind(message))
      this.#replies.owed.push({ kind: 'bind', exchange, unit: this.#unit(), change })
    })
  }

  describe(message: TargetMessage): Maybe<void> {
    const known = (): boolean => (message.kind === 'S' ? this.#preparedKnown(message.name) : this.#portalKnown(message.name))
    if (!known()) return this.#admission.until(known).then(() => this.#describeKnown(message))
    this.#describeKnown(message)
  }

  #describeKnown(message: TargetMessage): void {
    if (this.#admission.stopped) return
    const { prepared, portals } = this.#registry
    const described = message.kind === 'S' ? prepared.get(message.name) : portals.get(message.name)?.prepared
    if (described === undefined && isStrict(this.#context)) return this.#missingTarget(message)
    this.#backend.push(write.describe(message))
    // A portal's description has the formats of its Bind: only a statement's is kept.
    const keep = message.kind === 'S' ? (described ?? null) : null
    this.#replies.owed.push({ kind: 'describe', prepared: keep, own: false, unit: this.#unit() })
  }

  execute(message: ExecuteMessage): Maybe<void> {
    const known = (): boolean => this.#portalKnown(message.portal)
    if (!known()) return this.#admission.until(known).then(() => this.#executeKnown(message))
    return this.#executeKnown(message)
  }

  #executeKnown(message: ExecuteMessage): Maybe<void> {
    if (this.#admission.stopped) return
    const portal = this.#registry.portals.get(message.portal)
    if (portal !== undefined && !portal.exchange.ended) {
      if (portal.begun) return this.#run(portal, message)
      return andThen(this.#admission.settled(), () => {
        if (this.#admission.stopped) return
        if (portal.revision === this.#state.revision && isPlanned(portal.statement)) return this.#run(portal, message)
        return this.#runAsRead(portal, message)
      })
    }
    if (portal === undefined && isStrict(this.#context))
      return this.#missing('34000', `portal ${JSON.stringify(message.portal)} does not exist`)
    // A cursor, or a portal that ran to its end already: running it is another operation.
    const { statement, parameters } = portal ?? unseenPortal(message.portal)
    return andThen(this.#admission.admitStatement(statement, parameters), (verdict) => {
      if (this.#admission.stopped) return this.#admission.notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuse(verdict.refusal, statement)
      const exchange = this.#admission.start(verdict, statement, this.#unit())
      const opened = portal ?? { ...unseenPortal(message.portal), unit: this.#unit(), exchange }
      opened.exchange = exchange
      // A cursor's rows have the formats that it was declared with.
      if (opened.resultFormats === null) this.#describeForMasks(opened.prepared, 'P')
      this.#run(opened, message)
    })
  }

  /**
   * Names in a command that is no query are looked up as it runs, and may have changed since Bind; so may the role and the settings that any
   * statement runs by: it is read, and judged, as it is now.
   */
  #runAsRead(portal: Portal, message: ExecuteMessage): Maybe<void> {
    return andThen(this.#admission.read(portal.prepared.text, portal.prepared.parameterTypes), (statement) => {
      if (this.#admission.stopped) return
      if (statement instanceof StatementUnreadable) return this.#refuseUnread(portal.prepared.text, statement)
      const same = portal.revision === this.#state.revision && isDeepStrictEqual(statement, portal.statement)
      if (same) return this.#run(portal, message)
      return andThen(this.#admission.admitStatement(statement, portal.parameters), (verdict) => {
        if (this.#admission.stopped) return this.#admission.notRun(verdict, statement)
        return andThen(portal.exchange.end('not-run'), () => {
          if (verdict.kind === 'refuse') return this.#refuse(verdict.refusal, statement)
          portal.statement = statement
          portal.exchange = this.#admission.start(verdict, statement, this.#unit())
          this.#run(portal, message)
        })
      })
    })
  }

  #run(portal: Portal, message: ExecuteMessage): void {
    portal.begun = true
    this.#backend.push(write.execute(message))
    this.#replies.owed.push({ kind: 'execute', exchange: portal.exchange, portal, unit: this.#unit() })
    this.#admission.raiseBarrier(portal.exchange)
  }

  close({ kind, name }: TargetMessage): void {
    const unit = this.#unit()
    this.#backend.push(write.close({ kind, name }))
    if (kind === 'P')
      this.#replies.owed.push({ kind: 'close-portal', unit, change: this.#registry.portals.put(name, undefined, unit) })
    else this.#replies.owed.push({ kind: 'close-statement', unit, change: this.#registry.prepared.put(name, undefined, unit) })
  }

  #refuseUnread(text: string, unread: StatementUnreadable): Maybe<void> {
    const statement = unreadStatement(text, unread)
    return andThen(this.#admission.admitStatement(statement, []), (verdict) => {
      if (verdict.kind === 'permit') throw new ProtocolViolation('a text was admitted unread')
      if (!this.#admission.stopped) this.#refuse(verdict.refusal, statement)
    })
  }

  #refuse(refusal: Refusal, told: Told): void {
    this.#fail(refusal.id, refusalMessage(refusal, this.#context.sessionId, told))
  }

  /** The backend will fail, and skip whatever comes up to Sync: nothing of it is put before the gate. */
  #fail(because: string, answer: Buffer): void {
    this.#backend.push(substitutes.bind(because))
    this.#replies.owed.push({ kind: 'refused', answer, unit: this.#unit() })
    this.#replies.skipping = true
  }

  /** A name that the backend does not hold: its own error, made to happen there as well. */
  #missing(code: string, words: string): void {
    this.#fail('unknown name', errorMessage('ERROR', code, words))
  }

  #missingTarget({ kind, name }: TargetMessage): void {
    if (kind === 'S') this.#missing('26000', `prepared statement ${JSON.stringify(name)} does not exist`)
    else this.#missing('34000', `portal ${JSON.stringify(name)} does not exist`)
  }
}

/** The server settles what its names mean as it plans it, at Bind. */
function isPlanned({ parts }: Statement): boolean {
  return parts.every(({ verb }) => planned.has(verb))
}
const planned = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** With the profile transparent: what the server may have under a name that hoop has not seen it take. */
function unseenStatement(text: string): Statement {
  return unreadStatement(text, new StatementUnreadable('hoop has not seen what stands under this name', 0))
}

function unseenPortal(name: string): Omit<Portal, 'unit' | 'exchange'> {
  const prepared: Prepared = { name, text: '', parameterTypes: [], columns: null, described: false }
  const statement = unseenStatement(`Execute of ${JSON.stringify(name)}`)
  return {
    name,
    prepared,
    statement,
    parameters: [],
    resultFormats: null,
    hold: 'no',
    begun: true,
    applied: false,
    revision: null,
  }
}

function bound(message: BindMessage, prepared: Prepared, statement: Statement): Parameter[] {
  return message.parameters.map((value, i) => {
    const typeOid = prepared.parameterTypes[i] ?? 0
    const type = typeOid === 0 ? null : String(typeOid)
    const sources = statement.parameterSources.get(i + 1) ?? []
    if (value === null) return { type, value: null, sources }
    const text = formatOf(message.parameterFormats, i) === 0 ? value.toString('utf8') : binaryText(typeOid, value)
    return { type, value: text ?? `\\x${value.toString('hex')}`, sources }
  })
}
