import type { Literal } from '@hoop/contracts'
import type { ReadBody } from './body.ts'
import { type FieldPath, type PatchOperation, writtenPlace } from './patches.ts'

/** Every scalar of a body, where it stands in the operation's text, and in which field of the object it ends up. */
export function bodyLiterals(
  body: ReadBody,
  patch: readonly PatchOperation[] | null,
  { resource, bodyStart }: { readonly resource: string; readonly bodyStart: number },
): readonly Literal[] {
  return body.scalars.map((scalar) => {
    const path = writtenPlace(body, patch, scalar)
    return {
      start: bodyStart + scalar.start,
      end: bodyStart + scalar.end,
      sources: [],
      secret: path !== null && isSecret(resource, path),
      ...(path !== null && { field: { resource, path } }),
    }
  })
}

/** Of a Secret everything but what names it; of anything what is called a token, and of reviews and requests of credentials what they carry. */
function isSecret(resource: string, [first, second, third]: FieldPath): boolean {
  if (resource === 'secrets') {
    if (first === 'metadata') return second === 'annotations' && third === 'kubectl.kubernetes.io/last-applied-configuration'
    return !['kind', 'apiVersion', 'type', 'immutable'].includes(String(first))
  }
  return credentials.has(resource) && (first === 'spec' || first === 'status') && second === 'token'
}

const credentials: ReadonlySet<string> = new Set(['tokenreviews.authentication.k8s.io', 'serviceaccounts/token'])
