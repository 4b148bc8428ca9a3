import { z } from 'zod'
import { suggestion } from '../near-misses.ts'

/** A mistake at a path of the document; `key`: at that key of the map there. */
export interface Mistake {
  readonly path: readonly PropertyKey[]
  readonly key: string | null
  readonly message: string
}

type Issue = z.core.$ZodIssue

/** Fields whose value, however wrong, is not repeated. */
const mayBeSecret: ReadonlySet<string> = new Set(['login', 'password', 'key', 'secret', 'botToken', 'signingSecret'])

/** What zod found, in words that say what is allowed. */
export function mistakes(issue: Issue, schema: z.ZodType, before: readonly PropertyKey[] = []): Mistake[] {
  const path = [...before, ...issue.path]
  const here = (message: string): Mistake[] => [{ path, key: null, message }]
  const name = String(path.findLast((key) => typeof key === 'string') ?? 'the document')
  switch (issue.code) {
    case 'unrecognized_keys': {
      const allowed = fieldsAt(schema, path)
      return issue.keys.map((key) => ({ path, key, message: `unknown field ${key}. ${suggestion(key, allowed)}` }))
    }
    case 'invalid_type':
      if (issue.input === undefined) return here(`${name} is missing`)
      return here(`${name} must be ${article(issue.expected)}${mayBeSecret.has(name) ? '' : `, not ${kindOf(issue.input)}`}`)
    case 'invalid_value':
      return here(notOneOf(name, issue.input, issue.values))
    case 'invalid_union': {
      if (issue.inclusive !== false && issue.discriminator !== undefined) {
        return here(notOneOf(name, fieldOf(issue.input, issue.discriminator), issue.options ?? []))
      }
      const nearest = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? []
      if (depth(nearest) > 0) return nearest.flatMap((inner) => mistakes(inner, schema, path))
      const words = new Set(
        issue.errors.flat().flatMap((inner) => mistakes(inner, schema, path).map((mistake) => mistake.message)),
      )
      return here([...words].join('; or '))
    }
    case 'too_small':
      return here(issue.origin === 'number' ? `${name} must be at least ${issue.minimum}` : `${name} must not be empty`)
    case 'too_big':
      return here(`${name} must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`)
    default:
      return here(issue.message)
  }
}

/** How far into the value this branch of a union got: an unknown key is further than a wrong type. */
function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)))
}

/** The fields that the schema allows at this path. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let candidates = objects(schema)
  for (const key of path) {
    if (typeof key === 'number') continue
    candidates = candidates.flatMap((candidate) => {
      const next = candidate instanceof z.ZodObject ? candidate.shape[String(key)] : undefined
      return next instanceof z.ZodType ? objects(next) : []
    })
  }
  return [...new Set(candidates.flatMap((candidate) => Object.keys(candidate.shape)))]
}

/** The object schemas behind defaults, optionals, unions and lists. */
function objects(schema: unknown): z.ZodObject[] {
  if (schema instanceof z.ZodObject) return [schema]
  if (schema instanceof z.ZodArray) return objects(schema.element)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(objects)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return objects(schema.unwrap())
  return []
}

function notOneOf(name: string, given: unknown, allowed: readonly unknown[]): string {
  const wrong = given === undefined ? `${name} is missing` : `${shown(given)} is not allowed for ${name}`
  return `${wrong}. ${suggestion(String(given ?? ''), allowed.map(String))}`
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}

function article(expected: string): string {
  const names: Record<string, string> = {
    array: 'a list',
    object: 'a map',
    record: 'a map',
    string: 'text',
    int: 'a whole number',
  }
  return names[expected] ?? `a ${expected}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return typeof value === 'string' ? `text ${shown(value)}` : `the ${typeof value} ${shown(value)} (quote it to make it text)`
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
