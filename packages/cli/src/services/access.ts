import { setTimeout as delay } from 'node:timers/promises'
import { AccessGrant, AccessGrantList } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import type { Device } from './device.ts'
import { matchPrefix } from './prefix.ts'

/** Access that was asked for and concerns the caller: what waits or holds, or all. */
export async function listGrants(device: Device, state: 'open' | 'all'): Promise<AccessGrant[]> {
  return (await device.client.get(`/v1/access?state=${state}`, AccessGrantList)).grants
}

export async function requestAccess(
  device: Device,
  request: { readonly connection: string; readonly reason: string; readonly lasts: string },
): Promise<AccessGrant> {
  return await device.client.post('/v1/access', request, AccessGrant)
}

/** Decides or withdraws the one with this id, or the beginning of it. */
export async function settleGrant(
  device: Device,
  id: string,
  what: 'approve' | 'deny' | 'withdraw',
  reason: string | null,
): Promise<AccessGrant> {
  const grant = matchPrefix(await listGrants(device, 'all'), id, 'access request', 'hoop access ls --state all')
  return await device.client.post(`/v1/access/${encodeURIComponent(grant.id)}/${what}`, { reason }, AccessGrant)
}

const askEvery = 2000

/** Waits until it is granted. @throws HoopError when it never will be */
export async function untilGranted(device: Device, id: string, signal: AbortSignal): Promise<AccessGrant> {
  for (;;) {
    const grant = (await listGrants(device, 'all')).find((each) => each.id === id)
    if (grant?.state === 'granted') return grant
    if (grant?.state !== 'requested') {
      const why = grant?.closedReason ? `: ${grant.closedReason}` : ''
      throw new HoopError('no_access', `the access was not granted: ${grant?.state ?? 'the request is gone'}${why}`, {
        hint: 'hoop access ls --state all',
      })
    }
    await delay(askEvery, undefined, { signal })
  }
}
