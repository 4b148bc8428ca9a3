import { ConnectionDocument, type Identity, type Reason } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { parseDocuments } from '../documents/parse.ts'
import { operation } from '../testing/operation.ts'
import { compileRules } from './rule-set.ts'

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
  const judge = (reason: string | null, value = '1', text = one.text) =>
    rules.judge({
      identity: ann,
      connection,
      operation: { ...one, text, parameters: [{ type: null, value, sources: [] }] },
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
  // A key that is used for another text is not believed.
  expect(judge('why', '1', 'select secret').decision).toBe('refuse')
})
