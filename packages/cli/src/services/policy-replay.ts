import { ReplayResponse } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import type { Device } from './device.ts'
import { durationMs } from './duration.ts'
import { proposed } from './policy-questions.ts'
import { findSession } from './record.ts'

/** What would become of recorded operations if the documents of these files were in force; `since`: a time that sessions were opened within. */
export async function replayRecord(
  device: Device,
  files: readonly string[],
  of: { readonly session: string | null; readonly since: string },
): Promise<ReplayResponse> {
  const { documents } = await proposed(files)
  if (documents === undefined) throw new HoopError('invalid_request', 'which documents?', { hint: 'name them with -f' })
  const which =
    of.session === null
      ? { since: new Date(Date.now() - durationMs(of.since, '--since')).toISOString() }
      : { session: (await findSession(device, of.session)).id }
  return await device.client.post('/v1/policy/replay', { documents, ...which }, ReplayResponse)
}
