import type { FieldNode, ValueMask } from '@hoop/contracts'
import type { FieldPattern, FieldStep } from './field-patterns.ts'
import { folded } from './resources.ts'

/** A mask and the places it is about. */
interface FieldMask {
  readonly patterns: readonly FieldPattern[]
  readonly mask: ValueMask
}

/** Characters in the names of kinds of documents that are kept: callers choose the paths, and each value of a document asks for its own. */
const keptCharacters = 100_000
/** Places of one kind of document that are kept; others are made anew, each time one comes to them. */
const keptNodes = 1000

/** The name and the index of all members and elements that no step names. */
const otherName = ''
const otherIndex = -1

/** Masks of fields by the kind of document: `masks` strictest first, since where several meet, the first of them wins. */
export function fieldMasks(masks: readonly FieldMask[]): (resource: string) => FieldNode | null {
  const known = new Map<string, FieldNode | null>()
  let characters = 0
  return (resource) => {
    const root = known.get(resource)
    if (root !== undefined) return root
    characters += resource.length
    if (characters > keptCharacters) {
      known.clear()
      characters = resource.length
    }
    const made = rootOf(masks, resource)
    known.set(resource, made)
    return made
  }
}

function rootOf(masks: readonly FieldMask[], resource: string): FieldNode | null {
  const paths = masks.flatMap(({ patterns }, mask) =>
    patterns.filter(({ resources }) => resources.includes(resource)).map(({ steps }) => ({ steps, mask })),
  )
  if (paths.length === 0) return null
  const places = new Places(
    paths,
    masks.map(({ mask }) => mask),
  )
  return places.node(
    paths.map((_, path) => ({ path, at: 0 })),
    null,
  )
}

/** How far one path has come: the steps before `at` are done. */
interface Progress {
  readonly path: number
  readonly at: number
}

interface Path {
  readonly steps: readonly FieldStep[]
  /** Index of its mask. */
  readonly mask: number
}

/** The places of one kind of document that paths tell apart: all paths are followed at once, as an automaton does. */
class Places {
  readonly #paths: readonly Path[]
  readonly #masks: readonly ValueMask[]
  readonly #nodes = new Map<string, PlaceNode>()

  constructor(paths: readonly Path[], masks: readonly ValueMask[]) {
    this.#paths = paths
    this.#masks = masks
  }

  /** The place that these paths have come to; `above`: index of the mask that covers it from above. */
  node(progress: readonly Progress[], above: number | null): PlaceNode | null {
    const reached = this.#closure(progress)
    const ending = reached.filter(({ path, at }) => this.#stepsOf(path).length === at).map(({ path }) => this.#maskOf(path))
    const strictest = Math.min(above ?? Number.POSITIVE_INFINITY, ...ending)
    // Another path counts below a mask only where it could bring a stricter one.
    const open = reached.filter(({ path, at }) => at < this.#stepsOf(path).length && this.#maskOf(path) < strictest)
    const mask = Number.isFinite(strictest) ? strictest : null
    if (open.length === 0 && mask === null) return null
    const key = `${mask ?? ''}|${open.map(({ path, at }) => `${path}.${at}`).join(' ')}`
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const kept = this.#nodes.size < keptNodes
    const node = new PlaceNode(this, open, mask, mask === null ? null : (this.#masks[mask] ?? null), kept)
    if (kept) this.#nodes.set(key, node)
    return node
  }

  /** The names among which the next step decides: all others are alike. */
  namesAt(progress: readonly Progress[]): ReadonlySet<string> {
    return new Set(
      progress.flatMap(({ path, at }) => {
        const step = this.#stepsOf(path)[at]
        return step?.kind === 'names' ? [...step.names] : []
      }),
    )
  }

  /** The indexes among which the next step decides. */
  indexesAt(progress: readonly Progress[]): ReadonlySet<number> {
    return new Set(
      progress.flatMap(({ path, at }) => {
        const step = this.#stepsOf(path)[at]
        if (step?.kind === 'names') return [...step.names].filter((name) => /^[0-9]{1,9}$/.test(name)).map(Number)
        return step?.kind === 'element' && step.index !== null ? [step.index] : []
      }),
    )
  }

  /** What comes of these paths by a step to a member (a folded name) or to an element (its index). */
  step(progress: readonly Progress[], to: string | number): readonly Progress[] {
    return progress.flatMap(({ path, at }) => {
      const step = this.#stepsOf(path)[at]
      if (step === undefined || !leads(step, to)) return []
      return [{ path, at: step.kind === 'depth' ? at : at + 1 }]
    })
  }

  /** With those that have gone past a `**`, which may stand for nothing; each once, in order. */
  #closure(progress: readonly Progress[]): Progress[] {
    const found = new Map<string, Progress>()
    const open = [...progress]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { path, at } = next
      found.set(`${path}.${at}`, next)
      if (this.#stepsOf(path)[at]?.kind === 'depth') open.push({ path, at: at + 1 })
    }
    return [...found.values()].toSorted((a, b) => a.path - b.path || a.at - b.at)
  }

  #stepsOf(path: number): readonly FieldStep[] {
    return this.#paths[path]?.steps ?? []
  }

  #maskOf(path: number): number {
    return this.#paths[path]?.mask ?? 0
  }
}

function leads(step: FieldStep, to: string | number): boolean {
  switch (step.kind) {
    case 'any':
    case 'depth':
      return true
    case 'names':
      // `items.0` is what some write for an element.
      return to !== otherIndex && step.names.has(String(to))
    case 'element':
      return typeof to === 'number' && (step.index === null || step.index === to)
  }
}

class PlaceNode implements FieldNode {
  readonly mask: ValueMask | null
  readonly kept: boolean
  readonly #places: Places
  readonly #progress: readonly Progress[]
  readonly #above: number | null
  readonly #names: ReadonlySet<string>
  readonly #indexes: ReadonlySet<number>
  /** As many as there are names and indexes in the patterns, and two more. */
  readonly #next = new Map<string | number, PlaceNode | null>()

  constructor(places: Places, progress: readonly Progress[], above: number | null, mask: ValueMask | null, kept: boolean) {
    this.mask = mask
    this.kept = kept
    this.#places = places
    this.#progress = progress
    this.#above = above
    this.#names = places.namesAt(progress)
    this.#indexes = places.indexesAt(progress)
  }

  member(name: string): FieldNode | null {
    if (this.#progress.length === 0) return this
    const known = folded(name)
    return this.#to(this.#names.has(known) ? known : otherName)
  }

  element(index: number): FieldNode | null {
    if (this.#progress.length === 0) return this
    return this.#to(this.#indexes.has(index) ? index : otherIndex)
  }

  elements(): readonly (FieldNode | null)[] {
    if (this.#progress.length === 0) return [this]
    return [otherIndex, ...this.#indexes].map((index) => this.#to(index))
  }

  #to(place: string | number): FieldNode | null {
    const known = this.#next.get(place)
    if (known !== undefined) return known
    const node = this.#places.node(this.#places.step(this.#progress, place), this.#above)
    if (node === null || node.kept) this.#next.set(place, node)
    return node
  }
}
