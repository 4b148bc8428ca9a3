import { createHash } from 'node:crypto'
import { HoopError, type ServiceAccountDocument, type TrustDocument } from '@hoop/contracts'
import type { Documents } from '../documents/documents.ts'
import type { Caller, Machine } from './access-tokens.ts'

/** The document that lets a machine in, by which its tokens name it. */
export function machineOf(document: TrustDocument | ServiceAccountDocument): Omit<Machine, 'principal'> {
  const digest = createHash('sha256').update(JSON.stringify(document)).digest('hex')
  return { document: `${document.kind}/${document.name}`, digest }
}

/**
 * A machine is let in by a document as it was then: once that is changed or gone, it must come in again.
 * @throws HoopError `invalid_token`, or `unavailable` while it is not known which documents are in force
 */
export function mustStillBeLetIn({ machine }: Caller, documents: Pick<Documents, 'current'>): void {
  if (machine !== undefined) mustStand(machine, documents, 'this machine')
}

/** The same for whatever a document has let in. @throws HoopError `invalid_token`, `unavailable` */
export function mustStand(by: Pick<Machine, 'document' | 'digest'>, documents: Pick<Documents, 'current'>, what: string): void {
  const found = documents
    .current()
    .documents.find(
      (document) =>
        (document.kind === 'Trust' || document.kind === 'ServiceAccount') && `${document.kind}/${document.name}` === by.document,
    )
  if (found !== undefined && (found.kind === 'Trust' || found.kind === 'ServiceAccount')) {
    if (machineOf(found).digest === by.digest) return
  }
  throw new HoopError('invalid_token', `${by.document}, which let ${what} in, was ${found ? 'changed' : 'removed'}.`, {
    hint: found ? 'Exchange a token again.' : 'Ask an admin.',
  })
}
