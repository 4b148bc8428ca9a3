import type { Identity, MaskPlan } from '@hoop/contracts'
import { compileRules, parseDocuments } from '@hoop/policy'

export const ada: Identity = {
  id: 'idp|ada',
  kind: 'person',
  name: 'Ada',
  email: 'ada@example.com',
  groups: ['sre'],
  issuer: 'idp',
}

const connection = `
kind: Connection
name: cluster
protocol: kubernetes
address: 10.0.0.1:6443
login: { token: secret }
`

/** What is masked for Ada by a Mask with these members, as in `fields: [secrets:data.*]`. */
export function masksOf(mask: string): MaskPlan {
  const source = `${connection}\n---\nkind: Mask\nname: m\n${mask}\n`
  const documents = parseDocuments(source, 'documents').map(({ document }) => document)
  const [cluster] = documents
  if (cluster?.kind !== 'Connection') throw new Error('The first document is the connection.')
  return compileRules(documents, { hashKey: Buffer.alloc(32) }).masks(ada, cluster)
}
