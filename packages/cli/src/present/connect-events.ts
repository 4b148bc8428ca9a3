import type { RecordedEvent } from '@hoop/contracts'
import { z } from 'zod'
import type { OperationView } from './operations.ts'

const ofOperation = { connection: z.string(), session: z.string(), time: z.iso.datetime(), operation: z.string() }

/** What `hoop connect --json` prints, one a line; docs/cli.md has a row for each. */
export const ConnectEvent = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('ready'),
    connection: z.string(),
    protocol: z.string(),
    host: z.string(),
    port: z.int(),
    database: z.string(),
    user: z.string(),
    rootCertificate: z.string().nullable(),
    /** A kubeconfig. */
    configuration: z.string().nullable(),
    /** Of libpq. */
    passwordFile: z.string().nullable(),
    url: z.string(),
    session: z.string(),
  }),
  z.strictObject({ event: z.literal('operation'), ...ofOperation, text: z.string(), effects: z.array(z.string()) }),
  z.strictObject({
    event: z.literal('held'),
    ...ofOperation,
    text: z.string(),
    approval: z.string(),
    rule: z.string(),
    approvers: z.array(z.string()),
    /** When the answer is no. */
    expiresAt: z.iso.datetime(),
    /** What an approver types. */
    show: z.string(),
  }),
  z.strictObject({
    event: z.literal('decided'),
    ...ofOperation,
    approval: z.string(),
    decision: z.enum(['approved', 'denied', 'timed-out', 'withdrawn', 'void']),
    by: z.string().nullable(),
    reason: z.string().nullable(),
  }),
  z.strictObject({
    event: z.literal('refused'),
    ...ofOperation,
    text: z.string(),
    code: z.string(),
    rule: z.string(),
    message: z.string(),
  }),
  z.strictObject({
    event: z.literal('masked'),
    ...ofOperation,
    values: z.int(),
    /** How many by each mask. */
    rules: z.record(z.string(), z.int()),
  }),
  z.strictObject({
    event: z.literal('outcome'),
    ...ofOperation,
    kind: z.enum(['done', 'error', 'cancelled', 'no-reply', 'not-run']),
    tag: z.string().nullable(),
    rows: z.int(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    /** Microseconds. */
    duration: z.int(),
  }),
  z.strictObject({
    event: z.literal('passed'),
    connection: z.string(),
    session: z.string(),
    operations: z.int(),
    rows: z.int(),
  }),
  z.strictObject({ event: z.literal('interrupted'), words: z.string() }),
  z.strictObject({ event: z.literal('resumed') }),
  z.strictObject({ event: z.literal('lost'), words: z.string() }),
  z.strictObject({ event: z.literal('retrying'), words: z.string(), delayMs: z.number() }),
  z.strictObject({ event: z.literal('restored') }),
  z.strictObject({ event: z.literal('ended'), connection: z.string(), words: z.string() }),
  z.strictObject({ event: z.literal('trouble'), connection: z.string(), words: z.string() }),
])
export type ConnectEvent = z.infer<typeof ConnectEvent>

/** What a recorded event means to a program that follows its own statements; reads of the catalogue by hoop are left out. */
export function connectEvents(connection: string, session: string, view: OperationView, event: RecordedEvent): ConnectEvent[] {
  const { operation, held } = view
  if (operation.by === 'hoop') return []
  const head = { connection, session, time: event.time, operation: operation.id }
  switch (event.type) {
    case 'operation': {
      if (event.verdict !== 'refuse') return [{ event: 'operation', ...head, text: event.text, effects: event.effects }]
      const { code = 'policy_denied', rule = '', message = '' } = event.refusal ?? {}
      return [{ event: 'refused', ...head, text: event.text, code, rule, message }]
    }
    case 'held': {
      const { approval, rule, approvers, timeout } = event
      const expiresAt = new Date(Date.parse(event.time) + timeout * 1000).toISOString()
      const show = `hoop approvals show ${approval}`
      return [{ event: 'held', ...head, text: operation.text, approval, rule, approvers, expiresAt, show }]
    }
    case 'decided': {
      const { approval, decision, reason, by } = event
      return [{ event: 'decided', ...head, approval, decision, by: by && (by.email ?? by.name), reason }]
    }
    case 'outcome': {
      const { kind, tag, rows, error, duration, masked } = event
      if (kind === 'not-run' && held !== null) return []
      const values = Object.values(masked).reduce((sum, count) => sum + count, 0)
      const outcome = { event: 'outcome', ...head, kind, tag, rows, error, duration } as const
      return values === 0 ? [outcome] : [{ event: 'masked', ...head, values, rules: masked }, outcome]
    }
    default:
      return []
  }
}
