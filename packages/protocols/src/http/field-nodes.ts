import type { FieldNode, ValueMask } from '@hoop/contracts'

/** A place in documents, and how the values there are written: `base64` of the text that is masked; `json`: a document in a string. */
export interface DocumentNode extends FieldNode {
  readonly form?: 'base64' | { readonly json: () => FieldNode | null } | undefined
  /** What stands in the place of a member's name that holds a value; null: the name is shown. */
  readonly shownName?: ((name: string) => ShownName | null) | undefined
  member(name: string): DocumentNode | null
  element(index: number): DocumentNode | null
}

/** `rule`: what masked it. */
export interface ShownName {
  readonly text: string
  readonly rule: string
}

/** An object whose member of this name, whatever its case, is `node`. */
export function underMember(name: string, node: DocumentNode): DocumentNode {
  const lower = name.toLowerCase()
  return {
    mask: null,
    member: (other) => (other === name || (other.length === name.length && other.toLowerCase() === lower) ? node : null),
    element: () => null,
  }
}

/** An object each of whose members is `node`. */
export function underMembers(node: DocumentNode): DocumentNode {
  return { mask: null, member: () => node, element: () => null }
}

/** An array each of whose elements is `node`. */
export function underElements(node: DocumentNode): DocumentNode {
  return { mask: null, member: () => null, element: () => node }
}

/** A string that holds text in base64 (RFC 4648, section 4): masks and detectors see the text, and what they make of it is encoded again. */
export const base64Value: DocumentNode = { mask: null, form: 'base64', member: () => null, element: () => null }

/** A string that holds a JSON document with this root, which is asked for when one is met; it may lead here again. */
export function jsonValue(root: () => FieldNode | null): DocumentNode {
  return { mask: null, form: { json: root }, member: () => null, element: () => null }
}

/** The places of all of them at once: the strictest mask, the first form. */
export function anyOf(nodes: readonly (DocumentNode | null)[]): DocumentNode | null {
  return union(nodes, { left: mostKept })
}

function union(nodes: readonly (DocumentNode | null)[], kept: Kept): DocumentNode | null {
  const all = nodes.filter((node) => node !== null)
  const [first, ...others] = all
  if (first === undefined || others.length === 0) return first ?? null
  return new Union(all, kept)
}

/** Places of members that a union and those below it keep by their names: documents mostly have the same again and again. */
const mostKept = 4096
const longestKept = 128

/** How many more may be kept. */
interface Kept {
  left: number
}

class Union implements DocumentNode {
  readonly mask: ValueMask | null
  readonly form: DocumentNode['form']
  readonly shownName: DocumentNode['shownName']
  readonly #all: readonly DocumentNode[]
  readonly #kept: Kept
  readonly #members = new Map<string, DocumentNode | null>()
  #elements: { readonly of: readonly (DocumentNode | null)[]; readonly node: DocumentNode | null } | null = null

  constructor(all: readonly DocumentNode[], kept: Kept) {
    this.#all = all
    this.#kept = kept
    this.mask = all.reduce<ValueMask | null>((mask, node) => stricter(mask, node.mask), null)
    this.form = all.find((node) => node.form !== undefined)?.form
    this.shownName = all.find((node) => node.shownName !== undefined)?.shownName
  }

  member(name: string): DocumentNode | null {
    const kept = this.#members.get(name)
    if (kept !== undefined) return kept
    const node = union(
      this.#all.map((one) => one.member(name)),
      this.#kept,
    )
    if (this.#kept.left > 0 && name.length <= longestKept) {
      this.#kept.left--
      this.#members.set(name, node)
    }
    return node
  }

  /** Mostly all elements have one place. */
  element(index: number): DocumentNode | null {
    const of = this.#all.map((one) => one.element(index))
    const kept = this.#elements
    if (kept?.of.every((node, i) => node === of[i])) return kept.node
    const node = union(of, this.#kept)
    this.#elements = { of, node }
    return node
  }
}

/** From what tells nothing of a value to what tells a part of it. */
const leniency = { null: 0, redact: 1, fixed: 2, hash: 3, partial: 4 } satisfies Record<ValueMask['method'], number>

/** Of two masks for one value the one that tells less; the first where both tell the same. */
export function stricter(one: ValueMask | null, other: ValueMask | null): ValueMask | null {
  if (one === null || other === null) return one ?? other
  return leniency[other.method] < leniency[one.method] ? other : one
}
