import type { Decision } from '../sessions/types.ts'
import type { StoredApproval } from '../store/approvals.ts'

/** What a row says to those who wait for it; null: it is still held. A void one was never approved, whatever it was before. */
export function decisionOf(row: StoredApproval): Decision | null {
  const { decidedBy: by, decisionReason: reason } = row
  switch (row.state) {
    case 'held':
      return null
    case 'void':
      return { decision: 'withdrawn', by: null, reason: row.voidedBecause }
    case 'approved': {
      const also = row.votes.map((vote) => vote.by).filter(({ id }) => id !== by?.id)
      const through = row.brokeGlass ? { through: 'break-glass' as const } : null
      return { decision: row.state, by, reason, ...(also.length > 0 && { also }), ...through }
    }
    default:
      return { decision: row.state, by, reason }
  }
}
