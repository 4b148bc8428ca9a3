import { type Identity, type NotifiedEvent, NotifiedEvent as NotifiedEventSchema } from '@hoop/contracts'
import { z } from 'zod'
import type { StoredApproval } from '../store/approvals.ts'
import type { StoredGrant } from '../store/grants.ts'
import type { Occasion } from './notifier.ts'

/** Characters of what was asked, with its parameters, that go out: who needs more looks at it in hoop. */
const shownText = 16 * 1024
const shownWords = 2000
const shownItems = 50
/** What stands on a line of a message as it is, and in full. */
const plainLine = /^[ -~]{0,900}$/

const Named = z.object({ id: z.string(), name: z.string(), kind: z.string() })
const Somebody = Named.extend({ onBehalfOf: Named.nullable() })
type Somebody = z.infer<typeof Somebody>

/** What is told: the body of a webhook, and what messages are made of. Nothing in it is more than the record shows. */
export const Notice = z.object({
  event: NotifiedEventSchema,
  /** The approval (`ap_…`) or the request for access (`ac_…`). */
  subject: z.string(),
  connection: z.string(),
  state: z.string(),
  requester: Somebody,
  reason: z.string().nullable(),
  /** `Policy/NAME` or `Access/NAME`. */
  rule: z.string(),
  message: z.string().nullable(),
  approvers: z.array(z.string()),
  /** How many of them must say yes, and how many have. */
  count: z.int(),
  approved: z.int(),
  /** What waits; null: it is access that is asked for. `whole`: nothing of it was left out here. */
  operation: z
    .object({
      session: z.string(),
      text: z.string(),
      parameters: z.array(z.object({ type: z.string().nullable(), value: z.string().nullable() })),
      /** Of the database; null: it is not known. */
      role: z.string().nullable().default(null),
      /** What its session has set for itself, as `name = value`; null: nobody knows. */
      settings: z.array(z.string()).nullable().default([]),
      effects: z.array(z.string()),
      objects: z.array(z.string()),
      whole: z.boolean(),
    })
    .nullable(),
  /** Seconds for which access is asked for. */
  lasts: z.int().nullable(),
  at: z.iso.datetime(),
  /** Until when it may be decided. */
  expiresAt: z.iso.datetime(),
  /** Until when access lasts that was granted. */
  endsAt: z.iso.datetime().nullable(),
  decidedBy: Somebody.nullable(),
  decisionReason: z.string().nullable(),
})
export type Notice = z.infer<typeof Notice>

/** What is told of an occasion. */
export function noticeOf(occasion: Occasion): Notice {
  return 'approval' in occasion ? ofApproval(occasion.event, occasion.approval) : ofGrant(occasion.event, occasion.grant)
}

function ofApproval(event: NotifiedEvent, approval: StoredApproval): Notice {
  let left = shownText
  const cut = (text: string) => {
    const shown = text.slice(0, left)
    left -= shown.length
    return shown
  }
  const text = cut(approval.text)
  const parameters = approval.parameters.slice(0, shownItems).map(({ type, value }) => ({ type, value: value && cut(value) }))
  const settings = approval.settings?.map(({ name, value }) => (value === null ? `${name}, and reset` : `${name} = ${value}`))
  const length = approval.parameters.reduce((sum, { value }) => sum + (value?.length ?? 0), approval.text.length)
  const lists = [approval.parameters, approval.objects, settings ?? []]
  return {
    event,
    subject: approval.id,
    connection: approval.connection,
    state: approval.state,
    requester: somebody(approval.requester),
    reason: words(approval.reason),
    rule: approval.rule,
    message: words(approval.message),
    approvers: approval.approvers.slice(0, shownItems),
    count: approval.count,
    approved: approval.votes.length,
    operation: {
      session: approval.session,
      text,
      parameters,
      role: approval.role,
      settings: settings?.slice(0, shownItems).map((each) => each.slice(0, shownWords)) ?? null,
      effects: approval.effects,
      objects: approval.objects.slice(0, shownItems).map(({ kind, name, access }) => `${kind} ${name} ${access}`),
      whole:
        length <= shownText && lists.every((list) => list.length <= shownItems) && plainLine.test((settings ?? []).join('; ')),
    },
    lasts: null,
    at: (approval.decidedAt ?? approval.heldAt).toISOString(),
    expiresAt: approval.expiresAt.toISOString(),
    endsAt: null,
    decidedBy: approval.decidedBy && somebody(approval.decidedBy),
    decisionReason: words(approval.voidedBecause ?? approval.decisionReason),
  }
}

function ofGrant(event: NotifiedEvent, grant: StoredGrant): Notice {
  const last = grant.approvals.at(-1)
  const by = grant.closedBy ?? last?.by ?? null
  return {
    event,
    subject: grant.id,
    connection: grant.connection,
    state: grant.state,
    requester: somebody(grant.requester),
    reason: words(grant.reason),
    rule: `Access/${grant.access}`,
    message: null,
    approvers: grant.approvers.slice(0, shownItems),
    count: grant.count,
    approved: grant.approvals.length,
    operation: null,
    lasts: grant.duration,
    at: (grant.closedAt ?? (last === undefined ? grant.requestedAt : new Date(last.at))).toISOString(),
    expiresAt: grant.expiresAt.toISOString(),
    endsAt: grant.endsAt?.toISOString() ?? null,
    decidedBy: by && somebody(by),
    decisionReason: words(grant.closedBy === null ? (last?.reason ?? null) : grant.closedReason),
  }
}

function somebody({ id, name, kind, onBehalfOf }: Identity): Somebody {
  return {
    id,
    name,
    kind,
    onBehalfOf: onBehalfOf === undefined ? null : { id: onBehalfOf.id, name: onBehalfOf.name, kind: 'person' },
  }
}

function words(text: string | null): string | null {
  return text === null || text.length <= shownWords ? text : `${text.slice(0, shownWords)}…`
}
