import type { ProposedDocuments } from '@hoop/contracts'
import { parseDocuments, withoutSecrets } from '@hoop/policy'
import { checkConnection } from '../connections/check.ts'
import { type Documents, type InForce, named } from '../documents/documents.ts'

/** What would be in force if these were applied now; null: what is. @throws HoopError `invalid_document` with every mistake */
export function inForceWith(documents: Documents, proposed: ProposedDocuments | null): InForce {
  const current = documents.current()
  if (proposed === null) return current
  const given = parseDocuments(proposed.yaml, proposed.file).map(({ document }) => document)
  for (const document of given) if (document.kind === 'Connection') checkConnection(document)
  const rest = current.documents.filter((old) => !given.some(named(old.kind, old.name)))
  return documents.compile([...rest, ...given.map(withoutSecrets)])
}
