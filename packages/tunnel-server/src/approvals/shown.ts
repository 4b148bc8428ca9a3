import { type Approval, type Effect, HoopError, type Identity } from '@hoop/contracts'
import type { Access } from '../access/access.ts'
import type { StoredApproval } from '../store/approvals.ts'
import type { Question } from './key-makers.ts'

/** An approval as one identity sees it. */
export function shownTo(identity: Identity, row: Question, access: Access, now: Date): Approval {
  const state = stateOf(row, now)
  const voted = row.votes.some(({ by }) => by.id === identity.id)
  const decidable = state === 'held' && !voted && access.decides(identity, row)
  const { id, session, operation, connection, requester, reason, rule, message, approvers, text, parameters, objects } = row
  const { count, onHold, database, role, settings, locks, inTransaction, before, uses, used, brokeGlass, decidedBy } = row
  return {
    ...{ id, state, session, operation, connection, requester, reason, rule, message, approvers, text, parameters, objects },
    ...{ count, onHold, database, role, settings, locks, inTransaction, before, uses, used, brokeGlass, decidedBy },
    votes: row.votes.map(({ by, at, reason: why }) => ({ by, at, reason: why })),
    effects: row.effects as Effect[],
    heldAt: row.heldAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
    decisionReason: row.voidedBecause ?? row.decisionReason,
    revealable: row.originalCiphertext !== null,
    usableUntil: row.usableUntil?.toISOString() ?? null,
    mine: row.requesterId === identity.id ? 'requested' : decidable ? 'decide' : 'see',
  }
}

/** Why nothing is left to change. */
export function settled(row: StoredApproval, now: Date): HoopError {
  const state = stateOf(row, now)
  const used = row.state === 'approved' && row.used > 0 ? ', and used' : ''
  const hint = row.decidedBy === null ? 'Nothing is left to decide.' : `${row.decidedBy.name} decided it.`
  return new HoopError('conflict', `It is not held any more: ${state === 'timed-out' ? 'its time ran out' : state}${used}.`, {
    hint,
  })
}

/** A ticket's time may have run out where nobody counted it. */
function stateOf({ state, expiresAt }: StoredApproval, now: Date): Approval['state'] {
  return state === 'held' && expiresAt <= now ? 'timed-out' : state
}
