import { z } from 'zod'
import { Identity } from './identity.ts'
import { Effect, ObjectAccess } from './operation.ts'

/**
 * A place in a segment's `data` file, and the SHA-256 (hex) of the bytes there. The segment is the one that the event stands in.
 * Offset -1: the connection keeps digests only, so the length and the hash are all that is left of the bytes.
 */
export const DataRange = z.object({ segment: z.int(), offset: z.int(), length: z.int(), sha256: z.string() })
export type DataRange = z.infer<typeof DataRange>

export const RecordedReason = z.object({ rule: z.string(), matched: z.boolean(), words: z.string() })

const body = {
  segmentOpened: z.object({
    type: z.literal('segment.opened'),
    session: z.string(),
    segment: z.int(),
    /** 32 random bytes, hex: no hash of the chain can be guessed from content. */
    salt: z.string(),
    format: z.literal(1),
  }),
  sessionOpened: z.object({
    type: z.literal('session.opened'),
    identity: Identity,
    connection: z.object({ name: z.string(), protocol: z.string(), address: z.string(), tls: z.string() }),
    /** How the caller came: `connect` or `exec`. */
    via: z.string(),
    reason: z.string().nullable(),
    client: z.object({ version: z.string(), host: z.string(), address: z.string() }),
    policyVersion: z.string(),
    durability: z.enum(['ordered', 'synced']),
    results: z.enum(['full', 'digest', 'none']),
    /** The access that was asked for, and by which alone the connection could be used. */
    grants: z.array(z.string()).optional(),
  }),
  streamOpened: z.object({ type: z.literal('stream.opened'), stream: z.int(), application: z.string().nullable() }),
  streamLogin: z.object({
    type: z.literal('stream.login'),
    stream: z.int(),
    user: z.string(),
    database: z.string(),
    application: z.string().nullable(),
    backend: z.string().nullable(),
    /** Which of the connection's hosts answered, as `host:port`. */
    host: z.string().optional(),
    /** The agent that carries the stream. */
    agent: z.object({ name: z.string(), instance: z.string() }).optional(),
  }),
  streamClosed: z.object({ type: z.literal('stream.closed'), stream: z.int(), words: z.string().nullable() }),
  operation: z.object({
    type: z.literal('operation'),
    id: z.string(),
    stream: z.int(),
    /** `caller` asked for it; `hoop` is our own read of the catalogue. */
    by: z.enum(['caller', 'hoop']),
    text: z.string(),
    /** HMAC-SHA256 (hex, keyed by the gateway) of the original, where `text` differs from it; null: it is the original. So for each value. */
    digest: z.string().nullable(),
    parameters: z.array(z.object({ type: z.string().nullable(), value: z.string().nullable(), digest: z.string().nullable() })),
    fingerprint: z.string().nullable(),
    effects: z.array(Effect),
    objects: z.array(ObjectAccess),
    functions: z.array(z.string()),
    /** Statements that it runs by the names that they were prepared or declared under. */
    runs: z.array(z.object({ name: z.string(), text: z.string() })).default([]),
    verdict: z.enum(['permit', 'refuse', 'hold']),
    policyVersion: z.string(),
    reasons: z.array(RecordedReason),
    refusal: z.object({ code: z.string(), message: z.string(), rule: z.string() }).nullable(),
  }),
  held: z.object({
    type: z.literal('held'),
    operation: z.string(),
    approval: z.string(),
    rule: z.string(),
    approvers: z.array(z.string()),
    timeout: z.int(),
  }),
  decided: z.object({
    type: z.literal('decided'),
    operation: z.string(),
    approval: z.string(),
    decision: z.enum(['approved', 'denied', 'timed-out', 'withdrawn', 'void']),
    by: Identity.nullable(),
    reason: z.string().nullable(),
    policyVersion: z.string(),
    /** Others who approved it before `by`, where the rule asks for several. */
    also: z.array(Identity).optional(),
    /** Nobody was asked anew: it was approved before (a ticket), or with others like it (a batch); or its own caller passed the rule. */
    through: z.enum(['ticket', 'batch', 'break-glass']).optional(),
  }),
  chunk: z.object({
    type: z.literal('chunk'),
    operation: z.string(),
    way: z.enum(['up', 'down']),
    data: DataRange,
    /** Of an operation with several streams: a program that it runs (`resize` is the size of its terminal), or a forwarded port. */
    channel: z.enum(['stdin', 'stdout', 'stderr', 'error', 'resize', 'data']).optional(),
  }),
  outcome: z.object({
    type: z.literal('outcome'),
    operation: z.string(),
    kind: z.enum(['done', 'error', 'cancelled', 'no-reply', 'not-run']),
    tag: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    rows: z.int(),
    masked: z.record(z.string(), z.int()),
    /** Microseconds from admission to the end. */
    duration: z.int(),
    /** The last bytes for its caller, where they are few enough for one chunk. */
    data: DataRange.optional(),
  }),
  unsolicited: z.object({ type: z.literal('unsolicited'), stream: z.int(), kind: z.string(), text: z.string() }),
  read: z.object({ type: z.literal('read'), by: Identity, what: z.string() }),
  sessionClosed: z.object({
    type: z.literal('session.closed'),
    words: z.string(),
    /** Only where another process closed the record of a killed gateway: bytes of an unfinished line that were cut, bytes of `data` that no line names. */
    recovered: z.object({ cut: z.int(), unreferenced: z.int() }).optional(),
  }),
}

/** What happened: one line of `events.ndjson` without its place in the chain. */
export const EventBody = z.discriminatedUnion('type', [
  body.segmentOpened,
  body.sessionOpened,
  body.streamOpened,
  body.streamLogin,
  body.streamClosed,
  body.operation,
  body.held,
  body.decided,
  body.chunk,
  body.outcome,
  body.unsolicited,
  body.read,
  body.sessionClosed,
])
export type EventBody = z.infer<typeof EventBody>

/** The place in the chain: `seq` counts from 0 over the whole session, `prev` is the SHA-256 (hex) of the line before, without its newline. */
export const EventHead = z.object({ seq: z.int(), time: z.iso.datetime(), prev: z.string() })
export type RecordedEvent = z.infer<typeof EventHead> & EventBody
export const RecordedEvent = EventHead.and(EventBody)

/** Of a live view, and on no record: operations that went through since the last one, too many to be listed. */
export const PassedOperations = z.object({ type: z.literal('passed'), operations: z.int(), rows: z.int() })
export type PassedOperations = z.infer<typeof PassedOperations>
/** What a person can follow of a session: events of its record, and counts of what is left out. */
export const LiveEvent = z.union([PassedOperations, RecordedEvent])
export type LiveEvent = z.infer<typeof LiveEvent>
