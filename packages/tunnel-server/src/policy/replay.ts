import { isDeepStrictEqual } from 'node:util'
import {
  HoopError,
  type Operation,
  type RecordedEvent,
  type ReplayedOperation,
  type ReplayedVerdict,
  type ReplayRequest,
  type ReplayResponse,
  type SessionSummary,
} from '@hoop/contracts'
import type { ReadText } from '@hoop/protocols'
import type { Documents, InForce } from '../documents/documents.ts'
import type { Sessions } from '../sessions/types.ts'
import { inForceWith } from './proposed.ts'
import { type RecordedOperation, recordedOperations } from './recorded-operations.ts'
import type { StatementReader } from './statement-reader.ts'

/** What one request looks at; the rest is for another. */
const most = { sessions: 500, operations: 50_000 }
const examplesOfEach = 5
const shownText = 500

type Judged = { readonly after: ReplayedVerdict; readonly rules: readonly string[] } | { readonly notJudged: string }

export interface ReplayerParts {
  readonly documents: Documents
  readonly reader: StatementReader
  readonly sessions: Pick<Sessions, 'list' | 'get' | 'events'>
}

/** Judges what is on the record as if other documents had been in force. */
export class Replayer {
  readonly #parts: ReplayerParts

  constructor(parts: ReplayerParts) {
    this.#parts = parts
  }

  /** Those that a request is about, oldest first, and whether there are more. */
  async sessionsOf({ session, since }: ReplayRequest): Promise<{ sessions: SessionSummary[]; more: boolean }> {
    if (session !== undefined) return { sessions: [await this.#parts.sessions.get(session)], more: false }
    const from = since === undefined ? 0 : Date.parse(since)
    const all = await this.#parts.sessions.list({ identity: null, connection: null, state: null, limit: most.sessions })
    const sessions = all.filter(({ openedAt }) => Date.parse(openedAt) >= from).toReversed()
    return { sessions, more: sessions.length === most.sessions }
  }

  /** Rejects with a HoopError. */
  async replay(request: ReplayRequest, sessions: readonly SessionSummary[], signal: AbortSignal): Promise<ReplayResponse> {
    const { documents, reader } = this.#parts
    const inForce = inForceWith(documents, request.documents)
    const judge = new Judge(inForce, documents, reader)
    const tally = new Tally()
    let looked = 0
    for (const session of sessions) {
      const lines = this.#parts.sessions.events(session.id, { after: -1, follow: false, live: false, bytesOf: null, signal })
      for await (const recorded of recordedOperations(lines)) {
        tally.add(session, recorded.event, await judge.judge(session, recorded))
        if (tally.operations === most.operations) return tally.answer(inForce, looked + 1, true)
      }
      looked++
    }
    return tally.answer(inForce, looked, false)
  }
}

class Judge {
  readonly #inForce: InForce
  readonly #documents: Documents
  readonly #reader: StatementReader
  readonly #asksForText: boolean
  /** By connection and database; words: why nothing of it can be read. */
  readonly #readings = new Map<string, Promise<ReadText | string>>()

  constructor(inForce: InForce, documents: Documents, reader: StatementReader) {
    this.#inForce = inForce
    this.#documents = documents
    this.#reader = reader
    this.#asksForText = inForce.documents.some(
      ({ kind, ...document }) => kind === 'Policy' && 'when' in document && ofText(document.when),
    )
  }

  async judge(session: SessionSummary, { event, masked, database, granted }: RecordedOperation): Promise<Judged> {
    const { rules, connections } = this.#inForce
    if (event.refusal !== null && !ofRules.has(event.refusal.code)) return { notJudged: 'it was refused for what no rule says' }
    const connection = connections.get(session.connection)
    if (connection === undefined) return { notJudged: 'its connection is not registered any more' }
    if (masked && this.#asksForText)
      return { notJudged: 'values in it are masked on the record, and a rule asks for its text or parameters' }
    const reading = await this.#reading(connection.name, database)
    if (typeof reading === 'string') return { notJudged: reading }
    const read = await reading(event.text)
    if (!isTheSame(read, event)) return { notJudged: readsOtherwise }
    const { identity } = session
    const now = new Date(event.time)
    if (!granted && !rules.mayUse(identity, connection, { now, granted: [] }).allowed) return { after: 'no-access', rules: [] }
    const parameters = event.parameters.map(({ type, value }) => ({ type, value, sources: 'opaque' as const }))
    const judgement = rules.judge({
      identity,
      connection,
      operation: { ...read, parameters },
      session: { id: session.id, reason: session.reason },
      now,
      cacheKey: read.facts,
    })
    if (judgement.decision === 'permit') return { after: 'permit', rules: [] }
    if (judgement.decision === 'refuse') return { after: 'refuse', rules: [judgement.refusal.rule] }
    return { after: 'hold', rules: judgement.approvals.map(({ rule }) => rule) }
  }

  #reading(name: string, database: string | null): Promise<ReadText | string> {
    const key = JSON.stringify([name, database])
    let reading = this.#readings.get(key)
    if (reading === undefined) {
      reading = this.#open(name, database)
      this.#readings.set(key, reading)
    }
    return reading
  }

  async #open(name: string, database: string | null): Promise<ReadText | string> {
    const [connection, registered] = [this.#inForce.connections.get(name), this.#documents.connection(name)]
    if (connection === undefined || registered === null) return 'its connection is not registered any more'
    try {
      const read = await this.#reader.open(connection, registered, database)
      // Where nobody answers, all that came through it is told of at once.
      await read('')
      return read
    } catch (error) {
      if (error instanceof HoopError) return `what names mean behind ${name} cannot be looked up: ${error.message}`
      throw error
    }
  }
}

const readsOtherwise =
  'it reads otherwise today: the database was changed since, values in it are masked on the record, or it used what only its session had'

/** What rules say of an operation, and not the state of the gateway at that moment. */
const ofRules: ReadonlySet<string> = new Set([
  'policy_denied',
  'unknown_effect',
  'masked_flow',
  'masked_filter',
  'not_supported',
  'unreadable',
])

/** Whether a condition may ask for what the record has masked; more often than it does, never less. */
function ofText(condition: string): boolean {
  return /\boperation\s*(\.\s*(text|parameters)\b|[^.\s])|\boperation\s*$/.test(condition)
}

function isTheSame(read: Operation, event: RecordedOperation['event']): boolean {
  return (
    isDeepStrictEqual([...read.effects], event.effects) &&
    isDeepStrictEqual([...read.functions], event.functions) &&
    isDeepStrictEqual(read.objects, event.objects) &&
    isDeepStrictEqual(
      read.runs.map(({ name, text }) => ({ name, text })),
      event.runs,
    )
  )
}

class Tally {
  operations = 0
  #unchanged = 0
  readonly #changes = new Map<string, ReplayResponse['changes'][number]>()
  readonly #examples: ReplayedOperation[] = []
  readonly #notJudged = new Map<string, number>()

  add(session: SessionSummary, event: Extract<RecordedEvent, { type: 'operation' }>, judged: Judged): void {
    this.operations++
    if ('notJudged' in judged) {
      this.#notJudged.set(judged.notJudged, (this.#notJudged.get(judged.notJudged) ?? 0) + 1)
      return
    }
    const { verdict: before } = event
    const { after, rules } = judged
    if (before === after) {
      this.#unchanged++
      return
    }
    const key = `${before} ${after}`
    const count = (this.#changes.get(key)?.count ?? 0) + 1
    this.#changes.set(key, { before, after, count })
    if (count > examplesOfEach) return
    const { id, connection, identity } = session
    this.#examples.push({
      session: id,
      operation: event.id,
      time: event.time,
      connection,
      identity: { kind: identity.kind, name: identity.name },
      text: event.text.slice(0, shownText),
      before,
      after,
      rules: [...rules],
    })
  }

  answer({ rules }: InForce, sessions: number, more: boolean): ReplayResponse {
    return {
      policyVersion: rules.version,
      sessions,
      operations: this.operations,
      unchanged: this.#unchanged,
      changes: [...this.#changes.values()],
      examples: this.#examples,
      notJudged: [...this.#notJudged].map(([words, count]) => ({ words, count })),
      more,
    }
  }
}
