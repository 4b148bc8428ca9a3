import { folded, type Resources, resourcesOf } from './resources.ts'

/** One step into a document; names are folded (`folded`). */
export type FieldStep =
  | { readonly kind: 'any' | 'depth' }
  | { readonly kind: 'names'; readonly names: ReadonlySet<string> }
  /** Null: any of them. */
  | { readonly kind: 'element'; readonly index: number | null }

/** `RESOURCE:PATH`. */
export interface FieldPattern {
  readonly resources: Resources
  readonly steps: readonly FieldStep[]
}

/** A field pattern that cannot be read. */
export class FieldPatternError extends Error {
  override readonly name = 'FieldPatternError'
}

const shape = 'a field pattern is RESOURCE:PATH, as in secrets:data.* or /v1/customers/{id}:contacts[*].{email,phone}'
const maxSteps = 32

const stepAt = /\*\*|\*|\{[^{}]*\}|\[(?:\*|[0-9]{1,9}|'[^']+'|"[^"]+")\]|[^\s.*{}[\],:'"]+/y
const plainName = /^[^\s.*{}[\],:'"]+$/

/**
 * Reads `RESOURCE:PATH`. A path is names with dots between them; `*` is any member or element, `[*]` any element, `[2]` one, `['any name']` a
 * name that is not plain, `{a,b}` one of several names, `**` any depth, none as well.
 * Names match whatever their case: a pattern in the wrong case would mask nothing.
 * Throws FieldPatternError.
 */
export function parseFieldPattern(pattern: string): FieldPattern {
  const [, resource, path] = /^((?:\{[^{}]*\}|[^\s'"[\]{}])+):(.*)$/s.exec(pattern) ?? []
  if (resource === undefined || path === undefined) throw new FieldPatternError(`${pattern}: ${shape}`)
  const resources = resourcesOf(resource)
  if (typeof resources === 'string') throw new FieldPatternError(`${pattern}: ${resources}`)
  const steps = stepsOf(path, pattern)
  if (steps.length > maxSteps) throw new FieldPatternError(`${pattern} has ${steps.length} steps: at most ${maxSteps} are read`)
  return { resources, steps }
}

function stepsOf(path: string, pattern: string): FieldStep[] {
  if (/^\$(?:\.|\[|$)/.test(path))
    throw new FieldPatternError(`${pattern}: a path begins inside the document: leave $ out (a member of that name is ['$'])`)
  const steps: FieldStep[] = []
  let at = 0
  do {
    if (at > 0 && path[at] === '.') at++
    else if (at > 0 && path[at] !== '[') throw new FieldPatternError(`${pattern}: ${shape}`)
    stepAt.lastIndex = at
    const found = stepAt.exec(path)?.[0]
    if (found === undefined || (found.startsWith('[') && path[at - 1] === '.'))
      throw new FieldPatternError(`${pattern}: ${shape}`)
    steps.push(stepOf(found, pattern))
    at += found.length
  } while (at < path.length)
  return steps
}

function stepOf(step: string, pattern: string): FieldStep {
  if (step === '*') return { kind: 'any' }
  if (step === '**') return { kind: 'depth' }
  if (step.startsWith('[')) {
    const inside = step.slice(1, -1)
    if (inside === '*') return { kind: 'element', index: null }
    if (/^[0-9]/.test(inside)) return { kind: 'element', index: Number(inside) }
    return { kind: 'names', names: new Set([folded(inside.slice(1, -1))]) }
  }
  if (!step.startsWith('{')) return { kind: 'names', names: new Set([folded(step)]) }
  const names = step
    .slice(1, -1)
    .split(',')
    .map((name) => name.trim())
  if (!names.every((name) => plainName.test(name))) throw new FieldPatternError(`${pattern}: ${step} is not a list of names`)
  return { kind: 'names', names: new Set(names.map(folded)) }
}
