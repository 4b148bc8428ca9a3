import { isAlias, isMap, isScalar, parseDocument, visit } from 'yaml'
import type { z } from 'zod'
import { mistakes } from './mistakes.ts'
import { nodeAt, placeOf, placeOfKey, secretsOf } from './places.ts'
import { ProblemList } from './problems.ts'

/** A map as its schema reads it. */
export interface ParsedMap<T> {
  readonly value: T
  /** Throws DocumentError with these mistakes shown at their places. */
  reject(mistakes: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): never
}

/**
 * Reads one strict YAML map that is not a document of policy. At the paths of `secrets` are references to secrets: whatever stands there in
 * their place is not shown in messages.
 * Throws DocumentError with every mistake, each at its line with a caret under the place.
 */
export function parseMap<T>(
  source: string,
  file: string,
  schema: z.ZodType<T>,
  secrets: readonly (readonly string[])[],
): ParsedMap<T> {
  const problems = new ProblemList(file, source)
  const yaml = parseDocument(source, { prettyErrors: false })
  for (const { pos, message } of [...yaml.errors, ...yaml.warnings]) problems.add(pos[0], pos[1], message)
  visit(yaml, {
    Alias(_, node) {
      if (isAlias(node) && node.range)
        problems.add(node.range[0], node.range[1], 'aliases are not supported: write the value out')
    },
  })
  for (const path of secrets) for (const { start, end } of secretsOf(nodeAt(yaml, path))) problems.hide(start, end)
  problems.throwIfAny()
  const empty = yaml.contents === null || (isScalar(yaml.contents) && yaml.contents.value === null)
  if (!empty && !isMap(yaml.contents)) problems.add(0, 1, 'this must be a map of settings')
  problems.throwIfAny()
  const result = schema.safeParse(empty ? {} : yaml.toJS(), { reportInput: true })
  for (const issue of result.error?.issues ?? []) {
    for (const { path, key, message } of mistakes(issue, schema)) {
      const { start, end } = key === null ? placeOf(yaml, path) : placeOfKey(yaml, path, key)
      const secret = secrets.find((place) => place.every((name, index) => path[index] === name))
      problems.add(start, end, secret ? `${secret.join('.')} must be { env: NAME } or { file: PATH }` : message)
    }
  }
  problems.throwIfAny()
  if (!result.success) throw result.error
  return {
    value: result.data,
    reject(found) {
      for (const { path, message } of found) {
        const { start, end } = placeOf(yaml, path)
        problems.add(start, end, message)
      }
      problems.throwIfAny()
      throw new Error('a file is rejected without a mistake in it')
    },
  }
}
