import type { AccessDocument, ConnectionDocument, Document, MaskDocument, PolicyDocument } from '@hoop/contracts'
import { connectionMisfit } from './selectors.ts'

/** The documents that are about one connection, whoever uses it. */
export interface About {
  readonly access: readonly AccessDocument[]
  readonly policies: readonly PolicyDocument[]
  readonly masks: readonly MaskDocument[]
}

export function aboutConnection(documents: readonly Document[], connection: ConnectionDocument): About {
  const fits = (document: About['access' | 'policies' | 'masks'][number]) =>
    connectionMisfit(document.connections, connection) === null
  return {
    access: documents.filter((document) => document.kind === 'Access').filter(fits),
    policies: documents.filter((document) => document.kind === 'Policy').filter(fits),
    masks: documents.filter((document) => document.kind === 'Mask').filter(fits),
  }
}
