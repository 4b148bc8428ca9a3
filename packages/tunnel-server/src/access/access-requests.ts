import { randomUUID } from 'node:crypto'
import { type AccessGrant, type AccessRequest, type Document, HoopError, type Identity, seconds } from '@hoop/contracts'
import type { Documents } from '../documents/documents.ts'
import type { Caller } from '../identity/access-tokens.ts'
import type { Notifier } from '../notify/notifier.ts'
import { type AdminAction, writeAdminLog } from '../store/admin-log.ts'
import type { Database, Store } from '../store/database.ts'
import {
  addGrant,
  countRequests,
  lockGrant,
  type NewGrant,
  readGrant,
  readGrants,
  type StoredGrant,
  updateGrant,
} from '../store/grants.ts'
import type { Access } from './access.ts'
import type { ActiveGrants } from './active-grants.ts'

/** Milliseconds for which a request waits for its approvers. */
const patience = 24 * 3600_000
const mostWaiting = 20
const listLimit = 100

/** Just-in-time access: asked for with a reason, granted by people, for a while that nothing makes longer. */
export class AccessRequests {
  readonly #store: Store
  readonly #access: Access
  readonly #documents: Documents
  readonly #grants: ActiveGrants
  readonly #notifier: Notifier

  constructor(parts: { store: Store; access: Access; documents: Documents; grants: ActiveGrants; notifier: Notifier }) {
    this.#store = parts.store
    this.#access = parts.access
    this.#documents = parts.documents
    this.#grants = parts.grants
    this.#notifier = parts.notifier
  }

  /** @throws HoopError `no_access` where it cannot be asked for, `conflict` where it need not be, `invalid_request` for too long a time */
  async request(caller: Caller, { connection: name, reason, lasts }: AccessRequest): Promise<AccessGrant> {
    const { identity } = caller
    const connection = this.#documents.connection(name)
    const ways = connection === null ? [] : this.#documents.rules().requestable(identity, connection)
    const [first] = ways
    if (first === undefined) {
      // The same words whether it exists or not.
      throw new HoopError('no_access', `You may not ask for ${name}, or there is no such connection.`, {
        hint: 'An admin lets people ask with request in an Access document.',
      })
    }
    if (connection !== null && this.#documents.rules().mayUse(identity, connection).allowed) {
      throw new HoopError('conflict', `You may use ${name} without asking.`, { hint: `hoop connect ${name}` })
    }
    const duration = seconds(lasts)
    const way = ways.find(({ request }) => request !== undefined && seconds(request.max) >= duration)
    if (way?.request === undefined) {
      const longest = ways.flatMap(({ request }) => request?.max ?? []).reduce((a, b) => (seconds(a) >= seconds(b) ? a : b))
      throw new HoopError('invalid_request', `${name} can be had for ${longest} at most.`, { hint: `--for ${longest}` })
    }
    const now = new Date()
    const grant: NewGrant = {
      id: `ac_${randomUUID()}`,
      state: 'requested',
      access: way.name,
      connection: name,
      requesterId: identity.id,
      requester: identity,
      reason,
      duration,
      approvers: way.request.approvers,
      count: way.request.count,
      approvals: [],
      requestedAt: now,
      expiresAt: new Date(now.getTime() + patience),
    }
    await this.#store.transaction(async (db) => {
      if ((await countRequests(db, identity.id, now)) >= mostWaiting) {
        throw new HoopError('too_many_requests', `${mostWaiting} of your requests wait for an answer already.`, {
          hint: 'Withdraw some: hoop access ls',
        })
      }
      await addGrant(db, grant)
      await log(db, identity, 'access.request', grant.id, `${name} by Access/${way.name} for ${lasts}: ${reason}`)
      await this.#tell(db, 'access.requested', grant.id)
    })
    return await this.#shown(caller, grant.id)
  }

  /** Newest first: what concerns the caller; for admins and auditors, everything. */
  async list(caller: Caller, state: 'open' | 'all'): Promise<AccessGrant[]> {
    const everything = this.#access.may(caller, { kind: 'grant.list-all' })
    const filter = { for: everything ? null : caller.identity, open: state === 'open', now: new Date(), limit: listLimit }
    const rows = await this.#store.run((db) => readGrants(db, filter))
    return rows
      .filter((grant) => everything || this.#access.may(caller, { kind: 'grant.see', grant }))
      .map((row) => this.#asSeenBy(caller.identity, row))
  }

  /** @throws HoopError `no_access`, `invalid_request` for a denial without a reason, `conflict` when nothing is left to decide */
  async decide(caller: Caller, id: string, verdict: 'approve' | 'deny', words: string | null): Promise<AccessGrant> {
    const reason = words?.trim() || null
    await this.#change(caller, id, 'grant.decide', async (db, grant, now) => {
      if (grant.state !== 'requested' || grant.expiresAt <= now) throw settled(grant, now)
      if (verdict === 'deny') {
        if (reason === null) {
          throw new HoopError('invalid_request', 'A denial needs a reason.', { hint: 'The one who asked reads it.' })
        }
        const closed = { closedBy: caller.identity, closedAt: now, closedReason: reason }
        await updateGrant(db, id, { state: 'denied', ...closed })
        return await log(db, caller.identity, 'access.deny', id, reason)
      }
      if (grant.approvals.some(({ by }) => by.id === caller.identity.id)) {
        throw new HoopError('conflict', 'You have approved it already.', { hint: `It needs ${grant.count} people.` })
      }
      if (!this.#documents.current().documents.some((document) => asksFor(document, grant))) {
        throw new HoopError('conflict', `Access/${grant.access} asks otherwise now than when this was asked for.`, {
          hint: 'Deny it, and let it be asked for anew: hoop access request',
        })
      }
      const approvals = [...grant.approvals, { by: caller.identity, at: now.toISOString(), reason }]
      const enough = approvals.length >= grant.count
      const endsAt = new Date(now.getTime() + grant.duration * 1000)
      await updateGrant(db, id, { approvals, ...(enough && { state: 'granted', grantedAt: now, endsAt }) })
      const detail = enough ? `until ${endsAt.toISOString()}` : `${approvals.length} of ${grant.count}`
      await log(db, caller.identity, 'access.approve', id, detail)
    })
    return await this.#shown(caller, id)
  }

  /** Ends it, granted or not, at once. @throws HoopError `no_access`, `conflict` */
  async withdraw(caller: Caller, id: string, words: string | null): Promise<AccessGrant> {
    await this.#change(caller, id, 'grant.withdraw', async (db, grant, now) => {
      const state = stateOf(grant, now)
      if (state !== 'requested' && state !== 'granted') throw settled(grant, now)
      const closedReason = words?.trim() || null
      await updateGrant(db, id, { state: 'withdrawn', closedBy: caller.identity, closedAt: now, closedReason })
      await log(db, caller.identity, 'access.withdraw', id, closedReason ?? undefined)
    })
    return await this.#shown(caller, id)
  }

  async #change(
    caller: Caller,
    id: string,
    kind: 'grant.decide' | 'grant.withdraw',
    work: (db: Database, grant: StoredGrant, now: Date) => Promise<void>,
  ): Promise<void> {
    await this.#store.transaction(async (db) => {
      const grant = await lockGrant(db, id)
      if (grant === null) throw missing(id)
      this.#access.authorise(caller, { kind: 'grant.see', grant })
      this.#access.authorise(caller, { kind, grant })
      await work(db, grant, new Date())
      await this.#tell(db, kind === 'grant.decide' ? 'access.decided' : 'access.ended', id)
    })
    await this.#grants.reload()
  }

  async #tell(db: Database, event: 'access.requested' | 'access.decided' | 'access.ended', id: string): Promise<void> {
    const grant = await readGrant(db, id)
    if (grant !== null) await this.#notifier.tell(db, { event, grant })
  }

  async #shown(caller: Caller, id: string): Promise<AccessGrant> {
    const grant = await this.#store.run((db) => readGrant(db, id))
    if (grant === null) throw missing(id)
    return this.#asSeenBy(caller.identity, grant)
  }

  #asSeenBy(identity: Identity, row: StoredGrant): AccessGrant {
    const { requesterId, requestedAt, expiresAt, grantedAt, endsAt, closedAt, ...rest } = row
    const state = stateOf(row, new Date())
    const question = { ...row, rule: `Access/${row.access}` }
    const decidable =
      state === 'requested' && !row.approvals.some(({ by }) => by.id === identity.id) && this.#access.decides(identity, question)
    return {
      ...rest,
      state,
      requestedAt: requestedAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      grantedAt: grantedAt?.toISOString() ?? null,
      endsAt: endsAt?.toISOString() ?? null,
      closedAt: closedAt?.toISOString() ?? null,
      mine: requesterId === identity.id ? 'requested' : decidable ? 'decide' : 'see',
    }
  }
}

/** Whether the document still has the same people asked, and would give as long a time. */
function asksFor(document: Document, { access, approvers, count, duration }: StoredGrant): boolean {
  if (document.kind !== 'Access' || document.name !== access || document.request === undefined) return false
  const { request } = document
  return request.count === count && request.approvers.join('\n') === approvers.join('\n') && seconds(request.max) >= duration
}

function stateOf({ state, expiresAt, endsAt }: StoredGrant, now: Date): AccessGrant['state'] {
  if (state === 'requested' && expiresAt <= now) return 'timed-out'
  if (state === 'granted' && (endsAt === null || endsAt <= now)) return 'ended'
  return state
}

function settled(grant: StoredGrant, now: Date): HoopError {
  return new HoopError('conflict', `There is nothing left to decide: it is ${stateOf(grant, now)}.`, {
    hint: 'Who needs more asks anew: hoop access request',
  })
}

function missing(id: string): HoopError {
  return new HoopError('not_found', `There is no access request ${id}.`, { hint: 'hoop access ls shows yours.' })
}

async function log(db: Database, by: Identity, action: AdminAction, target: string, detail?: string): Promise<void> {
  await writeAdminLog(db, { by, action, target, ...(detail !== undefined && { detail }) })
}
