import type { AccessDocument, ConnectionDocument, Document, MaskDocument, PolicyDocument } from '@hoop/contracts'
import { connectionMisfit } from './selectors.ts'

/** The documents that are about one connection, whoever uses it. */
export interface About {
  readonly access: readonly AccessDocument[]
  readonly policies: readonly PolicyDocument[]
  readonly masks: readonly MaskDocument[]
}

export function aboutConnection(documents: readonly Document[], connection: ConnectionDocument): About {
  const chosen = documents.filter(
    (document) =>
      document.kind !== 'Connection' && document.kind !== 'Role' && connectionMisfit(document.connections, connection) === null,
  )
  return {
    access: chosen.filter((document) => document.kind === 'Access'),
    policies: chosen.filter((document) => document.kind === 'Policy'),
    masks: chosen.filter((document) => document.kind === 'Mask'),
  }
}
