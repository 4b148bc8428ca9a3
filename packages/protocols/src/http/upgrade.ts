import type { IncomingMessage } from 'node:http'
import { HoopError, type Operation, type Outcome, type Permit } from '@hoop/contracts'
import type { Header, ServeContext } from '../protocol.ts'
import { leaving } from './answer-relay.ts'
import type { HttpDialect, UpgradeSocket } from './dialect.ts'
import { answerHeaders, headBytes, type Places } from './headers.ts'
import type { RelayEnd } from './relay-end.ts'
import type { HttpRequest } from './request.ts'

export interface UpgradeParts {
  readonly context: ServeContext
  readonly dialect: HttpDialect
  readonly request: HttpRequest
  readonly operation: Operation
  readonly permit: Permit
  readonly caller: UpgradeSocket
  readonly backend: UpgradeSocket
  /** The 101. */
  readonly answer: IncomingMessage
  readonly places: Places
}

/** Goes on behind a 101: every frame is read on one side, put on the record, and written anew on the other. What came of it is not on the record yet. */
export async function relayUpgrade(parts: UpgradeParts): Promise<Outcome> {
  const { context, dialect, request, operation, permit, caller, backend, answer, places } = parts
  const spoken = answer.headers.upgrade?.toLowerCase() ?? ''
  const relay = spoken === request.upgrade ? dialect.upgraded(request, operation, answerOf(answer), permit.masks) : null
  if (relay === null) {
    backend.socket.destroy()
    throw new HoopError(
      'connection_unavailable',
      'The service changed to a protocol that nobody had asked for, or that cannot be read.',
    )
  }
  const headers: Header[] = [['upgrade', spoken], ['connection', 'Upgrade'], ...answerHeaders(answer.rawHeaders, places, false)]
  const head = headBytes(101, headers)
  await permit.record('down', [head])
  await leaving(context, () => void caller.socket.write(head))
  const end = await relay({
    caller,
    backend,
    signal: AbortSignal.any([permit.signal, context.signal]),
    admit: (asked) => admitted(parts, asked),
    record: async (way, bytes, channel) => {
      if (bytes.length === 0) return
      await permit.record(way, [bytes], 0, channel)
      await leaving(context, () => undefined)
    },
  })
  return outcomeOf(end)
}

/** What is admitted here has no bytes of its own: they go on as those of the operation that it is part of. */
async function admitted({ context, permit }: UpgradeParts, operation: Operation): Promise<boolean> {
  const { stream } = context
  const verdict = await context.gate.admit(operation, { stream, signal: permit.signal, onHold: () => undefined, settings: [] })
  if (verdict.kind === 'refuse') return false
  verdict.permit.consume()
  await verdict.permit.end({ kind: 'done', tag: '101', error: null, rows: 0, masked: {} })
  return true
}

function answerOf(answer: IncomingMessage): readonly Header[] {
  const headers: Header[] = []
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    headers.push([answer.rawHeaders[i]?.toLowerCase() ?? '', answer.rawHeaders[i + 1] ?? ''])
  }
  return headers
}

function outcomeOf({ failure, tag = '101' }: RelayEnd & { readonly tag?: string }): Outcome {
  if (failure === null || failure === undefined) return { kind: 'done', tag, error: null, rows: 0, masked: {} }
  const message = failure instanceof Error ? failure.message : String(failure)
  return { kind: 'error', tag, error: { code: 'broken', message }, rows: 0, masked: {} }
}
