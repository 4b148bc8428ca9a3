import { expect, it } from 'vitest'
import { parseDocuments } from './parse.ts'
import { printDocument, printDocuments } from './print.ts'

const connection = `kind: Connection
name: prod
protocol: postgres
labels: { env: prod, pci: "yes", tier: "1" }
address: "[::1]:5432"
databases: [app]
login: { user: app, password: PASSWORD }
tls: { mode: verify-full, serverName: db.internal }
`
const documents = (source: string) => parseDocuments(source, 'f').map(({ document }) => document)

it('prints what applies again and gives the same document', () => {
  const source = `${connection.replace('PASSWORD', '{ env: PROD_PASSWORD }')}---
kind: Policy
name: long
when: |
  operation.effects.exists(e, e in ['write', 'ddl']) && operation.objects.exists(o, o.name == 'public.users: "all"') # not a comment
  && session.reason == ''
then: approve
approvers: { groups: [dba] }
message: "Yes: no"
---
kind: Mask
name: m
columns: ["*.payments.card_number"]
method: "null"
`.replace(' # not a comment', '')
  const parsed = documents(source)
  expect(documents(printDocuments(parsed))).toEqual(parsed)
})

it('leaves a password out that was given as text, and keeps a reference', () => {
  const [plain] = documents(connection.replace('PASSWORD', 'hunter2'))
  expect(printDocument(plain!)).not.toContain('hunter2')
  expect(documents(printDocument(plain!))).toEqual([{ ...plain, login: { user: 'app' } }])
  const [reference] = documents(connection.replace('PASSWORD', '{ file: /run/secrets/prod }'))
  expect(printDocument(reference!)).toContain('file: /run/secrets/prod')
})

it('prints a Notifier with what leads to its secrets, as it can be applied again', () => {
  const source = `kind: Notifier
name: dba-channel
events: [operation.held, operation.decided]
connections: { labels: { env: prod } }
slack:
  botToken: { env: SLACK_TOKEN }
  signingSecret: { file: /run/secrets/slack }
  channel: C0123456789
`
  const parsed = documents(source)
  expect(documents(printDocuments(parsed))).toEqual(parsed)
  expect(printDocuments(parsed)).toContain('env: SLACK_TOKEN')
})

it('prints a limit with what it was given', () => {
  const source =
    'kind: Limit\nname: budget\nconnections: {}\nidentities:\n  kinds:\n    - ai-agent\nper: identity\nrows: 1000\nbytes: 1GB\n'
  expect(printDocuments(documents(source))).toBe(source)
})
