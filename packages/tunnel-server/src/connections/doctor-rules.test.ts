import type { ConnectionDocument, DoctorFinding, Identity } from '@hoop/contracts'
import { compileRules, parseDocuments } from '@hoop/policy'
import { expect, it } from 'vitest'
import { maskFindings, ownRuleFindings, ruleFindings } from './doctor-rules.ts'

const ann: Identity = { id: 'i', kind: 'person', name: 'Ann', email: null, groups: ['eng'], issuer: 'x' }

function inForce(connection: string, ...others: string[]) {
  const shop = `{ kind: Connection, name: shop, protocol: postgres, address: "db:5432", databases: [app, old], login: { user: app }${connection} }`
  const documents = parseDocuments([shop, ...others].join('\n---\n'), 'f').map(({ document }) => document)
  const [first] = documents as [ConnectionDocument]
  const connections = new Map([[first.name, first]])
  return { first, inForce: { documents, connections, rules: compileRules(documents, { hashKey: Buffer.alloc(32) }) } }
}
const statuses = (findings: DoctorFinding[]) => Object.fromEntries(findings.map(({ check, status }) => [check, status]))

const access = '{ kind: Access, name: a, groups: [eng], connections: {} }'
const policy = '{ kind: Policy, name: p, then: deny }'
const mask = '{ kind: Mask, name: m, columns: [public.users.email] }'

it.each([
  ['nothing', '', [], { access: 'problem', policies: 'warning', masks: 'ok' }],
  ['all', '', [access, policy, mask], { access: 'ok', policies: 'ok', masks: 'ok' }],
  ['those of others', '', [access.replace('{}', '{ names: [other] }')], { access: 'problem', policies: 'warning', masks: 'ok' }],
  ['transparent', ', profile: transparent', [access], { access: 'ok', profile: 'warning' }],
  ['no results', ', record: { results: none }', [access, policy], { access: 'ok', policies: 'ok', masks: 'ok', record: 'ok' }],
] as const)('documents about it: %s', (_, connection, others, expected) => {
  const { first, inForce: rules } = inForce(connection, ...others)
  const named = Object.fromEntries(Object.entries(expected).map(([check, status]) => [`gateway.${check}`, status]))
  expect(statuses(ruleFindings(first, rules))).toEqual(named)
})

it('rules that ask nobody who may answer are told', () => {
  const asks = '{ kind: Policy, name: p, then: approve, approvers: { groups: [dba] } }'
  const asked = '{ kind: Access, name: a, groups: [eng], connections: {}, request: { approvers: [sre, dba] } }'
  const elsewhere = '{ kind: Role, name: r, groups: [dba], may: [approve], connections: { names: [other] } }'
  const found = (...documents: string[]) => {
    const { first, inForce: rules } = inForce('', ...documents)
    return ruleFindings(first, rules).find(({ check }) => check === 'gateway.approvers')?.details
  }
  expect(found(asks, asked)).toBeUndefined()
  expect(found(asks, asked, elsewhere)).toEqual(['Policy/p: dba'])
  expect(found(asked.replace('sre, ', ''), elsewhere)).toEqual(['Access/a: dba'])
})

it('somebody who may use it is told what holds for them', () => {
  const masked = inForce('', access, mask)
  expect(ownRuleFindings(masked.first, ann, masked.inForce).map(({ words }) => words)).toContain('Values are masked for you.')
  const transparent = inForce(', profile: transparent', access)
  expect(statuses(ownRuleFindings(transparent.first, ann, transparent.inForce))).toMatchObject({ 'gateway.profile': 'warning' })
})

it('a column that a mask names may be in any database, once all were read', () => {
  const { first, inForce: rules } = inForce('', access, mask)
  const email = { schema: 'public', table: 'users', column: 'email' }
  const look = (columns: [string, (typeof email)[]][]) =>
    statuses(maskFindings(first, rules, { available: true, columns: new Map(columns) }))
  expect(
    look([
      ['app', []],
      ['old', [email]],
    ]),
  ).toEqual({ 'databases.masked-columns': 'ok' })
  expect(
    look([
      ['app', []],
      ['old', []],
    ]),
  ).toEqual({ 'databases.masked-columns': 'warning' })
  expect(look([['app', [email]]])).toEqual({ 'databases.masked-columns': 'not-checked' })
  expect(
    look([
      ['app', [email]],
      ['old', [{ ...email, table: 'Leads' }]],
    ]),
  ).toMatchObject({ 'databases.unmasked-columns': 'warning' })
})
