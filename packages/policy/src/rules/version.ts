import { createHash } from 'node:crypto'
import { type Document, withoutConnectionSecrets } from '@hoop/contracts'

/** The order in which documents are read, shown and counted: by kind, then name. Does not depend on the locale. */
export function inOrder(documents: readonly Document[]): Document[] {
  const key = (document: Document) => `${document.kind}/${document.name}`
  return documents.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

/**
 * Names what is in force: 12 hex digits of the SHA-256 of all documents, without passwords, whatever their order or that of their fields.
 * Notifiers do not count: who is told decides nothing.
 */
export function policyVersion(documents: readonly Document[]): string {
  const deciding = documents.filter(({ kind }) => kind !== 'Notifier')
  const counted = inOrder(deciding).map((document) =>
    document.kind === 'Connection' ? withoutConnectionSecrets(document, () => true) : document,
  )
  return createHash('sha256').update(JSON.stringify(counted, sortedKeys)).digest('hex').slice(0, 12)
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
