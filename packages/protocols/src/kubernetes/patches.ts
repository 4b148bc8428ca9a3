import type { FieldNode } from '@hoop/contracts'
import { z } from 'zod'
import type { JsonScalar } from '../http/json-document.ts'
import type { ReadBody } from './body.ts'

/** A place in the object that a request writes. */
export type FieldPath = readonly (string | number)[]

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

/** Why nobody here knows what a JSON patch does, or what its answer tells: words. */
export function unknownInPatch(operations: readonly PatchOperation[]): readonly string[] {
  const copies = operations.some(({ op }) => op === 'copy' || op === 'move')
  const guesses = operations.some(({ op, path }) => op === 'test' && !(path[0] === 'metadata' && versions.has(String(path[1]))))
  return [
    ...(copies ? ['a copy or a move in its patch writes what only the cluster knows'] : []),
    ...(guesses ? ['a test in its patch answers whether a guess at a value is right'] : []),
  ]
}

/** Of an object's metadata: what a client tests so that it changes what it has seen. */
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
