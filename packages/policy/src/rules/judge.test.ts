import { readFileSync } from 'node:fs'
import type { ConnectionDocument, Facts, Identity, Operation } from '@hoop/contracts'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseDocuments } from '../documents/parse.ts'
import { operation } from '../testing/operation.ts'
import type { Judgement } from './judgement.ts'
import { compileRules, type RuleSet } from './rule-set.ts'

interface Case {
  name: string
  identity?: Partial<Identity>
  connection?: 'prod' | 'staging'
  reason?: string
  now?: string
  operation: Partial<Omit<Operation, 'facts'>> & { facts?: Partial<Facts> }
  decision: Judgement['decision']
  /** Those that matched, in any order. */
  rules: string[]
  not?: Record<string, string>
  approvals?: string[]
  rule?: string
  code?: string
  message?: string
  detail?: string
}

const table: { documents: string; cases: Case[] }[] = parse(readFileSync(new URL('./judge.yaml', import.meta.url), 'utf8'), {
  merge: true,
})

function ruleSet(source: string): RuleSet {
  const documents = parseDocuments(source, 'f').map(({ document }) => document)
  return compileRules(documents, { hashKey: Buffer.alloc(32) })
}

function connection(name: string, protocol = 'postgres'): ConnectionDocument {
  const login = { postgres: '{ user: app }', kubernetes: '{ token: secret }' }[protocol]
  const own = protocol === 'postgres' ? 'databases: [app], ' : ''
  const source = `{ kind: Connection, name: ${name}, protocol: ${protocol}, labels: { env: ${name} }, address: "db:5432", ${own}login: ${login} }`
  return parseDocuments(source, 'f')[0]!.document as ConnectionDocument
}

const ann: Identity = { id: 'issuer|1', kind: 'person', name: 'Ann', email: null, groups: [], issuer: 'issuer' }
const noon = new Date('2026-11-23T11:00:00Z')
const session = { id: 's', reason: null }

describe.each(table)('judge by\n$documents', ({ documents, cases }) => {
  const rules = ruleSet(documents)
  it.each(cases)('$name', (given) => {
    const judgement = rules.judge({
      identity: { ...ann, ...given.identity },
      connection: connection(given.connection ?? 'prod', given.operation.protocol),
      operation: operation(given.operation),
      session: { id: 's', reason: given.reason ?? null },
      now: given.now ? new Date(given.now) : noon,
    })
    expect(judgement.decision).toBe(given.decision)
    expect(judgement.version).toBe(rules.version)
    expect(
      judgement.reasons
        .filter(({ matched }) => matched)
        .map(({ rule }) => rule)
        .sort(),
    ).toEqual(given.rules.toSorted())
    const notMatched = Object.fromEntries(
      judgement.reasons.filter(({ matched }) => !matched).map(({ rule, words }) => [rule, words]),
    )
    expect(notMatched).toMatchObject(given.not ?? {})
    expect(judgement.decision === 'approve' ? judgement.approvals.map(({ rule }) => rule) : undefined).toEqual(given.approvals)
    if (judgement.decision !== 'refuse') return
    expect(judgement.refusal).toMatchObject({ rule: given.rule, code: given.code })
    if (given.message) expect(judgement.refusal.message).toBe(given.message)
    if (given.detail) expect(judgement.refusal.detail).toBe(given.detail)
    expect(judgement.refusal.hint).not.toBe('')
  })
})

it('an approval says who, how many and how long', () => {
  const rules = ruleSet('{ kind: Policy, name: a, then: approve, approvers: { groups: [dba], timeout: 2h } }')
  const judgement = rules.judge({ identity: ann, connection: connection('prod'), operation: operation(), session, now: noon })
  expect(judgement).toMatchObject({
    decision: 'approve',
    approvals: [{ rule: 'Policy/a', groups: ['dba'], count: 1, timeout: 7200, message: 'Policy/a asks for approval by dba' }],
  })
})

describe('the cache of judgements', () => {
  const prod = connection('prod')
  const judge = (rules: RuleSet, given: Operation, more: Partial<Parameters<RuleSet['judge']>[0]> = {}) =>
    rules.judge({ identity: ann, connection: prod, operation: given, session, now: noon, ...more })

  it('gives the same object for the same key, whatever the parameters, while no rule reads them', () => {
    const rules = ruleSet('{ kind: Policy, name: a, when: operation.unbounded, then: deny }')
    const shared = operation()
    const cacheKey = {}
    const first = judge(rules, { ...shared, parameters: [{ type: 'text', value: 'a', sources: [] }] }, { cacheKey })
    expect(judge(rules, { ...shared }, { cacheKey, now: new Date(), session: { id: 't', reason: 'x' } })).toBe(first)
    expect(judge(rules, shared)).toBe(judge(rules, shared))
    expect(judge(rules, shared, { cacheKey, identity: { ...ann } })).not.toBe(first)
    expect(judge(rules, shared, { cacheKey, connection: connection('prod') })).not.toBe(first)
  })

  it('judges anew when a key is used for another operation', () => {
    const rules = ruleSet(
      `{ kind: Policy, name: a, when: "operation.text == 'b' || operation.unbounded || 'x' in operation.functions", then: deny }`,
    )
    const shared = operation({ text: 'a' })
    const cacheKey = {}
    expect(judge(rules, shared, { cacheKey }).decision).toBe('permit')
    expect(judge(rules, { ...shared, text: 'b' }, { cacheKey }).decision).toBe('refuse')
    expect(judge(rules, { ...shared, facts: { ...shared.facts, unbounded: true } }, { cacheKey }).decision).toBe('refuse')
    expect(judge(rules, { ...shared, functions: ['x'] }, { cacheKey }).decision).toBe('refuse')
    expect(judge(rules, { ...shared, effects: ['unknown'] }, { cacheKey }).decision).toBe('refuse')
    expect(judge(rules, { ...shared, refused: { code: 'unreadable', words: 'x' } }, { cacheKey }).decision).toBe('refuse')
    expect(judge(rules, shared, { cacheKey }).decision).toBe('permit')
  })

  it('judges another text anew where fields are masked', () => {
    const rules = ruleSet('{ kind: Mask, name: a, fields: ["secrets:data"] }')
    const field = { resource: 'secrets', path: ['data'] }
    const text = (written: string): Operation => ({
      ...shared,
      text: written,
      literals: [{ start: 0, end: written.length, sources: [], secret: false, field }],
    })
    const shared = operation({ effects: ['write'] })
    const cluster = connection('prod', 'kubernetes')
    const cacheKey = {}
    expect(judge(rules, text('"a"'), { cacheKey, connection: cluster }).decision).toBe('permit')
    expect(judge(rules, text('"[masked]"'), { cacheKey, connection: cluster }).decision).toBe('refuse')
    expect(judge(rules, text('[masked]'), { cacheKey, connection: cluster }).decision).toBe('refuse')
    expect(judge(rules, text('"a"'), { cacheKey, connection: cluster }).decision).toBe('permit')
  })

  it.each([
    ["session.reason == 'x'", { session: { id: 's', reason: 'x' } }],
    ["dyn(session).reason == 'x'", { session: { id: 's', reason: 'x' } }],
    ["session.id == 't'", { session: { id: 't', reason: null } }],
    ['now > timestamp("2026-12-01T00:00:00Z")', { now: new Date('2026-12-02T00:00:00Z') }],
    ['[now].exists(n, n.getHours() == 3)', { now: new Date('2026-11-23T03:00:00Z') }],
    ["now.getHours('Europe/Berlin') == 13", { now: new Date('2026-11-23T12:00:00Z') }],
    ["now.getMinutes('Asia/Kathmandu') == 46", { now: new Date('2026-11-23T11:01:00Z') }],
    ['now.getSeconds() == 1', { now: new Date('2026-11-23T11:00:01Z') }],
    ['cel.bind(n, now, n.getSeconds() == 1)', { now: new Date('2026-11-23T11:00:01Z') }],
  ])('is not used while a rule reads what is outside of the key: %s', (when, changed) => {
    const rules = ruleSet(`kind: Policy\nname: a\nthen: deny\nwhen: |\n  ${when}\n`)
    const shared = operation()
    expect(judge(rules, shared).decision).toBe('permit')
    expect(judge(rules, shared, changed).decision).toBe('refuse')
    expect(judge(rules, shared).decision).toBe('permit')
  })

  it.each([
    "operation.parameters.exists(p, p.value == 'x')",
    "operation['parameters'].size() > 0",
    'cel.bind(o, operation, o.parameters.size() > 0)',
  ])('is not used while a rule reads parameters: %s', (when) => {
    const rules = ruleSet(`kind: Policy\nname: a\nthen: deny\nwhen: ${when}\n`)
    const shared = operation()
    const cacheKey = {}
    expect(judge(rules, shared, { cacheKey }).decision).toBe('permit')
    expect(judge(rules, { ...shared, parameters: [{ type: null, value: 'x', sources: [] }] }, { cacheKey }).decision).toBe(
      'refuse',
    )
  })

  it.each(["now.getHours('Europe/Berlin') == 20", "session.reason == 'x'", 'now.getDayOfWeek() == 3 && session.id == "x"'])(
    'gives the same object within a minute of a session: %s',
    (when) => {
      const rules = ruleSet(`kind: Policy\nname: a\nthen: deny\nwhen: |\n  ${when}\n`)
      const shared = operation()
      const first = judge(rules, shared)
      expect(judge(rules, shared, { now: new Date('2026-11-23T11:00:59.999Z'), session: { ...session } })).toBe(first)
    },
  )

  it('never keeps an approval', () => {
    const rules = ruleSet('{ kind: Policy, name: a, then: approve, approvers: { groups: [dba] } }')
    const shared = operation()
    expect(judge(rules, shared)).not.toBe(judge(rules, shared))
  })
})
