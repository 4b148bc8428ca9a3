import type { Literal } from '@hoop/contracts'
import { BodyError } from '../http/body-rewriter.ts'
import { type JsonScalar, readJson } from '../http/json-document.ts'
import type { ReadBody } from './body.ts'
import { type FieldPath, lastAppliedName, type PatchOperation, writtenPlace } from './patches.ts'
import { namesOf } from './requests.ts'

/** Every scalar of a body, where it stands in the operation's text, and in which field of the object it ends up. */
export function bodyLiterals(
  body: ReadBody,
  patch: readonly PatchOperation[] | null,
  { resource, bodyStart }: { readonly resource: string; readonly bodyStart: number },
): readonly Literal[] {
  const others = namesOf(resource).filter((name) => name !== resource)
  const shifting = patch !== null && { shifting: true }
  return body.scalars.flatMap((scalar): Literal[] => {
    const path = writtenPlace(body, patch, scalar)
    const place = { start: bodyStart + scalar.start, end: bodyStart + scalar.end }
    if (path === null) return [{ ...place, sources: [], secret: false }]
    const secret = isSecret(resource, path)
    if (!isLastApplied(path))
      return [
        {
          ...{ ...place, sources: [], secret },
          field: { resource, others, path, ...shifting, value: writtenValue(resource, path, scalar.value) },
        },
      ]
    // The whole object is in it once more: what a mask showed is not written there either.
    const inside = scalarsWithin(scalar.value).map(({ path, value }) => ({
      ...{ ...place, sources: [], secret: false },
      field: { resource, others, path, value: value === null ? null : (writtenValue(resource, path, value) ?? String(value)) },
    }))
    return [{ ...place, sources: 'opaque', secret, field: { resource, others, path: [] } }, ...inside]
  })
}

/** Of a document in a string; of anything else nothing is known. */
function scalarsWithin(text: JsonScalar['value']): readonly JsonScalar[] {
  if (typeof text !== 'string') return []
  try {
    return readJson(Buffer.from(text)).scalars
  } catch (error) {
    if (error instanceof BodyError) return []
    throw error
  }
}

/** Bytes are base64 in JSON and YAML; undefined: no text. */
function writtenValue(resource: string, [first]: FieldPath, value: JsonScalar['value']): string | null | undefined {
  if (typeof value !== 'string') return value === null ? null : undefined
  return encoded[resource] === String(first).toLowerCase() ? Buffer.from(value, 'base64').toString() : value
}

const encoded: Readonly<Record<string, string>> = { secrets: 'data', configmaps: 'binarydata' }

function isLastApplied([first, second, third]: FieldPath): boolean {
  return first === 'metadata' && second === 'annotations' && third === lastAppliedName
}

/** Of a Secret everything but what names it; of anything what is called a token, and of reviews and requests of credentials what they carry. */
function isSecret(resource: string, path: FieldPath): boolean {
  const [first, second] = path
  if (resource === 'secrets') {
    if (first === 'metadata') return isLastApplied(path)
    return !['kind', 'apiVersion', 'type', 'immutable'].includes(String(first))
  }
  return credentials.has(resource) && (first === 'spec' || first === 'status') && second === 'token'
}

const credentials: ReadonlySet<string> = new Set(['tokenreviews.authentication.k8s.io', 'serviceaccounts/token'])
