import { ConnectionDocument, type Document, type Identity, type PolicyDocument } from '@hoop/contracts'
import { describe, expect, it } from 'vitest'
import { parseDocuments } from '../documents/parse.ts'
import { compileRules } from './rule-set.ts'

const documents = (source: string): Document[] => parseDocuments(source, 'f').map(({ document }) => document)
const compile = (source: string) => compileRules(documents(source), { hashKey: Buffer.alloc(32) })
const ann: Identity = { id: 'i', kind: 'person', name: 'Ann', email: null, groups: ['eng', 'oncall'], issuer: 'x' }
const connection = (fields: object) =>
  ConnectionDocument.parse({
    kind: 'Connection',
    name: 'prod',
    protocol: 'postgres',
    address: 'a:1',
    databases: ['d'],
    login: { user: 'u' },
    ...fields,
  })

describe('access', () => {
  it('is granted by nothing but an Access', () => {
    expect(compile('').mayUse(ann, connection({}))).toMatchObject({
      allowed: false,
      reasons: [{ rule: 'hoop/no-access', matched: true, words: 'deny: there is no Access document' }],
    })
    expect(compile('{ kind: Policy, name: a, then: allow }').mayUse(ann, connection({})).allowed).toBe(false)
  })

  it.each([
    ['{ groups: [eng, ops], connections: {} }', true, 'allow: Ann is in eng'],
    ['{ groups: [ops], connections: {} }', false, 'it is about the group ops'],
    [
      '{ groups: [eng], kinds: [service, ai-agent], connections: {} }',
      false,
      'it is about identities of kind service or ai-agent',
    ],
    ['{ groups: [eng], connections: { names: [prod, b] } }', true, 'allow: Ann is in eng'],
    ['{ groups: [eng], connections: { names: [a, b] } }', false, 'it is about the connection a or b'],
    ['{ groups: [eng], connections: { labels: { env: prod, pci: "yes" } } }', false, 'it is about connections labelled pci=yes'],
    [
      '{ groups: [eng], connections: { names: [prod], labels: { env: dev } } }',
      false,
      'it is about connections labelled env=dev',
    ],
    ['{ groups: [eng], connections: { labels: { constructor: x } } }', false, 'it is about connections labelled constructor=x'],
  ])('%s: %s', (fields, allowed, words) => {
    const rules = compile(`{ kind: Access, name: a, ${fields.slice(1)}`)
    const answer = rules.mayUse(ann, connection({ labels: { env: 'prod' } }))
    expect(answer).toMatchObject({ allowed, reasons: [{ rule: 'Access/a', matched: allowed, words }] })
  })
})

it('roles are those of all groups, once', () => {
  const rules = compile(
    [
      '{ kind: Role, name: a, groups: [eng], may: [audit] }',
      '{ kind: Role, name: b, groups: [oncall], may: [audit, admin] }',
      '{ kind: Role, name: c, groups: [ops], may: [admin] }',
    ].join('\n---\n'),
  )
  expect(rules.roles(ann)).toEqual(['admin', 'audit'])
  expect(rules.roles({ ...ann, groups: ['eng'] })).toEqual(['audit'])
  expect(rules.roles({ ...ann, groups: [] })).toEqual([])
  const named = compile(`{ kind: Role, name: a, people: ["${ann.id}"], may: [admin] }`)
  expect([ann, { ...ann, id: 'another' }].map((identity) => named.roles(identity))).toEqual([['admin'], []])
})

describe('masks', () => {
  const rules = compile(`
kind: Mask
name: prod
connections: { labels: { env: prod } }
columns: ["*.*.email"]
except: { groups: [fraud] }
---
kind: Mask
name: agents
identities: { kinds: [ai-agent] }
detect: [card]
`)
  const prod = connection({ labels: { env: 'prod' } })

  it('are those of the identity and the connection, but for exceptions', () => {
    expect(rules.masks(ann, prod)).toMatchObject({ hasColumns: true, detectors: null })
    expect(rules.masks(ann, connection({}))).toMatchObject({ empty: true })
    expect(rules.masks({ ...ann, groups: ['fraud'] }, prod)).toMatchObject({ empty: true })
    expect(rules.masks({ ...ann, kind: 'ai-agent', groups: ['fraud'] }, prod)).toMatchObject({ empty: false, hasColumns: false })
  })

  it('are of what the protocol carries', () => {
    const both = compile(
      '{ kind: Mask, name: a, columns: ["*.*.email"], fields: ["*:**.email"] }\n---\n{ kind: Mask, name: b, fields: ["*:x"] }',
    )
    const cluster: ConnectionDocument = ConnectionDocument.parse({
      kind: 'Connection',
      name: 'cluster',
      protocol: 'kubernetes',
      address: 'a:1',
      login: { token: 't' },
    })
    expect(both.masks(ann, prod)).toMatchObject({ hasColumns: true, hasFields: false })
    expect(both.masks(ann, cluster)).toMatchObject({ empty: false, hasColumns: false, hasFields: true })
    expect(rules.masks(ann, { ...cluster, labels: { env: 'prod' } })).toMatchObject({ empty: true })
    expect(compile('{ kind: Mask, name: b, fields: ["*:x"] }').masks(ann, prod).empty).toBe(true)
  })

  it('are without exceptions in what others see', () => {
    const excepted = { ...ann, groups: ['fraud'] }
    expect(rules.masksForOthers(excepted, prod)).toMatchObject({ hasColumns: true })
    expect(rules.masksForOthers(ann, prod)).toBe(rules.masks(ann, prod))
  })

  it('are the same object for the same identity and connection', () => {
    expect(rules.masks(ann, prod)).toBe(rules.masks(ann, prod))
  })
})

describe('the version', () => {
  const a = '{ kind: Role, name: a, groups: [x], may: [admin] }'
  const b =
    '{ kind: Connection, name: b, protocol: postgres, address: "a:1", databases: [d], login: { user: u, password: secret } }'
  it('does not depend on the order of documents and fields, nor on passwords', () => {
    const { version } = compile(`${a}\n---\n${b}`)
    expect(version).toMatch(/^[0-9a-f]{12}$/)
    expect(compile(`${b}\n---\n${a}`).version).toBe(version)
    expect(compile(`${b.replace('name: b, protocol: postgres', 'protocol: postgres, name: b')}\n---\n${a}`).version).toBe(version)
    expect(compile(`${a}\n---\n${b.replace('secret', 'other')}`).version).toBe(version)
    const notifier = 'kind: Notifier\nname: n\nwebhook: { url: "https://hooks.example.com", secret: { env: S } }'
    expect(compile(`${a}\n---\n${b}\n---\n${notifier}`).version).toBe(version)
  })
  it('depends on everything else', () => {
    const { version } = compile(`${a}\n---\n${b}`)
    for (const changed of [a, b, `${a}\n---\n${b.replace('a:1', 'a:2')}`, `${a.replace('admin', 'audit')}\n---\n${b}`]) {
      expect(compile(changed).version).not.toBe(version)
    }
  })
})

it('documents that were not checked are not compiled', () => {
  const [valid] = documents('{ kind: Policy, name: a, then: approve, approvers: { groups: [dba] } }') as [PolicyDocument]
  const { approvers: _, ...withoutApprovers } = valid
  for (const document of [{ ...valid, when: 'nonsense(' }, withoutApprovers]) {
    expect(() => compileRules([document], { hashKey: Buffer.alloc(32) })).toThrow()
  }
})

it('the glass is broken by everybody who acts, or not at all, and through the connections of the Role only', () => {
  const rules = compile(
    '{ kind: Role, name: a, groups: [on-call], people: [i#joe], may: [break-glass], connections: { labels: { env: prod } } }',
  )
  const prod = connection({ labels: { env: 'prod' } })
  const person = (id: string, groups: string[]): Identity => ({ ...ann, id, groups })
  expect(rules.mayBreakGlass(person('i#amy', ['on-call']), prod)).toBe(true)
  expect(rules.mayBreakGlass(person('i#joe', []), prod)).toBe(true)
  expect(rules.mayBreakGlass(person('i#kim', ['dba']), prod)).toBe(false)
  expect(rules.mayBreakGlass(person('i#amy', ['on-call']), { ...prod, labels: {} })).toBe(false)
  expect(rules.mayBreakGlass(person('i#amy', ['on-call']), null)).toBe(false)
  const { kind: _, ...amy } = person('i#amy', ['on-call'])
  expect(rules.mayBreakGlass({ ...person('i#bot', []), onBehalfOf: amy }, prod)).toBe(false)
})
