import { ConnectionDocument, type Identity, type Reason } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { parseDocuments } from '../documents/parse.ts'
import { operation } from '../testing/operation.ts'
import type { Judgement } from './judgement.ts'
import { compileRules, type RuleSet } from './rule-set.ts'

const ann: Identity = { id: 'i', kind: 'person', name: 'Ann', email: null, groups: [], issuer: 'x' }
const connection = ConnectionDocument.parse({
  kind: 'Connection',
  name: 'prod',
  protocol: 'postgres',
  address: 'a:1',
  databases: ['d'],
  login: { user: 'u' },
})

test('where one rule asks for the moment, what came of the others is kept', () => {
  const source = `kind: Policy
name: fixed
when: operation.text.contains('secret')
then: deny
---
kind: Policy
name: of-the-session
when: session.reason == ''
then: deny
---
kind: Policy
name: of-the-values
when: operation.parameters.exists(p, p.value == '13')
then: deny
`
  const rules = compileRules(
    parseDocuments(source, 'f').map(({ document }) => document),
    { hashKey: Buffer.alloc(32) },
  )
  const one = operation()
  const judge = (reason: string | null, value = '1') =>
    rules.judge({
      identity: ann,
      connection,
      operation: { ...one, parameters: [{ type: null, value, sources: [] }] },
      session: { id: 's', reason },
      now: new Date(),
      cacheKey: one.facts,
    })
  const of = (reasons: readonly Reason[], name: string) => reasons.find(({ rule }) => rule === `Policy/${name}`)
  const [first, second] = [judge('why'), judge('why')]
  expect([first.decision, second.decision]).toEqual(['permit', 'permit'])
  expect(of(second.reasons, 'fixed')).toBe(of(first.reasons, 'fixed'))
  expect(of(second.reasons, 'of-the-session')).toBe(of(first.reasons, 'of-the-session'))
  expect(of(second.reasons, 'of-the-values')).not.toBe(of(first.reasons, 'of-the-values'))
  expect([judge(null).decision, judge('why', '13').decision, judge('why').decision]).toEqual(['refuse', 'refuse', 'permit'])
})

test('texts that share an analysis share what came of rules that do not read them', () => {
  const source = `kind: Policy
name: of-the-text
when: operation.text.contains('secret')
then: deny
---
kind: Policy
name: of-the-effects
when: "'write' in operation.effects"
then: deny
---
kind: Policy
name: of-the-session
when: session.reason == 'no'
then: deny
`
  const documents = parseDocuments(source, 'f').map(({ document }) => document)
  const one = operation()
  const judged = (rules: RuleSet) => (text: string, reason: string | null) =>
    rules.judge({
      identity: ann,
      connection,
      operation: { ...one, text },
      session: { id: 's', reason },
      now: new Date(),
      cacheKey: one.facts,
    })
  const all = judged(compileRules(documents, { hashKey: Buffer.alloc(32) }))
  const decisions = ['a', 'secret', 'secret', 'a', 'no secret', 'b', 'c'].map((text) => all(text, null).decision)
  expect(decisions).toEqual(['permit', 'refuse', 'refuse', 'permit', 'refuse', 'permit', 'permit'])
  expect([all('c', 'no').decision, all('c', null).decision]).toEqual(['refuse', 'permit'])
  const of = ({ reasons }: Judgement, name: string) => reasons.find(({ rule }) => rule === `Policy/${name}`)
  const [first, second] = [all('a', null), all('b', null)]
  expect(of(second, 'of-the-effects')).toBe(of(first, 'of-the-effects'))
  expect(of(second, 'of-the-text')).not.toBe(of(first, 'of-the-text'))
  const others = judged(compileRules(documents.slice(1), { hashKey: Buffer.alloc(32) }))
  expect(others('b', null)).toBe(others('a', null))
})
