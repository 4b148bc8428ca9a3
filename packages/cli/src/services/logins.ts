import { EndLoginsResponse, LoginList, type LoginSummary } from '@hoop/contracts'
import type { Device } from './device.ts'
import { matchPrefix } from './prefix.ts'

/** `of`: an identity's id or e-mail address; null: one's own. */
export async function listLogins(device: Device, of: string | null): Promise<LoginSummary[]> {
  const query = of === null ? '' : `?${new URLSearchParams({ of })}`
  return (await device.client.get(`/v1/logins${query}`, LoginList)).logins
}

/** Ends the login of this id, of which a beginning will do where one login has it; how many it ended. */
export async function endLogin(device: Device, id: string, of: string | null): Promise<1> {
  const wholeId = id.length === wholeLength ? id : matchPrefix(await listLogins(device, of), id, 'login', 'hoop logins').id
  await device.client.tell(`/v1/logins/${encodeURIComponent(wholeId)}/end`, undefined)
  return 1
}

/** As `listLogins` has them; how many. */
export async function endAllLogins(device: Device, of: string | null): Promise<number> {
  return (await device.client.post('/v1/logins/end', { of }, EndLoginsResponse)).ended
}

/** Of a UUID. */
const wholeLength = 36
