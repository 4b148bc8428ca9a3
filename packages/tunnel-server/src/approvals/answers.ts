import { HoopError, seconds } from '@hoop/contracts'
import type { Access } from '../access/access.ts'
import type { Caller } from '../identity/access-tokens.ts'
import type { NewApproval, StoredApproval } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import { readLogin } from '../store/logins.ts'

/** Milliseconds for which an approved ticket may be used. */
export const ticketTime = 15 * 60_000
/** Of a batch, where the approver says only one of the two. */
const batchTime = '1h'
const batchUses = 100_000

/** An approver's answer; `for` and `uses` of a batch. */
export interface Answer {
  readonly reason: string | null
  readonly for?: string | undefined
  readonly uses?: number | undefined
}

/** @throws HoopError `invalid_request` without a reason */
export function denied({ identity }: Caller, answer: Answer, now: Date): Partial<NewApproval> {
  const reason = answer.reason?.trim() || null
  if (reason === null) {
    throw new HoopError('invalid_request', 'A denial needs a reason.', {
      hint: 'The one who asked reads it: say what to do instead.',
    })
  }
  return { state: 'denied', decidedBy: identity, decidedAt: now, decisionReason: reason }
}

/** One of several votes, or the last. @throws HoopError `conflict` for a second one, `invalid_request` for a batch that cannot be */
export function approved(row: StoredApproval, { identity, login }: Caller, answer: Answer, now: Date): Partial<NewApproval> {
  if (row.votes.some(({ by }) => by.id === identity.id)) {
    throw new HoopError('conflict', 'You have approved it already.', { hint: `It needs ${row.count} people.` })
  }
  const reason = answer.reason?.trim() || null
  const votes = [...row.votes, { by: identity, at: now.toISOString(), reason, login }]
  const batch = batchOf(row, answer, now)
  if (votes.length < row.count) return { votes }
  const usableUntil = row.onHold === 'ticket' ? new Date(now.getTime() + ticketTime) : null
  return { state: 'approved', votes, decidedBy: identity, decidedAt: now, decisionReason: reason, usableUntil, ...batch }
}

/** Without the votes of those who are logged out, or could not decide it any more, by what their provider says of them now. */
export async function withVotesThatStand(db: Database, row: StoredApproval, access: Access, now: Date): Promise<StoredApproval> {
  const votes: StoredApproval['votes'] = []
  for (const vote of row.votes) {
    const login = vote.login === undefined ? null : await readLogin(db, vote.login)
    if (login?.endedAt === null && login.expiresAt > now && access.decides(login.identity, row)) votes.push(vote)
  }
  return { ...row, votes }
}

function batchOf(row: StoredApproval, answer: Answer, now: Date): { uses: number; usableUntil: Date } | null {
  if (answer.for === undefined && answer.uses === undefined) return null
  const why =
    row.likeKey === null
      ? 'It cannot be told which operations are like it.'
      : row.count > 1
        ? `${row.count} people must approve each of these.`
        : null
  if (why !== null) throw new HoopError('invalid_request', why, { hint: 'Approve it without --for and --uses.' })
  const usableUntil = new Date(now.getTime() + seconds(answer.for ?? batchTime) * 1000)
  return { uses: answer.uses ?? batchUses, usableUntil }
}
