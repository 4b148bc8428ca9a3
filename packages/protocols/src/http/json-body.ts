import { BodyError } from './body-rewriter.ts'
import { type JsonDocument, readJson } from './json-document.ts'
import type { RequestBody, Unreadable } from './request.ts'

/** The body of a request, where it says that it is JSON; null: it does not. What was not read whole is not read here. */
export function readJsonBody(body: RequestBody): JsonDocument | null | Unreadable {
  if (body.kind !== 'whole' || !isJson(body.type)) return null
  try {
    const document = readJson(body.bytes)
    const twice = document.duplicate?.at(-1)
    return twice === undefined ? document : { unreadable: `its body has the member ${JSON.stringify(twice)} twice in one object` }
  } catch (error) {
    if (error instanceof BodyError) return { unreadable: `its body is not the JSON that it says: ${error.message}` }
    throw error
  }
}

/** `application/json`, `application/problem+json; charset=utf-8`. */
export function isJson(type: string | null): boolean {
  return type !== null && /^(application|text)\/([a-z0-9.+-]+\+)?json\s*(;|$)/.test(type.trim())
}
