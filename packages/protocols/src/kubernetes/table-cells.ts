import type { FieldPath } from './patches.ts'

const metadata = [
  ['metadata', 'name'],
  ['metadata', 'creationTimestamp'],
] as const

/** Which places of the object the cells of its table are made of, all columns of `-o wide` included; null: that is not known. */
export function cellPaths(kind: string): readonly FieldPath[] | null {
  const own = cells[kind]
  return own === undefined ? null : [...metadata, ...own]
}

/**
 * https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/printers/internalversion/printers.go; of Secrets and ConfigMaps it shows how many
 * entries they have.
 */
const cells: Readonly<Record<string, readonly FieldPath[]>> = {
  secrets: [['type']],
  configmaps: [],
  namespaces: [['status', 'phase']],
  serviceaccounts: [['secrets']],
  pods: [['status'], ['spec', 'nodeName'], ['spec', 'readinessGates'], ['metadata', 'deletionTimestamp'], ['metadata', 'labels']],
  nodes: [['status'], ['spec', 'unschedulable'], ['metadata', 'labels']],
}
