import type { ServiceAccountSummary } from '@hoop/contracts'
import { type Screen, table } from './screen.ts'
import { localTime } from './time.ts'

/** A row for each key; an account without one has a row, too. */
export function serviceAccountTable(screen: Screen, accounts: readonly ServiceAccountSummary[]): Promise<string> {
  const rows = accounts.flatMap(({ name, keys }) =>
    keys.length === 0
      ? [[name, 'no key', '', '', '', '']]
      : keys.map(({ id, revokedAt, createdAt, createdBy, lastUsedAt }) => [
          name,
          id,
          revokedAt === null ? 'good' : `revoked ${localTime(revokedAt)}`,
          localTime(createdAt),
          createdBy.name,
          lastUsedAt === null ? 'never' : localTime(lastUsedAt),
        ]),
  )
  return table(screen, ['NAME', 'KEY', 'STATE', 'MADE', 'BY', 'USED'], rows, (cell, column) =>
    column === 0 ? screen.colour.bold(cell) : cell,
  )
}
