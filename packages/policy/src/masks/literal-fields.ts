import type { FieldNode, LiteralField, MaskPlan, ValueMask } from '@hoop/contracts'

/** What masks the field that a literal stands at; null: nothing by name. */
export function fieldMask({ resource, path }: LiteralField, plan: MaskPlan): ValueMask | null {
  let node: FieldNode | null = plan.fields(resource)
  for (const step of path) {
    if (node === null) return null
    node = typeof step === 'number' ? node.element(step) : node.member(step)
  }
  return node?.mask ?? null
}
