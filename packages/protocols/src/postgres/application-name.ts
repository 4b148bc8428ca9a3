import type { Identity } from '@hoop/contracts'
import type { Statement } from './operations.ts'

/** The server cuts longer names (NAMEDATALEN - 1). */
const maxLength = 63

/** `hoop ada@example.com psql`: the server's own activity view and log show who is behind a session, whatever its client calls itself. */
export function applicationName(identity: Identity, given: string | null): string {
  const name = `hoop ${identity.name}${given ? ` ${given}` : ''}`
  return name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, maxLength)
}

/** The text as it is sent: where it sets application_name, the name that it gives stands behind that of the person. */
export function withApplicationName(text: string, places: Statement['applicationNames'], identity: Identity): string {
  let sent = ''
  let copied = 0
  for (const { start, end, value } of places) {
    sent += `${text.slice(copied, start)}'${applicationName(identity, value).replaceAll("'", "''").replaceAll('\\', '?')}'`
    copied = end
  }
  return sent + text.slice(copied)
}
