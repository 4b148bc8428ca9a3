import { ConnectionDocument, type Identity } from '@hoop/contracts'
import { describe, expect, it, test } from 'vitest'
import { parseDocuments } from '../documents/parse.ts'
import { operation } from '../testing/operation.ts'
import type { Granted } from './access.ts'
import { parseHours } from './hours.ts'
import { compileRules } from './rule-set.ts'

const hashKey = Buffer.alloc(32, 1)
const compile = (yaml: string) =>
  compileRules(
    parseDocuments(yaml, 'f').map(({ document }) => document),
    { hashKey },
  )
const prod = ConnectionDocument.parse({
  kind: 'Connection',
  name: 'prod',
  protocol: 'postgres',
  labels: { region: 'emea' },
  address: 'db:5432',
  databases: ['app'],
  login: { user: 'app' },
})
const ada: Identity = { id: 'https://idp#ada', kind: 'person', name: 'Ada', email: null, groups: ['eng'], issuer: 'https://idp' }
const devin: Identity = { id: 'hoop#devin', kind: 'ai-agent', name: 'devin', email: null, groups: ['agents'], issuer: 'hoop' }
const { kind: _, ...person } = ada
const devinForAda: Identity = { ...devin, id: 'hoop#devin for https://idp#ada', name: 'devin for Ada', onBehalfOf: person }

describe('who acts for somebody may do what both may', () => {
  const access = (groups: string) => `{ kind: Access, name: ${groups}, groups: [${groups}], connections: {} }`

  test('connections', () => {
    expect(compile(access('agents')).mayUse(devinForAda, prod).allowed).toBe(false)
    expect(compile(access('eng')).mayUse(devinForAda, prod).allowed).toBe(false)
    expect(compile(`${access('eng')}\n---\n${access('agents')}`).mayUse(devinForAda, prod).allowed).toBe(true)
  })

  test('roles', () => {
    const role = (groups: string) => `{ kind: Role, name: ${groups}, groups: [${groups}], may: [audit] }`
    expect(compile(role('agents')).roles(devinForAda)).toEqual([])
    expect(compile(`${role('eng')}\n---\n${role('agents')}`).roles(devinForAda)).toEqual(['audit'])
  })

  test.each([
    ['{ groups: [eng] }', 'deny', 'refuse'],
    ['{ kinds: [person] }', 'deny', 'refuse'],
    ['{ groups: [agents] }', 'approve, approvers: { groups: [dba] }', 'approve'],
    ['{ groups: [eng] }', 'approve, approvers: { groups: [dba] }', 'approve'],
    ['{ groups: [others] }', 'deny', 'permit'],
  ])('policies about %s that say %s', (identities, then, decision) => {
    const rules = compile(`{ kind: Policy, name: p, identities: ${identities}, then: ${then} }`)
    const input = {
      identity: devinForAda,
      connection: prod,
      operation: operation(),
      session: { id: 's', reason: null },
      now: new Date(),
    }
    const judged = rules.judge(input)
    expect(judged.decision).toBe(decision)
    expect(judged.reasons.some(({ rule }) => rule === 'Policy/p')).toBe(true)
    if (decision !== 'approve') expect(rules.judge(input)).toBe(judged)
  })

  test('a rule about both asks once, and the strictest word counts', () => {
    const both = `{ kind: Policy, name: p, then: approve, approvers: { groups: [dba] } }`
    const input = {
      identity: devinForAda,
      connection: prod,
      operation: operation(),
      session: { id: 's', reason: null },
      now: new Date(),
    }
    expect(compile(both).judge(input)).toMatchObject({ decision: 'approve', approvals: [{ rule: 'Policy/p' }] })
    const denied = compile(`${both}\n---\n{ kind: Policy, name: q, identities: { groups: [eng] }, then: deny }`)
    expect(denied.judge(input)).toMatchObject({ decision: 'refuse', refusal: { rule: 'Policy/q' } })
  })

  test('what is unknown must be allowed to both', () => {
    const allow = (group: string) =>
      `{ kind: Policy, name: ${group}, identities: { groups: [${group}] }, when: "'unknown' in operation.effects", then: allow }`
    const unknown = operation({ effects: ['unknown'] })
    const judge = (yaml: string) =>
      compile(yaml).judge({
        identity: devinForAda,
        connection: prod,
        operation: unknown,
        session: { id: 's', reason: null },
        now: new Date(),
      })
    expect(judge(allow('agents')).decision).toBe('refuse')
    expect(judge(`${allow('agents')}\n---\n${allow('eng')}`).decision).toBe('permit')
  })

  test('an exception from a mask needs both', () => {
    const mask = (groups: string) => `{ kind: Mask, name: m, columns: ["*.t.c"], except: { groups: [${groups}] } }`
    const source = [{ schema: 'public', table: 't', column: 'c' }]
    const masked = (groups: string) => compile(mask(groups)).masks(devinForAda, prod).column(source) !== null
    expect(['eng', 'agents', 'eng, agents'].map(masked)).toEqual([true, true, false])
  })
})

describe('access that is asked for', () => {
  const now = new Date('2026-03-02T10:00:00Z')
  const grant: Granted = {
    id: 'ac_1',
    access: 'jit',
    connection: 'prod',
    identity: ada.id,
    endsAt: new Date('2026-03-02T12:00:00Z'),
  }
  const jit = '{ kind: Access, name: jit, groups: [eng], connections: {}, request: { approvers: [sre], max: 4h } }'

  it('holds from the yes to its end, for who asked, on that connection', () => {
    const rules = compile(jit)
    const may = (change: Partial<Granted>, at = now) => rules.mayUse(ada, prod, { now: at, granted: [{ ...grant, ...change }] })
    expect(may({})).toMatchObject({ allowed: true, until: grant.endsAt, grants: ['ac_1'] })
    expect(may({}, grant.endsAt).allowed).toBe(false)
    expect(may({ identity: 'https://idp#bob' }).allowed).toBe(false)
    expect(may({ connection: 'staging' }).allowed).toBe(false)
    expect(may({ access: 'another' }).allowed).toBe(false)
    expect(rules.mayUse(ada, prod).reasons[0]?.words).toBe('it must be asked for: hoop access request prod')
    expect(rules.mayUse({ ...ada, groups: [] }, prod, { now, granted: [grant] }).allowed).toBe(false)
  })

  it('is not needed by who has access anyway, and then it ends nothing', () => {
    const rules = compile(`${jit}\n---\n{ kind: Access, name: a, groups: [eng], connections: {} }`)
    expect(rules.mayUse(ada, prod, { now, granted: [grant] })).toMatchObject({ allowed: true, until: null, grants: [] })
  })

  it('granted to both together counts for each, of whom it must be about', () => {
    const together = { ...grant, identity: devinForAda.id }
    expect(compile(jit).mayUse(devinForAda, prod, { now, granted: [together] }).allowed).toBe(false)
    const both = compile(jit.replace('[eng]', '[eng, agents]'))
    expect(both.mayUse(devinForAda, prod, { now, granted: [together] }).allowed).toBe(true)
    expect(both.mayUse(devinForAda, prod, { now, granted: [grant] }).allowed).toBe(false)
    expect(both.mayUse(ada, prod, { now, granted: [together] }).allowed).toBe(false)
    expect(both.requestable(devinForAda, prod)).toHaveLength(1)
    expect(compile(jit).requestable(devinForAda, prod)).toHaveLength(0)
  })
})

test.each([
  ['Mon-Fri 07:00-20:00 Europe/Berlin', '2026-03-02T05:59:59Z', null],
  ['Mon-Fri 07:00-20:00 Europe/Berlin', '2026-03-02T06:00:00Z', '2026-03-02T06:15:00.000Z'],
  ['Mon-Fri 07:00-20:00 Europe/Berlin', '2026-07-06T17:50:10Z', '2026-07-06T18:00:00.000Z'],
  ['Mon-Fri 07:00-20:00 Europe/Berlin', '2026-07-06T18:00:00Z', null],
  ['Mon-Fri 07:00-20:00 Europe/Berlin', '2026-03-01T12:00:00Z', null],
  ['Sat-Mon 00:00-24:00', '2026-03-01T23:59:30Z', '2026-03-02T00:00:00.000Z'],
  ['Sun 01:05-01:10 UTC', '2026-03-01T01:07:00Z', '2026-03-01T01:10:00.000Z'],
  // The hour in which the clock there is put forward, and the night is an hour shorter.
  ['Sun 00:00-03:00 Europe/Berlin', '2026-03-29T00:59:00Z', '2026-03-29T01:00:00.000Z'],
  ['Sun 00:00-03:00 Europe/Berlin', '2026-03-29T01:00:00Z', null],
])('hours %s at %s: until %s', (hours, now, until) => {
  expect(parseHours(hours).openAt(new Date(now))?.until.toISOString() ?? null).toBe(until)
})

test.each(['', 'always', 'Mon-Fri 07:00-20:00 Mars/Olympus', 'Mon-Fri 07:00-25:00', 'Mo 07:00-08:00', 'Mon 08:00-08:00'])(
  'hours that are none: %s',
  (hours) => {
    expect(() => parseHours(hours)).toThrow(/hours are days|no time zone/)
  },
)

describe('who may decide', () => {
  const rules = compile(
    [
      '{ kind: Role, name: a, groups: [dba-emea], may: [approve], connections: { labels: { region: emea } } }',
      '{ kind: Role, name: b, groups: [dba-us], may: [approve], connections: { labels: { region: us } } }',
      '{ kind: Role, name: c, groups: [lead], may: [approve, audit] }',
    ].join('\n---\n'),
  )
  it.each([
    [['dba-emea'], true],
    [['dba-us'], false],
    [['dba-us', 'dba-emea'], true],
    [['lead'], true],
    [['dba'], true],
    [[], false],
  ])('%j: %s', (groups, may) => {
    expect(rules.mayApprove(groups, prod)).toBe(may)
  })
  it('what is not registered any more is decided only by who is not restricted', () => {
    expect(rules.mayApprove(['dba-emea'], null)).toBe(false)
    expect(rules.mayApprove(['lead'], null)).toBe(true)
  })
})

describe('trusts', () => {
  it.each([
    ['as: { kind: agent, name: gke }', null],
    ['as: { kind: agent, name: gke, groups: [ci] }', /groups/],
    ['as: { kind: agent, name: gke }\nmaxSession: 1h', /maxSession is of machines that use connections/],
    ['as: { kind: agent, name: gke }\nonBehalfOf: required', /onBehalfOf is of machines/],
    ['as: { kind: person, name: gke }', /kind/],
  ])('%s: %s', (as, words) => {
    const yaml = `kind: Trust\nname: a\nissuer: https://idp.example\naudience: hoop\nwhen: claims.sub == 'x'\n${as}`
    if (words === null) expect(parseDocuments(yaml, 'f')).toHaveLength(1)
    else expect(() => parseDocuments(yaml, 'f')).toThrow(words)
  })

  const trust = (when: string, issuer = 'https://token.actions.githubusercontent.com') =>
    compile(
      `kind: Trust\nname: a\nissuer: ${issuer}\naudience: hoop\nwhen: ${JSON.stringify(when)}\nas: { kind: service, name: deploy, groups: [ci] }`,
    )
      .trusts(issuer)
      .map(({ holds }) => holds)[0]!
  const claims = { repository_id: '1', ref: 'refs/heads/main', event_name: 'push', run: 7, list: ['a'] }

  it.each([
    ["claims.repository_id == '1'", true],
    ["claims.repository_id in ['2', '1'] && claims.event_name != 'pull_request'", true],
    ["'1' == claims.repository_id && claims.ref.startsWith('refs/heads/')", true],
    ["claims['repository_id'] == '1' && has(claims.environment)", false],
    ["claims.repository_id == '1' && claims.environment == 'prod'", false],
    ["claims.repository_id == '1' && claims.run == 7 && 'a' in claims.list", true],
    ["claims.repository_id == '1' && re(claims.ref, '^refs/tags/')", false],
  ])('%s: %s', (when, holds) => {
    expect(trust(when)(claims)).toBe(holds)
  })

  it.each([
    "claims.repository_owner == 'acme'",
    "!(claims.repository_id == '1')",
    "claims.repository_id != ''",
    "claims.repository_id == ''",
    'claims.repository_id == claims.repository_id',
    'claims.repository_id in claims.list',
    'claims.repository_id in []',
    "claims.repository_id == '1' ? true : true",
    "claims.sub == 'repo:acme/shop:ref:refs/heads/main'",
    "claims.repository_id.startsWith('1')",
    "claims.other.repository_id == '1'",
    "true || claims.repository_id == '1'",
  ])('does not take %s for a condition on an id', (when) => {
    expect(() => trust(when)).toThrow(/must compare claims.repository_id/)
  })
})
