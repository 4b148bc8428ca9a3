import type { Identity } from '@hoop/contracts'
import type { PostgresContext } from '../protocol.ts'
import type { Statement } from './operations.ts'
import { isStrict } from './relay-parts.ts'

/** The server cuts longer names (NAMEDATALEN - 1). */
const maxLength = 63

/** `hoop ada@example.com psql`: the server's own activity view and log show who is behind a session, whatever its client calls itself. */
export function applicationName(identity: Identity, given: string | null): string {
  const name = `hoop ${identity.name}${given ? ` ${given}` : ''}`
  return name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, maxLength)
}

/** What is sent for a text: the bytes that came; where it sets application_name, with the name that it gives behind that of the person. */
export function sentText(
  text: string,
  bytes: Buffer,
  { applicationNames: places }: Statement,
  context: Pick<PostgresContext, 'identity' | 'profile'>,
): string | Buffer {
  if (places.length === 0 || !isStrict(context)) return bytes
  return withApplicationName(text, places, context.identity)
}

function withApplicationName(text: string, places: Statement['applicationNames'], identity: Identity): string {
  let sent = ''
  let copied = 0
  for (const { start, end, value } of places) {
    sent += `${text.slice(copied, start)}'${applicationName(identity, value).replaceAll("'", "''").replaceAll('\\', '?')}'`
    copied = end
  }
  return sent + text.slice(copied)
}
