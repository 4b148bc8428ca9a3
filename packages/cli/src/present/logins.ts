import type { LoginSummary } from '@hoop/contracts'
import { type Screen, table } from './screen.ts'
import { localTime } from './time.ts'

export function loginTable(screen: Screen, logins: readonly LoginSummary[]): Promise<string> {
  const { colour } = screen
  const rows = logins.map(({ id, identity, device, begun_at, last_used_at, expires_at, current }) => [
    id,
    identity.onBehalfOf === undefined ? (identity.email ?? identity.name) : identity.name,
    device ?? 'not said',
    localTime(begun_at),
    localTime(last_used_at),
    localTime(expires_at),
    current ? 'this one' : '',
  ])
  return table(screen, ['ID', 'WHO', 'DEVICE', 'BEGUN', 'LAST USED', 'UNTIL', ''], rows, (cell, column) =>
    column === 0 ? colour.bold(cell) : cell === 'this one' ? colour.green(cell) : cell,
  )
}
