import { type Document, withoutConnectionSecrets } from '@hoop/contracts'
import { stringify } from 'yaml'

/**
 * The document without secrets that were given as plain text; references (`{ env: … }`, `{ file: … }`) stay. What is left out, applying
 * keeps as it is stored. That there is no password (`null`) is no secret, and stays.
 */
export function withoutSecrets(document: Document): Document {
  if (document.kind !== 'Connection') return document
  return withoutConnectionSecrets(document, (given) => typeof given === 'string')
}

/** YAML of one document, ending in a newline, that can be applied again; plain secrets are left out. */
export function printDocument(document: Document): string {
  const { kind, name, ...rest } = withoutSecrets(document)
  // Wide enough that a condition is never folded over lines.
  return stringify({ kind, name, ...rest }, { lineWidth: 0, aliasDuplicateObjects: false })
}

/** A YAML stream of documents. */
export function printDocuments(documents: readonly Document[]): string {
  return documents.map(printDocument).join('---\n')
}
