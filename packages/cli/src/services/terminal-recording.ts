import { HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'
import type { Device } from './device.ts'
import { type EventWithBytes, operationEvents, sessionEvents } from './record.ts'

/** Something that went over a terminal, so many milliseconds after it began. */
export type TerminalEvent =
  | { readonly kind: 'output' | 'input'; readonly at: number; readonly text: string }
  | { readonly kind: 'resize'; readonly at: number; readonly columns: number; readonly rows: number }

export interface TerminalRecording {
  /** Of the operation; `GET /api/v1/namespaces/…/exec?command=sh`. */
  readonly text: string
  /** ISO 8601. */
  readonly began: string
  events(): AsyncGenerator<TerminalEvent>
}

/** https://pkg.go.dev/k8s.io/client-go/tools/remotecommand#TerminalSize */
const TerminalSize = z.object({ Width: z.int().min(1).max(10_000), Height: z.int().min(1).max(10_000) })

/** The program that a session ran, or the one that is named. Throws HoopError `not_found` where there is none, `invalid_request` where there are several. */
export async function terminalRecording(device: Device, session: string, operation: string | null): Promise<TerminalRecording> {
  const found = (await programsOf(device, session)).filter(({ id }) => operation === null || id === operation)
  const [first, ...others] = found
  if (first === undefined) {
    throw new HoopError(
      'not_found',
      operation === null ? `${session} ran no program` : `${operation} of ${session} ran no program`,
      {
        hint: `only what programs print can be played back; hoop sessions show ${session} has the rest`,
      },
    )
  }
  if (others.length > 0) {
    throw new HoopError('invalid_request', `${session} ran ${found.length} programs: ${found.map(({ id }) => id).join(', ')}`, {
      hint: 'choose one with --operation',
    })
  }
  return { text: first.text, began: first.began, events: () => terminalEvents(operationEvents(device, session, first.id)) }
}

interface RanProgram {
  readonly id: string
  readonly text: string
  /** When the first piece came. */
  readonly began: string
}

async function programsOf(device: Device, session: string): Promise<RanProgram[]> {
  const texts = new Map<string, string>()
  const ran = new Map<string, RanProgram>()
  for await (const event of sessionEvents(device, { session, after: -1, follow: false })) {
    if (event.type === 'operation') texts.set(event.id, event.text)
    if (event.type !== 'chunk' || event.channel === undefined || event.channel === 'data' || ran.has(event.operation)) continue
    ran.set(event.operation, { id: event.operation, text: texts.get(event.operation) ?? '', began: event.time })
  }
  return [...ran.values()]
}

/** Throws HoopError `not_found` for bytes that were not kept. */
export async function* terminalEvents(events: AsyncIterable<EventWithBytes>): AsyncGenerator<TerminalEvent> {
  let began: number | null = null
  // a character may be cut over two pieces
  const decoders = { stdin: new TextDecoder(), stdout: new TextDecoder(), stderr: new TextDecoder() }
  for await (const event of events) {
    if (event.type !== 'chunk' || event.channel === undefined) continue
    if (event.bytes === undefined) {
      throw new HoopError('not_found', 'the record has only the digests of what was printed', {
        hint: 'record.results of the Connection says what is kept',
      })
    }
    const time = Date.parse(event.time)
    began ??= time
    const at = Math.max(0, time - began)
    const bytes = Buffer.from(event.bytes, 'base64')
    const { channel } = event
    if (channel === 'resize') {
      const size = TerminalSize.safeParse(json(bytes.toString('utf8')))
      if (size.success) yield { kind: 'resize', at, columns: size.data.Width, rows: size.data.Height }
    } else if (channel === 'stdin' || channel === 'stdout' || channel === 'stderr') {
      const text = decoders[channel].decode(bytes, { stream: true })
      if (text !== '') yield { kind: channel === 'stdin' ? 'input' : 'output', at, text }
    }
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
