import { BodyError } from '../http/body-rewriter.ts'
import { type JsonDocument, readJson } from '../http/json-document.ts'
import type { RequestBody } from '../http/request.ts'
import type { Unreadable } from './requests.ts'
import { readYaml } from './yaml-document.ts'

/** How a body says what it changes. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
type BodyForm = 'object' | 'json-patch' | 'merge-patch' | 'strategic-merge-patch' | 'apply'

export interface ReadBody extends Pick<JsonDocument, 'value' | 'scalars'> {
  readonly form: BodyForm
}

const forms: Readonly<Record<string, BodyForm>> = {
  'application/json': 'object',
  'application/yaml': 'object',
  'application/json-patch+json': 'json-patch',
  'application/merge-patch+json': 'merge-patch',
  'application/strategic-merge-patch+json': 'strategic-merge-patch',
  'application/apply-patch+yaml': 'apply',
}

/** The type without its parameters, in lower case: Kubernetes looks at no charset, and takes everything for UTF-8. */
export function mediaType(type: string | null): string | null {
  return type?.split(';', 1)[0]?.trim().toLowerCase() || null
}

/** The body of a request to a resource; null: there is none. */
export function readBody(body: RequestBody, patch: boolean): ReadBody | null | Unreadable {
  if (body.kind === 'none') return null
  if (body.kind === 'whole' && body.unreadable !== undefined)
    return { unreadable: `its body cannot be read: ${body.unreadable}: ${sendJson}` }
  const type = mediaType(body.type)
  const form = type === null && !patch ? 'object' : (forms[type ?? ''] ?? null)
  if (form === null || patch !== (form !== 'object')) return { unreadable: unreadableType(type, patch) }
  if (body.kind === 'streamed')
    return {
      unreadable: `its body (${body.length ?? 'an unknown number of'} bytes) is larger than what can be judged: send it in smaller objects`,
    }
  if (body.bytes.length === 0) return null
  const document = documentOf(body.bytes, type === 'application/yaml' || form === 'apply')
  return 'unreadable' in document ? { unreadable: `its body cannot be read: ${document.unreadable}` } : { ...document, form }
}

/** Most of what is sent as YAML is JSON, and that is stricter. Of two members of one name Kubernetes takes the last: others do not. */
function documentOf(bytes: Buffer, yaml: boolean): Pick<JsonDocument, 'value' | 'scalars'> | Unreadable {
  if (yaml && !/^[ \t\r\n]*[{[]/.test(bytes.toString('latin1', 0, 1000))) return readYaml(bytes)
  try {
    const { value, scalars, duplicate } = readJson(bytes)
    return duplicate === null ? { value, scalars } : { unreadable: `${duplicate.join('.')} stands there twice` }
  } catch (error) {
    if (error instanceof BodyError) return { unreadable: error.message }
    throw error
  }
}

const sendJson = 'have the client send JSON (in client-go: rest.Config.ContentType = "application/json")'

function unreadableType(type: string | null, patch: boolean): string {
  const binary = type !== null && /protobuf|cbor/.test(type)
  const wanted = patch ? 'application/merge-patch+json, application/json-patch+json or another JSON patch' : 'application/json'
  return binary
    ? `its body is ${type}, which cannot be judged: ${sendJson}`
    : `its body is ${type ?? 'of no type'}: send ${wanted}`
}
