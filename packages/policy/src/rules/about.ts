import {
  type AccessDocument,
  actors,
  type ConnectionDocument,
  type Document,
  type Identity,
  type MaskDocument,
  type NotifierDocument,
  type PolicyDocument,
} from '@hoop/contracts'
import { connectionMisfit, identityMisfit } from './selectors.ts'

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

/** Whether it tells of what this identity asks, or somebody on its behalf; of a connection that is gone (null) only one that is about all. */
export function isAbout(notifier: NotifierDocument, identity: Identity, connection: ConnectionDocument | null): boolean {
  const { connections, identities } = notifier
  if (!actors(identity).some((actor) => identityMisfit(identities, actor) === null)) return false
  if (connection === null) return connections.names === undefined && connections.labels === undefined
  return connectionMisfit(connections, connection) === null
}
