import type { ConnectionDocument } from '@hoop/contracts'
import type { AccessRuling, RuleSet } from '@hoop/policy'
import { expect, test } from 'vitest'
import type { Caller } from '../identity/access-tokens.ts'
import { Access } from './access.ts'

test('what goes on by a grant is asked about once, so that its end cannot fall between two answers', () => {
  const until = new Date(2_000_000_000_000)
  const granted: AccessRuling = { allowed: true, reasons: [], until, grants: ['g'] }
  const ended: AccessRuling = { allowed: false, reasons: [], until: null, grants: [] }
  const answers = [granted, ended]
  const rules = { mayUse: () => answers.shift() ?? ended, requestable: () => [] } as unknown as RuleSet
  const access = new Access({ adminGroup: null, rules: () => rules, connection: () => ({ name: 'prod' }) as ConnectionDocument })
  const caller = { identity: { id: 'i#otto', groups: [] } } as unknown as Caller
  expect(access.authoriseUse(caller, 'prod')).toBe(until)
  expect(() => access.authoriseUse(caller, 'prod')).toThrow('You may not use prod')
})
