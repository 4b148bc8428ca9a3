import { createHmac, randomUUID } from 'node:crypto'
import { type Approval, ApprovalOriginal, HoopError } from '@hoop/contracts'
import type { Logger } from 'pino'
import type { Access } from '../access/access.ts'
import type { Caller } from '../identity/access-tokens.ts'
import type { Notifier } from '../notify/notifier.ts'
import type { Cipher } from '../secrets/cipher.ts'
import type { Asked, Bound, Decision, HoldRequest, Holds } from '../sessions/types.ts'
import { writeAdminLog } from '../store/admin-log.ts'
import {
  addApproval,
  consumeApproval,
  countAsked,
  countHeld,
  endApproval,
  findStanding,
  forgetApprovals,
  keepAsTicket,
  lockApproval,
  type NewApproval,
  noteLocks,
  readApproval,
  readApprovalsFor,
  type StoredApproval,
  ticketApproval,
  updateApproval,
  voidApproval,
  withdrawApprovalsOf,
} from '../store/approvals.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Database, Store } from '../store/database.ts'
import { type Answer, approved, denied, ticketTime, withVotesThatStand } from './answers.ts'
import { decisionOf } from './decision.ts'
import { type Question, withKeyMakers } from './key-makers.ts'
import { settled, shownTo } from './shown.ts'
import { waitForDecision } from './waiting.ts'

const listLimit = 100
/** Open questions of one identity: nobody fills the inbox of approvers alone. */
const mostHeld = 50
/** Characters of text and parameters: what nobody can read through cannot be approved. */
const readable = 256 * 1024
/** New ones of one identity within a minute: what is asked and withdrawn at once is a message to approvers, too. */
const mostAskedPerMinute = 60
const minute = 60_000
/** Milliseconds for which what is over is kept: the records of sessions have it for as long as they are kept. */
const keptFor = 30 * 24 * 3600_000
const forgetEvery = 3600_000

interface Parts {
  readonly store: Store
  readonly feed: ChangeFeed
  readonly access: Access
  readonly gateway: string
  /** 32 bytes, the same at all gateways of the store. */
  readonly key: Buffer
  readonly cipher: Cipher
  readonly notifier?: Notifier | undefined
  /** Milliseconds that an operation waits for before it fails with a ticket, where it is held with one. */
  readonly ticketAfter?: number
  /** New questions of one identity within a minute. */
  readonly askedPerMinute?: number
  readonly log: Logger
}

/** Held operations: the gate waits here, approvers decide here. */
export class Approvals implements Holds {
  readonly #parts: Parts
  /** The last that is being added of each identity: the next is counted after it. */
  readonly #adding = new Map<string, Promise<unknown>>()
  readonly #forgetting: NodeJS.Timeout

  private constructor(parts: Parts) {
    this.#parts = parts
    this.#forgetting = setInterval(() => this.#forget(), forgetEvery).unref()
  }

  /** Withdraws what a killed gateway of this name left held. */
  static async open(parts: Parts): Promise<Approvals> {
    const left = await parts.store.transaction((db) => withdrawApprovalsOf(db, parts.gateway))
    if (left > 0) parts.log.warn({ count: left }, 'withdrew operations that the gateway before left held')
    const approvals = new Approvals(parts)
    approvals.#forget()
    return approvals
  }

  close(): void {
    clearInterval(this.#forgetting)
  }

  #forget(): void {
    const { store, log } = this.#parts
    store
      .run((db) => forgetApprovals(db, new Date(Date.now() - keptFor)))
      .catch((error: unknown) => log.warn({ err: error }, 'old approvals could not be deleted'))
  }

  async hold(request: HoldRequest, signal: AbortSignal): Promise<{ id: string; decision: Promise<Decision> }> {
    const { store, feed, gateway, cipher, ticketAfter = 60_000, askedPerMinute = mostAskedPerMinute } = this.#parts
    if (lengthOf(request) > readable) {
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
      ticketAfter: request.onHold === 'ticket' ? ticketAfter : null,
      signal,
      feed,
      read: () => store.run((db) => readApproval(db, id)),
      end: (state) =>
        this.#telling(state === 'timed-out' ? 'operation.expired' : 'operation.withdrawn', (db) => endApproval(db, id, state)),
      ticket: () => store.transaction((db) => ticketApproval(db, id)),
    })
    try {
      const { text, parameters } = request.original ?? {}
      const original = text === undefined ? null : cipher.seal(placeOf({ ...request, id }), JSON.stringify({ text, parameters }))
      const row = { ...rowOf(request, { id, gateway, heldAt, expiresAt }), ...this.#keysOf(request.bound) }
      const sealed = {
        originalCiphertext: original?.ciphertext ?? null,
        originalNonce: original?.nonce ?? null,
        originalKeyId: original?.keyId ?? null,
      }
      const add = async (db: Database) => {
        if ((await countHeld(db, request.requester.id, heldAt)) >= mostHeld) {
          throw new HoopError('too_many_requests', `${mostHeld} of your operations wait for an approver already.`, {
            hint: 'Wait until some are decided: hoop approvals ls',
          })
        }
        if ((await countAsked(db, request.requester.id, new Date(heldAt.getTime() - minute))) >= askedPerMinute) {
          throw new HoopError('too_many_requests', `You have asked for ${askedPerMinute} approvals within a minute.`, {
            hint: 'Wait a minute; hoop approvals approve ID --uses lets an approver decide many like one at once.',
          })
        }
        return await addApproval(db, { ...row, ...sealed })
      }
      await this.#inTurn(request.requester.id, () => this.#telling('operation.held', add))
    } catch (error) {
      waiting.release()
      throw error
    }
    waiting.start()
    return { id, decision: waiting.decision }
  }

  async standing({ requester, bound, onHold }: HoldRequest): Promise<Asked | null> {
    const { exactKey, likeKey } = this.#keysOf(bound)
    const key = { requesterId: requester.id, exactKey: onHold === 'ticket' ? exactKey : null, likeKey }
    const row = await this.#parts.store.run((db) => findStanding(db, key, new Date()))
    if (row === null) return null
    const decision = decisionOf(row)
    if (decision === null) return { approval: row.id, decision: { decision: 'ticket', by: null, reason: null } }
    const through = decision.through ?? (row.uses > 1 ? 'batch' : 'ticket')
    return { approval: row.id, decision: { ...decision, through } }
  }

  async use(ids: readonly string[]): Promise<boolean> {
    const now = new Date()
    try {
      await this.#parts.store.transaction(async (db) => {
        for (const id of [...ids].sort()) if ((await consumeApproval(db, id, now)) === null) throw new UsedUp()
      })
      return true
    } catch (error) {
      if (error instanceof UsedUp) return false
      throw error
    }
  }

  async keep(id: string): Promise<void> {
    await this.#parts.store.transaction((db) => keepAsTicket(db, id))
  }

  async locked(id: string, locks: readonly string[]): Promise<void> {
    await this.#parts.store.transaction((db) => noteLocks(db, id, locks))
  }

  async void(id: string, words: string): Promise<void> {
    await this.#parts.store.transaction((db) => voidApproval(db, id, words))
  }

  /** Newest first; those that the caller asked for and those that the caller's groups decide. `held`: batches in use, too. */
  async list(caller: Caller, state: 'held' | 'all'): Promise<Approval[]> {
    const filter = { open: state === 'held', now: new Date(), limit: listLimit }
    const { store } = this.#parts
    const rows = await store.run(async (db) => await withKeyMakers(db, await readApprovalsFor(db, caller.identity, filter)))
    const concerning = rows.filter((approval) => this.#parts.access.may(caller, { kind: 'approval.see', approval }))
    return concerning.map((row) => this.#shownTo(caller, row))
  }

  /** Null for one that is not there or does not concern the caller. */
  async find(caller: Caller, id: string): Promise<Approval | null> {
    const { store, access } = this.#parts
    const approval = await store.run(async (db) => {
      const row = await readApproval(db, id)
      return row && (await one(db, row))
    })
    return approval !== null && access.may(caller, { kind: 'approval.see', approval }) ? this.#shownTo(caller, approval) : null
  }

  /**
   * @throws HoopError `no_access`, `login_too_old`, `invalid_request` for a denial without a reason or a batch that cannot be, `conflict` when
   * nothing is left to decide
   */
  async decide(caller: Caller, id: string, verdict: 'approve' | 'deny', answer: Answer): Promise<Approval> {
    return await this.#change(caller, id, 'approval.decide', async (db, row, now) => {
      if (row.state !== 'held' || row.expiresAt <= now) throw settled(row, now)
      const change =
        verdict === 'approve'
          ? approved(await withVotesThatStand(db, row, this.#parts.access, now), caller, answer, now)
          : denied(caller, answer, now)
      const decided = await updateApproval(db, id, change)
      if (decided.state === 'held') return decided
      await this.#parts.notifier?.tell(db, { event: 'operation.decided', approval: decided })
      // No session has a ticket's decision on its record before it is used, if it ever is.
      if (decided.ticketedAt !== null || decided.uses > 1) {
        const detail =
          decided.uses > 1 ? `${decided.uses} uses until ${decided.usableUntil?.toISOString()}` : answer.reason?.trim()
        await writeAdminLog(db, { by: caller.identity, action: `approval.${verdict}`, target: id, ...(detail && { detail }) })
      }
      return decided
    })
  }

  /** Its own caller passes the rule, with a reason, and everybody concerned is told. @throws HoopError `no_access`, `login_too_old`, `conflict` */
  async breakGlass(caller: Caller, id: string, reason: string): Promise<Approval> {
    const { identity } = caller
    return await this.#change(caller, id, 'approval.break-glass', async (db, row, now) => {
      if (row.state !== 'held' || row.expiresAt <= now) throw settled(row, now)
      const usableUntil = row.onHold === 'ticket' ? new Date(now.getTime() + ticketTime) : null
      const decision = {
        state: 'approved',
        brokeGlass: true,
        decidedBy: identity,
        decidedAt: now,
        decisionReason: reason,
      } as const
      const passed = await updateApproval(db, id, { ...decision, usableUntil })
      await writeAdminLog(db, { by: identity, action: 'approval.break-glass', target: id, detail: `${row.rule}: ${reason}` })
      await this.#parts.notifier?.tell(db, { event: 'break-glass.used', approval: passed })
      return passed
    })
  }

  /** Ends what is left of an approval: a ticket, or a batch. @throws HoopError `no_access`, `conflict` */
  async revoke(caller: Caller, id: string, reason: string): Promise<Approval> {
    return await this.#change(caller, id, 'approval.revoke', async (db, row, now) => {
      const left = row.state === 'approved' && row.used < row.uses && row.usableUntil !== null && row.usableUntil > now
      const words = `revoked by ${caller.identity.name}: ${reason}`
      const revoked = left ? await voidApproval(db, id, words) : null
      if (revoked === null) throw settled(row, now)
      await writeAdminLog(db, { by: caller.identity, action: 'approval.revoke', target: id, detail: reason })
      return revoked
    })
  }

  /** The operation as it was sent. That it was looked at is put on the record first. @throws HoopError `no_access`, `login_too_old` */
  async reveal(caller: Caller, id: string): Promise<{ approval: StoredApproval; original: ApprovalOriginal }> {
    const { store, access, cipher } = this.#parts
    return await store.transaction(async (db) => {
      const approval = await lockApproval(db, id)
      if (approval === null) throw missing(id)
      access.authorise(caller, { kind: 'approval.see', approval })
      access.authorise(caller, { kind: 'approval.reveal', approval })
      const { originalCiphertext: ciphertext, originalNonce: nonce, originalKeyId: keyId } = approval
      if (ciphertext === null || nonce === null || keyId === null) {
        throw new HoopError('no_access', `${approval.rule} does not let anybody look at the original.`, {
          hint: 'An admin lets approvers do so with reveal: true in the Policy.',
        })
      }
      const original = ApprovalOriginal.parse(JSON.parse(cipher.open(placeOf(approval), { ciphertext, nonce, keyId })))
      await writeAdminLog(db, { by: caller.identity, action: 'approval.reveal', target: id })
      return { approval, original }
    })
  }

  /** One after the other for each identity, without a connection to the store while it waits. */
  async #inTurn(identity: string, work: () => Promise<unknown>): Promise<void> {
    const before = this.#adding.get(identity) ?? Promise.resolve()
    const mine = before.then(work, work)
    this.#adding.set(identity, mine)
    try {
      await mine
    } finally {
      if (this.#adding.get(identity) === mine) this.#adding.delete(identity)
    }
  }

  /** Changes the row, and tells people of it in the same transaction. */
  async #telling(
    event: 'operation.held' | 'operation.expired' | 'operation.withdrawn',
    change: (db: Database) => Promise<StoredApproval | null>,
  ): Promise<StoredApproval | null> {
    const { store, notifier } = this.#parts
    return await store.transaction(async (db) => {
      const approval = await change(db)
      if (approval !== null) await notifier?.tell(db, { event, approval })
      return approval
    })
  }

  async #change(
    caller: Caller,
    id: string,
    kind: 'approval.decide' | 'approval.break-glass' | 'approval.revoke',
    work: (db: Database, row: StoredApproval, now: Date) => Promise<StoredApproval>,
  ): Promise<Approval> {
    const { store, access } = this.#parts
    const changed = await store.transaction(async (db) => {
      const row = await lockApproval(db, id)
      if (row === null) throw missing(id)
      const approval = await one(db, row)
      // An admin revokes what nobody asked them.
      if (kind !== 'approval.revoke') access.authorise(caller, { kind: 'approval.see', approval })
      access.authorise(caller, { kind, approval })
      return await one(db, await work(db, approval, new Date()))
    })
    return this.#shownTo(caller, changed)
  }

  #shownTo({ identity }: Caller, row: Question): Approval {
    return shownTo(identity, row, this.#parts.access, new Date())
  }

  #keysOf({ exact, like }: Bound): { exactKey: string | null; likeKey: string | null } {
    const digest = (kind: string, values: readonly unknown[]) =>
      createHmac('sha256', this.#parts.key)
        .update(JSON.stringify([kind, ...values]))
        .digest('hex')
    return { exactKey: exact && digest('exact', exact), likeKey: like && digest('like', like) }
  }
}

class UsedUp extends Error {}

async function one(db: Database, row: StoredApproval): Promise<Question> {
  const [question] = await withKeyMakers(db, [row])
  return question ?? { ...row, keyMakers: [] }
}

/** UTF-16 units of all that an approver is to read. */
function lengthOf({ text, parameters, settings }: HoldRequest): number {
  return [...parameters, ...(settings ?? [])].reduce((sum, { value }) => sum + (value?.length ?? 0), text.length)
}

function missing(id: string): HoopError {
  return new HoopError('not_found', `There is no approval ${id}.`, { hint: 'hoop approvals ls shows yours.' })
}

/** What is sealed for one approval opens for no other. */
function placeOf({ connection, id }: { connection: string; id: string }) {
  return { connection, field: `approval ${id}` }
}

function rowOf(request: HoldRequest, held: { id: string; gateway: string; heldAt: Date; expiresAt: Date }): NewApproval {
  const { operationId, approverGroups, requester, parameters, effects, objects, before } = request
  const { session, connection, reason, rule, message, text, count, onHold, database, role, settings, inTransaction } = request
  return {
    ...held,
    ...{ session, connection, reason, rule, message, text, count, onHold, database, role, inTransaction },
    settings: settings && [...settings],
    state: 'held',
    operation: operationId,
    requester,
    requesterId: requester.id,
    approvers: [...approverGroups],
    parameters: parameters.map(({ type, value }) => ({ type, value })),
    effects: [...effects],
    objects: [...objects],
    before: [...before],
  }
}
