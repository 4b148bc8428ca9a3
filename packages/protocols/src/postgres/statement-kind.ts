import type { Output } from '@hoop/contracts'
import type { Node } from 'libpg-query'
import type { CopyTransfer } from './copy-statement.ts'
import type { Walk } from './expressions.ts'

/** What a statement is, besides what it does to the backend (that is on the walk's reading). */
export interface StatementKind {
  readonly verb: string
  readonly returnsRows: boolean
  readonly outputs: readonly Output[] | 'opaque'
  readonly copy: CopyTransfer | null
  readonly transaction: 'begin' | 'commit' | 'rollback' | 'savepoint' | null
}
export const plain = { returnsRows: false, outputs: [], copy: null, transaction: null } as const

/** Reads a statement inside of another; given down, so that imports point one way. */
export type ReadStatement = (walk: Walk, node: Node) => StatementKind
