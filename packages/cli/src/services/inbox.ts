import { Approval, ApprovalList } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import type { Device } from './device.ts'
import { matchPrefix } from './prefix.ts'

/** Approvals that concern the caller: held ones, or all. */
export async function listApprovals(device: Device, state: 'held' | 'all'): Promise<Approval[]> {
  return (await device.client.get(`/v1/approvals?state=${state}`, ApprovalList)).approvals
}

/** One approval by its id or a prefix that only it has. */
export async function findApproval(device: Device, id: string): Promise<Approval> {
  return matchPrefix(await listApprovals(device, 'all'), id, 'approval', 'hoop approvals ls --state all')
}

export async function decide(device: Device, id: string, decision: 'approve' | 'deny', reason: string | null): Promise<Approval> {
  const approval = await findApproval(device, id)
  if (approval.state !== 'held') {
    throw new HoopError('conflict', `${approval.id} is not held any more: ${approval.state}`, {
      hint: `hoop approvals show ${approval.id}`,
    })
  }
  return device.client.post(`/v1/approvals/${encodeURIComponent(approval.id)}/${decision}`, { reason }, Approval)
}

/** Those held now, then each change, until the signal aborts. */
export function watchApprovals(device: Device, signal: AbortSignal): AsyncGenerator<Approval> {
  return device.client.follow('/v1/approvals/watch', Approval, signal)
}
