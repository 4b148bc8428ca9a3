import type { EventBody } from './events.ts'
import type { Operation, Output, Sources } from './operation.ts'

/** Synchronous where the answer is at hand: no tick lost per row. */
export type Maybe<T> = T | Promise<T>

/** One rule's part in a verdict. */
export interface Reason {
  /** `Policy/agents-ask-before-writing`, `Access/engineers`, `hoop/unknown` for rules built in. */
  readonly rule: string
  readonly matched: boolean
  readonly words: string
}

/** A no that says what, which rule, why, what to do next. The protocol adds its own code and the session id. */
export interface Refusal {
  /** `op_…`: the operation's id, also in the record and in the backend's own log. */
  readonly id: string
  readonly code: RefusalCode
  readonly message: string
  readonly rule: string
  readonly detail: string
  readonly hint: string
}

/** Why an operation was refused; one row each in docs/errors.md. */
export type RefusalCode =
  | 'policy_denied'
  | 'approval_denied'
  | 'approval_timed_out'
  | 'approval_void'
  | 'withdrawn'
  | 'held'
  | 'unknown_effect'
  | 'masked_flow'
  | 'masked_filter'
  | 'not_supported'
  | 'unreadable'
  | 'unavailable'
  | 'too_many_requests'

/** Which way a chunk went: `up` from the caller to the backend, `down` from the backend to the caller. */
export type Way = 'up' | 'down'

/** What a chunk is of, where an operation has several streams: those of a program that it runs, or of a forwarded port. */
export type Channel = NonNullable<Extract<EventBody, { type: 'chunk' }>['channel']>

/** How an operation ended. */
export interface Outcome {
  readonly kind: 'done' | 'error' | 'cancelled' | 'no-reply' | 'not-run'
  /** The backend's own completion tag (`SELECT 3`), or its error code and masked message. */
  readonly tag: string | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly rows: number
  /** Values masked, by rule. */
  readonly masked: Readonly<Record<string, number>>
}

/** One operation's permission: used once; lives over suspended portals and upgrades. */
export interface Permit {
  readonly id: string
  readonly masks: MaskPlan
  /** Aborts when the session is killed or its access ends. */
  readonly signal: AbortSignal
  /** Just before the bytes leave for the backend; throws the second time. */
  consume(): void
  /**
   * Puts a chunk of the operation's traffic, as the caller sees it, on the record; it moves on by the product's leave; the promise is back-pressure.
   * `rows`: of all results so far. Throws a HoopError where a limit is exceeded: the chunk must not leave, and the connection ends with these words.
   */
  record(way: Way, pieces: readonly Buffer[], rows?: number, channel?: Channel): Maybe<void>
  /** Exactly once; throws the second time. `last` is a final chunk that went down, recorded in the same write. */
  end(outcome: Outcome, last?: readonly Buffer[]): Maybe<void>
}

export type Verdict =
  | { readonly kind: 'permit'; readonly permit: Permit }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

/** How a held operation is announced to its caller while it waits. */
export interface HoldNotice {
  readonly approvalId: string
  readonly operationId: string
  readonly rule: string
  readonly message: string
  readonly approvers: readonly string[]
  /** How many of them must say yes. */
  readonly count: number
  /** Seconds until the answer is no. */
  readonly timeout: number
}

/** All that a protocol may ask of the product. */
export interface Gate {
  /**
   * Puts the operation on the record, judges it, waits for a person if need be. Awaiting it is the hold.
   * `signal` withdraws a held operation (cancel, disconnect); `onHold` is called once if it is held.
   */
  admit(operation: Operation, options: AdmitOptions): Maybe<Verdict>
  /** Puts on the record what the backend looked at and rejected before anything of it could run: nobody was asked. */
  rejected(operation: Operation, stream: number, error: { readonly code: string; readonly message: string }): void
  /** What the backend sends unasked (NOTIFY, ParameterStatus): recorded, or dropped when it answers false. */
  unsolicited(kind: string, text: string): boolean
  /** Masks that hold for the whole session, for what belongs to no operation (login errors, notices). */
  readonly masks: MaskPlan
}
export interface AdmitOptions {
  readonly stream: number
  readonly signal: AbortSignal
  onHold(notice: HoldNotice): void
  /** Which of the connection's databases it is for. */
  readonly database?: string
  /** As whom the backend runs it, where its caller chose; null: the role that logged in. */
  readonly role?: string | null
  /**
   * What its session has set for itself and may change what it does, in one order; null: nobody knows. What was approved with other settings is
   * another operation.
   */
  readonly settings?: readonly SessionSetting[] | null
  /** It is in a transaction, whose locks stay while it is held. */
  readonly inTransaction?: boolean
  /** Locks that its transaction holds now, each in words. */
  locks?(): Promise<readonly string[]>
  /**
   * Reads the operation again, by what the backend has now: a hold may be long. Null: what it names was redefined meanwhile. Rejects with a
   * HoopError where that cannot be told.
   */
  again?(): Promise<Operation | null>
}

/** A setting of a session that differs from what a login begins with. */
export interface SessionSetting {
  readonly name: string
  /** Null: set once, and reset since, which is not always as if it had never been set. */
  readonly value: string | null
}

/** What one output value becomes. */
export interface ValueMask {
  /** `Mask/cardholder-data` */
  readonly rule: string
  readonly method: 'redact' | 'partial' | 'hash' | 'fixed' | 'null'
  /** The masked form of a value given as text; null is SQL NULL, or JSON's null. Never throws, never returns its argument. */
  text(value: string): string | null
  /** Whether a value that is to be written looks like what this mask gives in a value's place: it must not take the place of the truth. */
  looksMasked(value: string): boolean
  /**
   * As `text`, of an ASCII value that stands in `bytes[start, end)`: writes the masked form, ASCII as well, into `into` from `at` on and answers
   * where it ends; at most `maskGrowth` bytes longer than the value. Absent where it is made of the text only.
   */
  ascii?(bytes: Uint8Array, start: number, end: number, into: Uint8Array, at: number): number
}

/** How many bytes longer than its value a masked form may be that is written from byte to byte. */
export const maskGrowth = 16

/** One value found by a detector, `[start, end)` in the bytes searched. */
export interface Finding {
  readonly start: number
  readonly end: number
  readonly kind: string
  readonly rule: string
}

/** Detectors by value. */
export interface Detectors {
  /** Every finding in `[start, end)` of the bytes, in order, not overlapping; a shared empty array when there is none. */
  find(bytes: Uint8Array, start: number, end: number): readonly Finding[]
  /** Overwrites each finding in place with a masked form of the same length: works on text inside any framing. */
  blank(bytes: Uint8Array, findings: readonly Finding[]): void
  /** The text with each finding masked, and how many there were, by rule. */
  text(value: string): { readonly text: string; readonly masked: Readonly<Record<string, number>> }
  /**
   * Where a value that takes several lines or more than 256 bytes begins in `[start, end)` and may go on behind `end`: what reads a stream keeps
   * the bytes from there. `end`: none does. At most 16 KiB before `end`. Absent: no value is that long.
   */
  unfinished?(bytes: Uint8Array, start: number, end: number): number
}

/** A place in documents (JSON) of one kind, and the masks at it and below. Immutable; the same places are the same objects where that is cheap. */
export interface FieldNode {
  /** What each scalar here becomes, and each one anywhere below; null: nothing by name. */
  readonly mask: ValueMask | null
  /** The member of this name; null: nothing is masked there or below. */
  member(name: string): FieldNode | null
  /** Each element of an array; null: nothing is masked there or below. */
  element(index: number): FieldNode | null
  /** Every place that an element may be at whose index is not known; null among them: nothing is masked there or below. Absent: all are at one. */
  elements?(): readonly (FieldNode | null)[]
}

/** What is masked for one identity on one connection. */
export interface MaskPlan {
  /** Nothing is masked: results are forwarded as they came. */
  readonly empty: boolean
  /** Some column is masked by name: lineage matters, and `opaque` is masked. */
  readonly hasColumns: boolean
  /**
   * The mask for a value with these sources; null: none by name (detectors still apply). Only a `stored` value is shown in part or by its
   * hash: an expression could bring any part of a value to the place that is shown, or to one whose hash is known.
   */
  column(sources: Sources, form?: Output['form']): ValueMask | null
  /** Some field is masked by name: documents are read, and what cannot be read does not pass. */
  readonly hasFields: boolean
  /** What is masked by name in documents of this kind (`secrets`, `deployments.apps`, `/v1/customers/{id}`), from their root; null: nothing. */
  fields(resource: string): FieldNode | null
  readonly detectors: Detectors | null
}
