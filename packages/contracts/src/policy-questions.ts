import { z } from 'zod'
import { DocumentName } from './document-parts.ts'
import { RecordedReason } from './events.ts'
import { Identity, IdentityKind } from './identity.ts'
import { Effect, ObjectAccess } from './operation.ts'

/** Documents as they would be applied, laid over those in force: one of the same kind and name takes the other's place. */
export const ProposedDocuments = z.strictObject({
  yaml: z.string().max(1_000_000),
  file: z.string().max(1000).default('documents'),
})
export type ProposedDocuments = z.infer<typeof ProposedDocuments>

const Actor = z.strictObject({ kind: IdentityKind, groups: z.array(z.string().max(500)).max(500) })

/** Somebody who need not exist: rules ask for no more than this. */
export const SupposedIdentity = z.strictObject({
  ...Actor.shape,
  /** The person behind it. */
  onBehalfOf: Actor.pick({ groups: true }).optional(),
})
export type SupposedIdentity = z.infer<typeof SupposedIdentity>

/** One statement that nobody sends, and what is to be supposed about it. */
export const PolicyQuestion = z.strictObject({
  connection: DocumentName,
  statement: z.string().max(1_000_000),
  /** Of the connection; its first if not given. */
  database: z.string().max(200).optional(),
  /** Whoever asks, if not given. */
  identity: SupposedIdentity.optional(),
  /** As if the connection had these labels, too. */
  labels: z.record(z.string().max(500), z.string().max(500)).optional(),
  reason: z.string().max(2000).nullable().default(null),
  at: z.iso.datetime({ offset: true }).optional(),
})
export type PolicyQuestion = z.infer<typeof PolicyQuestion>

/** POST /v1/policy/explain */
export const ExplainRequest = z.strictObject({
  documents: ProposedDocuments.optional(),
  questions: z.array(PolicyQuestion).min(1).max(1000),
})
export type ExplainRequest = z.infer<typeof ExplainRequest>

/** `no-access`: no Access lets them use the connection, whatever the policies say. */
export const ExplainedVerdict = z.enum(['permit', 'approve', 'refuse', 'no-access'])
export type ExplainedVerdict = z.infer<typeof ExplainedVerdict>

/** One column of a result: what it is made from, and the mask that follows from that. */
export const ExplainedColumn = z.object({
  name: z.string().nullable(),
  /** `schema.table.column`; `opaque`: it may be made from anything. */
  sources: z.union([z.literal('opaque'), z.array(z.string())]),
  mask: z
    .object({
      rule: z.string(),
      /** What is done: `redact` where the Mask says `partial` or `hash` and the value is computed. */
      method: z.string(),
      /** Of `sources`, those that the Mask names; empty: the origin of the value is not known. */
      columns: z.array(z.string()),
    })
    .nullable(),
})
export type ExplainedColumn = z.infer<typeof ExplainedColumn>

/** One Mask's part in an operation. */
export const ExplainedMask = z.object({
  rule: z.string(),
  /** Why it does not hold here; null: it holds. */
  misfit: z.string().nullable(),
  method: z.string(),
  /** How rows may be chosen by its columns; null: it names none that this protocol has. */
  filter: z.enum(['never', 'equality', 'any']).nullable(),
  /** `schema.table.column`: those that the operation shows, stores, compares or asks about, and the Mask names. */
  columns: z.array(z.string()),
  /** Its field patterns that are about the documents of the answer. */
  fields: z.array(z.string()),
  /** What it finds by value, wherever it stands: kinds, and names of its own patterns. */
  detects: z.array(z.string()),
})
export type ExplainedMask = z.infer<typeof ExplainedMask>

/** Why a statement would be admitted or not, and what of its result would be shown. */
export const Explanation = z.object({
  verdict: ExplainedVerdict,
  /** Every rule, whether it matched, and why not. */
  reasons: z.array(RecordedReason),
  access: z.array(RecordedReason),
  refusal: z.object({ code: z.string(), rule: z.string(), message: z.string(), detail: z.string(), hint: z.string() }).nullable(),
  approvals: z.array(z.object({ rule: z.string(), groups: z.array(z.string()), timeout: z.int(), message: z.string() })),
  effects: z.array(Effect),
  objects: z.array(ObjectAccess),
  functions: z.array(z.string()),
  verbs: z.array(z.string()),
  unbounded: z.boolean(),
  destructive: z.boolean(),
  /** Of each statement's result; null: they could not be told, and all are masked where any column is. */
  results: z.array(z.object({ verb: z.string(), columns: z.array(ExplainedColumn).nullable() })),
  /** Every Mask there is. */
  masks: z.array(ExplainedMask),
})
export type Explanation = z.infer<typeof Explanation>
export const ExplainResponse = z.object({ policyVersion: z.string(), explanations: z.array(Explanation) })
export type ExplainResponse = z.infer<typeof ExplainResponse>

/** POST /v1/policy/replay: one session, or those that were opened since. */
export const ReplayRequest = z.strictObject({
  documents: ProposedDocuments,
  session: z.string().max(100).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
})
export type ReplayRequest = z.infer<typeof ReplayRequest>

export const ReplayedVerdict = z.enum(['permit', 'hold', 'refuse', 'no-access'])
export type ReplayedVerdict = z.infer<typeof ReplayedVerdict>

/** One operation of the record, as it was judged and as it would be. */
export const ReplayedOperation = z.object({
  session: z.string(),
  operation: z.string(),
  time: z.iso.datetime(),
  connection: z.string(),
  identity: Identity.pick({ kind: true, name: true }),
  text: z.string(),
  before: ReplayedVerdict,
  after: ReplayedVerdict,
  /** Those that decide the verdict after. */
  rules: z.array(z.string()),
})
export type ReplayedOperation = z.infer<typeof ReplayedOperation>

export const ReplayResponse = z.object({
  policyVersion: z.string(),
  sessions: z.int(),
  operations: z.int(),
  unchanged: z.int(),
  changes: z.array(z.object({ before: ReplayedVerdict, after: ReplayedVerdict, count: z.int() })),
  /** The first of each kind of change. */
  examples: z.array(ReplayedOperation),
  /** Why so many operations could not be judged anew. */
  notJudged: z.array(z.object({ words: z.string(), count: z.int() })),
  /** There are more sessions than are looked at in one go. */
  more: z.boolean(),
})
export type ReplayResponse = z.infer<typeof ReplayResponse>
