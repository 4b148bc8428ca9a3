import { createHash } from 'node:crypto'
import type { HttpRequest, RequestBody } from './request.ts'

/** A request as people see it and approvals are bound to it: its line, what changes its meaning, and its body. */
export interface OperationText {
  readonly text: string
  /** Where the body begins in it, in UTF-16 units. */
  readonly bodyStart: number
}

export function operationText({ method, target }: HttpRequest, body: RequestBody): OperationText {
  const type = body.kind === 'none' ? null : body.type
  const head = `${method} ${target}${type === null ? '' : `\nContent-Type: ${type}`}`
  const shown = bodyText(body)
  return { text: shown === '' ? head : `${head}\n\n${shown}`, bodyStart: head.length + 2 }
}

function bodyText(body: RequestBody): string {
  if (body.kind === 'none') return ''
  if (body.kind === 'streamed') return `[${body.length ?? 'an unknown number of'} bytes]`
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body.bytes)
  } catch {
    return `[${body.bytes.length} bytes that are no text, SHA-256 ${createHash('sha256').update(body.bytes).digest('hex')}]`
  }
}
