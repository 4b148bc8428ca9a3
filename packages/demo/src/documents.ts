import { groups } from './identity-provider/users.ts'
import { shopDatabase, shopUser } from './sample/shop.ts'

/** Names the gateway's environment variable with the password of the sample's role, so that no file carries it. */
export const samplePasswordVariable = 'HOOP_DEMO_SAMPLE_PASSWORD'

/** The same for what webhooks are signed with. */
export const webhookSecretVariable = 'HOOP_DEMO_WEBHOOK_SECRET'

/** The same for the token of the shop's own service. */
export const shopApiTokenVariable = 'HOOP_DEMO_SHOP_API_TOKEN'

export interface SampleAddress {
  readonly host: string
  readonly port: number
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string
  /** The name of the agents that reach it; absent: the gateway dials. */
  readonly agent?: string
  /** Where people are told of what is held; absent: nowhere. */
  readonly webhook?: string
  /** Where the shop's own service listens; absent: there is none. */
  readonly api?: { readonly host: string; readonly port: number }
}

/** What the demo's administrator applies: YAML as for `hoop apply -f`. */
export function demoDocuments({ host, port, ca, agent, webhook, api }: SampleAddress): string {
  const indented = ca
    .trim()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
  return `# The demo's documents, applied at each start by root-admin. Change them, and: hoop apply -f FILE
kind: Connection
name: sample
protocol: postgres
labels: { env: demo }
address: ${host}:${port}${agent === undefined ? '' : `\nagent: ${agent}`}
databases: [${shopDatabase}]
login: { user: ${shopUser}, password: { env: ${samplePasswordVariable} } }
tls:
  mode: verify-full
  ca: |
${indented}
---
kind: Access
name: everyone-who-builds
groups: [${groups.engineering}, ${groups.codingAgents}, ${groups.dba}]
connections: { names: [sample] }
---
kind: Policy
name: nothing-is-dropped
connections: { labels: { env: demo } }
when: operation.destructive && operation.effects.exists(e, e == 'ddl')
then: deny
message: Tables are dropped and emptied by migrations only. Write a migration, or ask a DBA.
---
kind: Policy
name: deletes-need-a-dba
connections: { labels: { env: demo } }
identities: { groups: [${groups.engineering}, ${groups.codingAgents}] }
when: operation.unbounded || operation.verbs.exists(v, v == 'DELETE')
then: approve
approvers: { groups: [${groups.dba}], timeout: 15m }
message: Deleting rows needs a DBA. Say what and why with --reason.
---
kind: Mask
name: cardholder-data
connections: { labels: { env: demo } }
columns: [public.cards.card_number]
detect: [card]
method: partial
---
kind: Mask
name: contact-data
connections: { labels: { env: demo } }
columns: [ "public.customers.{email,phone}" ]
method: partial
---
kind: Role
name: auditors
groups: [${groups.audit}]
may: [audit]
${webhook === undefined ? '' : notifier(webhook)}${api === undefined ? '' : shopApi(api)}`
}

function notifier(url: string): string {
  return `---
kind: Notifier
name: on-call-tool
events: [operation.held, operation.decided]
connections: { labels: { env: demo } }
webhook: { url: "${url}", secret: { env: ${webhookSecretVariable} } }
`
}

/** docs/http.md shows a refusal of it. */
function shopApi({ host, port }: { readonly host: string; readonly port: number }): string {
  return `---
kind: Connection
name: shop-api
protocol: http
labels: { env: demo }
address: ${host}:${port}
tls: disable
login: { bearer: { env: ${shopApiTokenVariable} } }
operations:
  - { name: getCustomer, method: GET, path: "/v1/customers/{id}" }
  - { name: deleteCustomer, method: DELETE, path: "/v1/customers/{id}" }
  - { name: refundOrder, method: POST, path: "/v1/orders/{id}/refund" }
onlyListed: true
---
kind: Access
name: everyone-who-builds-uses-the-service
groups: [${groups.engineering}, ${groups.codingAgents}]
connections: { names: [shop-api] }
---
kind: Policy
name: customers-stay
connections: { names: [shop-api] }
when: operation.request.operation == 'deleteCustomer'
then: deny
message: Customers are deleted in the database, where a DBA looks at it.
---
kind: Policy
name: large-refunds-need-a-dba
connections: { names: [shop-api] }
when: operation.request.operation == 'refundOrder' && operation.request.body.amount > 1000
then: approve
approvers: { groups: [${groups.dba}], timeout: 15m }
message: Refunds of more than 10.00 need a second pair of eyes.
---
kind: Mask
name: contact-data-of-the-service
connections: { names: [shop-api] }
fields: [ "getCustomer:{email,phone}" ]
method: partial
`
}
