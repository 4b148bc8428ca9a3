import { LiveEvent, RecordedEvent, SessionList, SessionSummary } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'
import type { Device } from './device.ts'
import { matchPrefix } from './prefix.ts'

export interface SessionFilter {
  readonly connection: string | null
  readonly identity: string | null
  readonly state: 'open' | 'closed' | null
  readonly limit: number
}

/** Newest first. */
export async function listSessions(device: Device, filter: SessionFilter): Promise<SessionSummary[]> {
  const query = new URLSearchParams({ limit: String(filter.limit) })
  if (filter.connection !== null) query.set('connection', filter.connection)
  if (filter.identity !== null) query.set('identity', filter.identity)
  if (filter.state !== null) query.set('state', filter.state)
  return (await device.client.get(`/v1/sessions?${query}`, SessionList)).sessions
}

/** One session by its id, or by the beginning of one among the latest 200. */
export async function findSession(device: Device, id: string): Promise<SessionSummary> {
  try {
    return await device.client.get(`/v1/sessions/${encodeURIComponent(id)}`, SessionSummary)
  } catch (error) {
    if (!(error instanceof HoopError) || (error.code !== 'not_found' && error.code !== 'invalid_request')) throw error
  }
  const latest = await listSessions(device, { connection: null, identity: null, state: null, limit: 200 })
  return matchPrefix(latest, id, 'session', 'hoop sessions ls')
}

export interface EventsRequest {
  readonly session: string
  /** Exclusive; -1: from the first. */
  readonly after: number
  /** Wait for more until the session ends. */
  readonly follow: boolean
  readonly signal?: AbortSignal
}
/** Its events as they come, as far as a person can follow them. */
export function liveEvents(
  device: Device,
  request: { session: string; after: number; signal: AbortSignal },
): AsyncGenerator<LiveEvent> {
  const path = `/v1/sessions/${encodeURIComponent(request.session)}/events?after=${request.after}&follow=true&live=true`
  return device.client.follow(path, LiveEvent, request.signal)
}

export function sessionEvents(device: Device, { session, after, follow, signal }: EventsRequest): AsyncGenerator<RecordedEvent> {
  const path = `/v1/sessions/${encodeURIComponent(session)}/events?after=${after}&follow=${follow}`
  return device.client.follow(path, RecordedEvent, signal)
}

/** An event with the bytes that it names, where they were kept. */
const EventWithBytes = RecordedEvent.and(z.object({ bytes: z.base64().optional() }))
export type EventWithBytes = z.infer<typeof EventWithBytes>

/** The events of one operation, with their bytes. */
export function operationEvents(device: Device, session: string, operation: string): AsyncGenerator<EventWithBytes> {
  const path = `/v1/sessions/${encodeURIComponent(session)}/events?bytes_of=${encodeURIComponent(operation)}`
  return device.client.follow(path, EventWithBytes)
}

export async function killSession(device: Device, id: string, reason: string | null): Promise<SessionSummary> {
  const session = await findSession(device, id)
  await device.client.tell(`/v1/sessions/${encodeURIComponent(session.id)}/kill`, { reason })
  return session
}
