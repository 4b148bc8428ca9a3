import { groups } from '@hoop/demo'

/** The service of the bench behind hoop, once as it is and once with a field masked; rules of the kinds that companies write are judged at both. */
export function hoopDocuments(port: number): string {
  const connection = (name: string) => `kind: Connection
name: ${name}
labels: { env: bench }
protocol: http
address: 127.0.0.1:${port}
tls: disable
login: { bearer: secret-of-the-service }
operations:
  - { method: GET, path: "/orders/{id}", name: getOrder }
  - { method: GET, path: "/customers/{id}", name: getCustomer }
`
  return `${connection('service')}---
${connection('service-masked')}---
kind: Access
name: bench
groups: [${groups.engineering}]
connections: { labels: { env: bench } }
---
kind: Policy
name: no-deletes
connections: { labels: { env: bench } }
when: operation.destructive || operation.request.method == 'DELETE'
then: deny
---
kind: Policy
name: refunds-are-approved
connections: { labels: { env: bench } }
identities: { groups: [${groups.engineering}] }
when: operation.request.method == 'POST' && operation.objects.exists(o, o.name.startsWith('/refunds'))
then: approve
approvers: { groups: [${groups.dba}], timeout: 15m }
---
kind: Mask
name: bank-accounts
connections: { names: [service-masked] }
fields: ["/customers/*:iban", "/customers:[*].iban"]
`
}
