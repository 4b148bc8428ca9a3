import { setTimeout as delay } from 'node:timers/promises'
import { AccessGrant, Approval, ApprovalList, ApprovalOriginal, type ApproveRequest } from '@hoop/contracts'
import { type ExitCode, exitCodes, HoopError } from '@hoop/contracts/errors'
import { listGrants } from './access.ts'
import type { Device } from './device.ts'
import { matchPrefix } from './prefix.ts'

/** What a person decides: an operation that is held, or access that was asked for. */
export type InboxItem = ({ readonly kind: 'operation' } & Approval) | ({ readonly kind: 'access' } & AccessGrant)

const operation = (approval: Approval): InboxItem => ({ kind: 'operation', ...approval })
const access = (grant: AccessGrant): InboxItem => ({ kind: 'access', ...grant })

/** What concerns the caller, newest first: what waits for somebody, or all. */
export async function listInbox(device: Device, state: 'held' | 'all'): Promise<InboxItem[]> {
  const [{ approvals }, grants] = await Promise.all([
    device.client.get(`/v1/approvals?state=${state}`, ApprovalList),
    listGrants(device, state === 'held' ? 'open' : 'all'),
  ])
  const items = [...approvals.map(operation), ...grants.map(access)]
  return items
    .filter((item) => state === 'all' || isWaiting(item) || item.kind === 'operation')
    .sort((one, other) => askedAt(other).localeCompare(askedAt(one)))
}

/** One by its id or a prefix that only it has. */
export async function findInInbox(device: Device, id: string): Promise<InboxItem> {
  const newest = await listInbox(device, 'all')
  // What is held is found, too, however much came after it.
  const items = newest.some((item) => item.id.startsWith(id)) ? newest : await listInbox(device, 'held')
  return matchPrefix(items, id, 'approval', 'hoop approvals ls --state all')
}

export async function decide(
  device: Device,
  id: string,
  decision: 'approve' | 'deny',
  answer: ApproveRequest,
): Promise<InboxItem> {
  const item = await findInInbox(device, id)
  if (!isWaiting(item)) {
    throw new HoopError(
      'conflict',
      `${item.id} is not ${item.kind === 'operation' ? 'held' : 'asked for'} any more: ${item.state}`,
      { hint: `hoop approvals show ${item.id}` },
    )
  }
  const path = `${encodeURIComponent(item.id)}/${decision}`
  if (item.kind === 'operation') return operation(await device.client.post(`/v1/approvals/${path}`, answer, Approval))
  if (answer.for !== undefined || answer.uses !== undefined) {
    throw new HoopError('invalid_request', 'access has its own time, which was asked for', { hint: 'leave out --for and --uses' })
  }
  return access(await device.client.post(`/v1/access/${path}`, { reason: answer.reason }, AccessGrant))
}

/** Passes the rule for the caller's own operation. */
export async function breakGlass(device: Device, id: string, reason: string): Promise<InboxItem> {
  const { id: approval } = await findOperation(device, id)
  return operation(await device.client.post(`/v1/approvals/${encodeURIComponent(approval)}/break-glass`, { reason }, Approval))
}

/** Ends what is left of an approval: an admin names one by its whole id, which stands in no inbox of theirs. */
export async function revoke(device: Device, id: string, reason: string): Promise<InboxItem> {
  const approval = /^ap_[0-9a-f-]{36}$/.test(id) ? id : (await findOperation(device, id)).id
  return operation(await device.client.post(`/v1/approvals/${encodeURIComponent(approval)}/revoke`, { reason }, Approval))
}

/** With the operation as it was sent, in place of how it is on the record. */
export async function revealed(device: Device, item: InboxItem): Promise<InboxItem> {
  if (item.kind !== 'operation') throw notOperation(item.id)
  const path = `/v1/approvals/${encodeURIComponent(item.id)}/reveal`
  return { ...item, ...(await device.client.post(path, undefined, ApprovalOriginal)) }
}

async function findOperation(device: Device, id: string): Promise<Approval> {
  const item = await findInInbox(device, id)
  if (item.kind !== 'operation') throw notOperation(item.id)
  return item
}

function notOperation(id: string): HoopError {
  return new HoopError('invalid_request', `${id} is access that was asked for, not an operation`, {
    hint: `hoop approvals show ${id}`,
  })
}

const askEvery = 2000

/** Waits until nobody need decide it any more. */
export async function untilDecided(device: Device, id: string, signal: AbortSignal): Promise<InboxItem> {
  let item = await findInInbox(device, id)
  while (isWaiting(item)) {
    await delay(askEvery, undefined, { signal })
    item = await findInInbox(device, item.id)
  }
  return item
}

/** What the command that waited for it ends with. */
export function exitOfDecision({ state }: InboxItem): ExitCode {
  if (state === 'approved' || state === 'granted' || state === 'ended') return exitCodes.ok
  if (state === 'denied') return exitCodes.approvalDenied
  return state === 'timed-out' ? exitCodes.approvalTimedOut : exitCodes.failed
}

/** Those that wait now, then each change, until the signal aborts. */
export async function* watchInbox(device: Device, signal: AbortSignal): AsyncGenerator<InboxItem> {
  const ended = new AbortController()
  const until = AbortSignal.any([signal, ended.signal])
  const sources = new Map([watchApprovals(device, until), watchGrants(device, until)].map((source) => [source, source.next()]))
  try {
    for (;;) {
      const each = [...sources].map(async ([source, next]) => ({ source, result: await next }))
      const { source, result } = await Promise.race(each)
      if (result.done) return
      yield result.value
      sources.set(source, source.next())
    }
  } finally {
    ended.abort()
    await Promise.allSettled(sources.values())
  }
}

async function* watchApprovals(device: Device, signal: AbortSignal): AsyncGenerator<InboxItem> {
  for await (const approval of device.client.follow('/v1/approvals/watch', Approval, signal)) yield operation(approval)
}

async function* watchGrants(device: Device, signal: AbortSignal): AsyncGenerator<InboxItem> {
  const shown = new Map<string, string>()
  for (let first = true; !signal.aborted; first = false) {
    for (const grant of (await listGrants(device, 'all')).reverse()) {
      const stage = `${grant.state} ${grant.approvals.length}`
      const isNews = shown.get(grant.id) !== stage && (!first || grant.state === 'requested')
      shown.set(grant.id, stage)
      if (isNews) yield access(grant)
    }
    await delay(askEvery, undefined, { signal }).catch(() => {})
  }
}

function isWaiting({ state }: InboxItem): boolean {
  return state === 'held' || state === 'requested'
}

function askedAt(item: InboxItem): string {
  return item.kind === 'operation' ? item.heldAt : item.requestedAt
}
