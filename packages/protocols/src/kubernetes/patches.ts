import type { FieldFlow, FieldNode, LiteralField } from '@hoop/contracts'
import { z } from 'zod'
import type { JsonScalar } from '../http/json-document.ts'
import type { ReadBody } from './body.ts'
import { namesOf } from './requests.ts'

/** A place in the object that a request writes. */
export type FieldPath = readonly (string | number)[]

/** The annotation in which kubectl keeps the object once more. */
export const lastAppliedName = 'kubectl.kubernetes.io/last-applied-configuration'

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: string
  readonly path: FieldPath
  readonly from: FieldPath | null
  readonly value: unknown
}

const Pointer = z.string().regex(/^(\/([^~]|~[01])*)*$/)
const JsonPatch = z
  .array(
    z.strictObject({
      op: z.enum(['add', 'remove', 'replace', 'move', 'copy', 'test']),
      path: Pointer,
      from: Pointer.optional(),
      value: z.unknown().optional(),
    }),
  )
  .max(10_000)

/** The operations of a JSON patch; null: it is none. */
export function patchOperations(value: unknown): readonly PatchOperation[] | null {
  const read = JsonPatch.safeParse(value)
  if (!read.success) return null
  return read.data.map(({ op, path, from, value }) => ({
    op,
    path: pointer(path),
    from: from === undefined ? null : pointer(from),
    value,
  }))
}

/** JSON Pointer (RFC 6901); `-` is the element behind the last, index 0 of what is added. */
function pointer(text: string): FieldPath {
  return text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (part === '-' ? 0 : /^(0|[1-9][0-9]{0,8})$/.test(part) ? Number(part) : part))
}

/** What a JSON patch puts where, each as a manifest of which only that part is there. */
export function addedParts(operations: readonly PatchOperation[]): readonly unknown[] {
  return operations
    .filter(({ op }) => op === 'add' || op === 'replace')
    .map(({ path, value }) =>
      path.reduceRight((inner: unknown, part) => (typeof part === 'number' ? [inner] : { [part]: inner }), value),
    )
}

/** Where in the object a scalar of the body ends up; null: it is no value of the object (the name of an operation, a path). */
export function writtenPlace(
  body: ReadBody,
  operations: readonly PatchOperation[] | null,
  { path }: JsonScalar,
): FieldPath | null {
  if (body.form !== 'json-patch') return body.form === 'strategic-merge-patch' ? path.map(withoutDirective) : path
  const [index, member, ...below] = path
  const operation = typeof index === 'number' ? operations?.[index] : undefined
  return operation === undefined || member !== 'value' ? null : [...operation.path, ...below]
}

/** `$deleteFromPrimitiveList/finalizers`, `$setElementOrder/ports`: values of that field. */
function withoutDirective(part: string | number): string | number {
  return typeof part === 'string' && part.startsWith('$') ? part.slice(part.indexOf('/') + 1) : part
}

/** Where a copy or a move writes, and rules look for what is written there; its value only the cluster knows: words. */
export function unknownInPatch(
  operations: readonly PatchOperation[],
  kind: { readonly group: string; readonly resource: string },
): readonly string[] {
  const found = operations.find(({ op, path }) => (op === 'copy' || op === 'move') && rulesLookAt(path, kind))
  if (found === undefined) return []
  return [`a ${found.op} in its patch writes to /${found.path.join('/')} what only the cluster knows`]
}

/** What pods and grants ask for stands in none of these; what a namespace asks of its pods stands in its labels. */
function rulesLookAt(
  [first, second]: FieldPath,
  { group, resource }: { readonly group: string; readonly resource: string },
): boolean {
  if (first === 'metadata') return resource === 'namespaces' && second !== 'annotations'
  const holdsData = group === '' && (resource === 'configmaps' || resource === 'secrets')
  return !(first === 'status' || (holdsData && (first === 'data' || first === 'binaryData' || first === 'stringData')))
}

/** What a JSON patch takes from the object without naming it: what it copies and moves, and what its tests tell. */
export function patchFlows(operations: readonly PatchOperation[], resource: string): readonly FieldFlow[] {
  const others = namesOf(resource).filter((name) => name !== resource)
  const field = (path: FieldPath): LiteralField => ({ resource, others, path, shifting: true })
  return operations.flatMap(({ op, path, from }): FieldFlow[] => {
    if (op === 'test') return isVersion(path) ? [] : [{ from: field(taken(path)), to: null }]
    return (op === 'copy' || op === 'move') && from !== null ? [{ from: field(taken(from)), to: field(certain(path)) }] : []
  })
}

/** A place that values are taken from: where the object stands once more, all of it. */
function taken(path: FieldPath): FieldPath {
  const [first, second, third] = path
  if (first !== 'metadata') return certain(path)
  if (second === undefined || second === 'managedFields') return []
  return second === 'annotations' && (third === undefined || third === lastAppliedName) ? [] : certain(path)
}

/** Up to the first step that Kubernetes may take for the index of another element: `-1`, `+1`, `01`. */
function certain(path: FieldPath): FieldPath {
  const end = path.findIndex((part) => typeof part === 'string' && /^[+-]?[0-9]+$/.test(part))
  return end === -1 ? path : path.slice(0, end)
}

/** Of an object's metadata: what a client tests so that it changes what it has seen. */
function isVersion([first, second, ...below]: FieldPath): boolean {
  return first === 'metadata' && versions.has(String(second)) && below.length === 0
}

const versions: ReadonlySet<string> = new Set(['resourceVersion', 'uid', 'generation'])

/** Whether something at this place, above it or below it is masked. */
export function reaches(node: FieldNode, path: FieldPath): boolean {
  let place: FieldNode | null = node
  for (const part of path) {
    if (place === null || place.mask !== null) break
    // The number may be a member's name, as in the data of a config map.
    place = typeof part === 'number' ? (place.element(part) ?? place.member(String(part))) : place.member(part)
  }
  return place !== null
}
