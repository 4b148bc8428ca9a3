import { randomUUID } from 'node:crypto'
import { type Approval, type Effect, HoopError, type Identity } from '@hoop/contracts'
import type { Logger } from 'pino'
import type { Access } from '../access/access.ts'
import type { Caller } from '../identity/access-tokens.ts'
import type { Decision, HoldRequest, Holds } from '../sessions/types.ts'
import {
  addApproval,
  decideApproval,
  endApproval,
  readApproval,
  readApprovalsFor,
  type StoredApproval,
  voidApproval,
  withdrawApprovalsOf,
} from '../store/approvals.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/database.ts'
import { waitForDecision } from './waiting.ts'

const listLimit = 100
/** Characters of text and parameters: what nobody can read through cannot be approved. */
const readable = 256 * 1024

interface Parts {
  readonly store: Store
  readonly feed: ChangeFeed
  readonly access: Access
  readonly gateway: string
  readonly log: Logger
}

/** Held operations: the gate waits here, approvers decide here. */
export class Approvals implements Holds {
  readonly #parts: Parts

  private constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Withdraws what a killed gateway of this name left held. */
  static async open(parts: Parts): Promise<Approvals> {
    const left = await parts.store.transaction((db) => withdrawApprovalsOf(db, parts.gateway))
    if (left > 0) parts.log.warn({ count: left }, 'withdrew operations that the gateway before left held')
    return new Approvals(parts)
  }

  async hold(request: HoldRequest, signal: AbortSignal): Promise<{ id: string; decision: Promise<Decision> }> {
    const { store, feed, gateway } = this.#parts
    if (request.parameters.reduce((sum, { value }) => sum + (value?.length ?? 0), request.text.length) > readable) {
      throw new HoopError('invalid_request', 'The operation is too large to be read by an approver.', {
        hint: 'Split it into smaller ones.',
      })
    }
    const id = `ap_${randomUUID()}`
    const heldAt = new Date()
    const expiresAt = new Date(heldAt.getTime() + request.timeout * 1000)
    const waiting = waitForDecision({
      id,
      expiresAt,
      signal,
      feed,
      read: () => store.run((db) => readApproval(db, id)),
      end: (state) => store.transaction((db) => endApproval(db, id, state)),
    })
    try {
      await store.transaction((db) => addApproval(db, rowOf(request, { id, gateway, heldAt, expiresAt })))
    } catch (error) {
      waiting.release()
      throw error
    }
    waiting.start()
    return { id, decision: waiting.decision }
  }

  async void(id: string, words: string): Promise<void> {
    await this.#parts.store.transaction((db) => voidApproval(db, id, words))
  }

  /** Newest first; those that the caller asked for and those that the caller's groups decide. */
  async list(caller: Caller, state: 'held' | 'all'): Promise<Approval[]> {
    const filter = { held: state === 'held', limit: listLimit }
    const rows = await this.#parts.store.run((db) => readApprovalsFor(db, caller.identity, filter))
    return rows.map((row) => this.#shownTo(caller.identity, row))
  }

  /** Null for one that is not there or does not concern the caller. */
  async find(caller: Caller, id: string): Promise<Approval | null> {
    const { store, access } = this.#parts
    const approval = await store.run((db) => readApproval(db, id))
    return approval !== null && access.may(caller, { kind: 'approval.see', approval })
      ? this.#shownTo(caller.identity, approval)
      : null
  }

  /** @throws HoopError `no_access`, `invalid_request` for a denial without a reason, `conflict` when it is not held any more. */
  async decide(caller: Caller, id: string, verdict: 'approve' | 'deny', reason: string | null): Promise<Approval> {
    const { store, access } = this.#parts
    access.authorise(caller, { kind: 'approval.decide', approval: await this.#concerning(caller, id) })
    const words = reason?.trim() || null
    if (verdict === 'deny' && words === null) {
      throw new HoopError('invalid_request', 'A denial needs a reason.', {
        hint: 'The one who asked reads it: say what to do instead.',
      })
    }
    const decision = {
      state: verdict === 'approve' ? 'approved' : 'denied',
      by: caller.identity,
      reason: words,
      now: new Date(),
    } as const
    const decided = await store.transaction((db) => decideApproval(db, id, decision))
    if (decided !== null) return this.#shownTo(caller.identity, decided)
    const now = this.#shownTo(caller.identity, await this.#concerning(caller, id))
    throw new HoopError('conflict', `It is not held any more: ${now.state === 'held' ? 'its time ran out' : now.state}.`, {
      hint: now.decidedBy === null ? 'Nothing is left to decide.' : `${now.decidedBy.name} decided it.`,
    })
  }

  /** An approval as one identity sees it. */
  #shownTo(identity: Identity, row: StoredApproval): Approval {
    const { gateway: _, requesterId, voidedBecause, heldAt, expiresAt, decidedAt, effects, ...rest } = row
    const decidable = row.state === 'held' && this.#parts.access.decides(identity, row)
    return {
      ...rest,
      effects: effects as Effect[],
      heldAt: heldAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      decidedAt: decidedAt?.toISOString() ?? null,
      decisionReason: voidedBecause ?? rest.decisionReason,
      mine: requesterId === identity.id ? 'requested' : decidable ? 'decide' : 'see',
    }
  }

  async #concerning(caller: Caller, id: string): Promise<StoredApproval> {
    const { store, access } = this.#parts
    const approval = await store.run((db) => readApproval(db, id))
    if (approval === null)
      throw new HoopError('not_found', `There is no approval ${id}.`, { hint: 'hoop approvals ls shows yours.' })
    access.authorise(caller, { kind: 'approval.see', approval })
    return approval
  }
}

function rowOf(request: HoldRequest, held: { id: string; gateway: string; heldAt: Date; expiresAt: Date }) {
  const { operationId, approverGroups, requester, timeout: _, parameters, effects, objects, ...rest } = request
  return {
    ...rest,
    ...held,
    state: 'held' as const,
    operation: operationId,
    requester,
    requesterId: requester.id,
    approvers: [...approverGroups],
    parameters: parameters.map(({ type, value }) => ({ type, value })),
    effects: [...effects],
    objects: [...objects],
  }
}
