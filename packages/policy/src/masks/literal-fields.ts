import type { FieldFlow, FieldNode, Literal, LiteralField, MaskPlan, Operation, ValueMask } from '@hoop/contracts'
import { strictestFirst } from './methods.ts'

/** What masks the field that a literal stands at, the strictest of all that do; null: nothing by name. */
export function fieldMask(field: LiteralField, plan: MaskPlan): ValueMask | null {
  const masks = nodesAt(field, plan).flatMap(({ mask }) => (mask === null ? [] : [mask]))
  const [strictest = null] = masks.toSorted((a, b) => strictestFirst.indexOf(a.method) - strictestFirst.indexOf(b.method))
  return strictest
}

/** Whether something is masked at the field, or below it. */
export function reachesMask(field: LiteralField, plan: MaskPlan): boolean {
  return nodesAt(field, plan).length > 0
}

function nodesAt(field: LiteralField, plan: MaskPlan): FieldNode[] {
  return placesOf(field, plan).flatMap((places) => [...places].filter((place) => place !== null))
}

/** By each name of its kind, where the field may be: several places only where it is `shifting`. */
function placesOf({ resource, others = [], path, shifting = false }: LiteralField, plan: MaskPlan): Set<FieldNode | null>[] {
  return [resource, ...others].map((name) => {
    let places = new Set([plan.fields(name)])
    for (const step of path) places = new Set([...places].flatMap((place) => below(place, step, shifting)))
    return places
  })
}

function below(place: FieldNode | null, step: string | number, shifting: boolean): (FieldNode | null)[] {
  if (place === null) return [null]
  const member = place.member(String(step))
  if (shifting && /^(-|[+-]?[0-9]+)$/.test(String(step))) {
    const elements = place.elements?.() ?? [place.element(0)]
    return member === null ? [...elements] : [...elements, member]
  }
  return [typeof step === 'number' ? (place.element(step) ?? member) : member]
}

/** Whether this mask hides the field, wherever it may be. */
function isHiddenBy(mask: ValueMask, field: LiteralField, plan: MaskPlan): boolean {
  if (fieldMask(field, plan) !== mask) return false
  return placesOf(field, plan).some((places) => [...places].every((place) => place?.mask === mask))
}

/** A field that would be given what its mask shows in a value's place. */
interface MaskedWrite {
  readonly field: LiteralField
  readonly mask: ValueMask
}

/** The first of them. */
export function maskedWrite({ text, literals }: Operation, plan: MaskPlan): MaskedWrite | null {
  for (const literal of literals) {
    const { field } = literal
    const mask = field === undefined ? null : fieldMask(field, plan)
    if (field === undefined || mask === null) continue
    const value = writtenValue(text, literal, field)
    if (value === null ? mask.method === 'null' : mask.looksMasked(value)) return { field, mask }
  }
  return null
}

/** Null is JSON's. */
function writtenValue(text: string, { start, end }: Literal, { value }: LiteralField): string | null {
  if (value !== undefined) return value
  const written = text.slice(start, end)
  try {
    const read: unknown = JSON.parse(written)
    if (read === null || typeof read === 'string') return read
  } catch {
    // What it says is what stands there.
  }
  return written
}

/**
 * The first flow by which more of a masked value would be shown: a guess at it is answered, or it is stored where another mask is, or none. What
 * has masked values somewhere below it is stored nowhere: where they would be found then is not looked at.
 */
export function maskedFieldFlow({ fieldFlows = [] }: Operation, plan: MaskPlan): FieldFlow | null {
  return (
    fieldFlows.find(({ from, to }) => {
      if (!reachesMask(from, plan)) return false
      const mask = fieldMask(from, plan)
      return to === null || mask === null || !isHiddenBy(mask, to, plan)
    }) ?? null
  )
}

/** `data.password`, `items[2].name`: for people. */
export function pathWords(path: LiteralField['path']): string {
  const words = path.map((step) =>
    typeof step === 'number' ? `[${step}]` : /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
  )
  const whole = words.join('').replace(/^\./, '')
  return whole.length > 200 ? `${whole.slice(0, 200)}…` : whole
}
