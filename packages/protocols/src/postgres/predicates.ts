import type { Node } from 'libpg-query'
import { isObject, sameTree } from './syntax-tree.ts'

/** Whether a condition can leave any row out: one that names no column, or compares a thing with itself, cannot. */
export function bounded(condition: Node | undefined): boolean {
  if (!condition) return false
  if ('BoolExpr' in condition) {
    const { boolop, args = [] } = condition.BoolExpr
    return boolop === 'OR_EXPR' ? args.every(bounded) : args.some(bounded)
  }
  if ('A_Expr' in condition && sameTree(condition.A_Expr.lexpr, condition.A_Expr.rexpr)) return false
  return readsRow(condition)
}

function readsRow(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(readsRow)
  if (!isObject(value)) return false
  if ('ColumnRef' in value || 'CurrentOfExpr' in value) return true
  return Object.values(value).some(readsRow)
}
