import { createSecretKey } from 'node:crypto'
import { type Document, HoopError, type Identity, type Operation } from '@hoop/contracts'
import { compileRules } from '@hoop/policy'
import type { Entry } from '@hoop/recording'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { SessionGate } from './gate.ts'
import { IdentityUsage, Limits } from './limits.ts'
import type { Asked, Decision, HoldRequest } from './types.ts'

const ada: Identity = { id: 'i#ada', kind: 'person', name: 'Ada', email: null, groups: ['engineering'], issuer: 'i' }
const by = (name: string): Identity => ({ ...ada, id: `i#${name}`, name, groups: ['dba', 'sre'] })
const connection = {
  kind: 'Connection',
  name: 'shop',
  protocol: 'postgres',
  labels: {},
  address: '127.0.0.1:5432',
  databases: ['app'],
  login: { user: 'app' },
  tls: 'disable',
  profile: 'strict',
  record: { durability: 'ordered', results: 'full' },
} as const satisfies Document
const asks = (name: string, group: string): Document => ({
  kind: 'Policy',
  name,
  connections: {},
  identities: {},
  when: "operation.effects.exists(e, e == 'write')",
  // biome-ignore lint/suspicious/noThenProperty: the document's own word, and never awaited
  then: 'approve',
  approvers: { groups: [group], count: 1, timeout: '15m', ownAgents: false },
})

function operation(text: string, effect: 'read' | 'write'): Operation {
  return {
    protocol: 'postgres',
    text,
    parameters: [],
    fingerprint: null,
    effects: [effect],
    objects: [],
    functions: [],
    facts: { verbs: ['X'], statements: 1, unbounded: false, destructive: false, columns: [] },
    literals: [],
    runs: [],
    flows: [],
    parts: [],
    refused: null,
    unknownBecause: [],
  }
}

/** A gate whose surroundings can be made to fail. */
function make(documents: readonly Document[] = [asks('dba-first', 'dba')]) {
  const recorded: Entry[] = []
  const holds: { id: string; request: HoldRequest; signal: AbortSignal; decide(decision: Decision): void }[] = []
  const voided: string[] = []
  const kept: string[] = []
  const locked: string[][] = []
  const used: string[] = []
  const state = {
    known: true,
    documents,
    fails: null as string | null,
    later: false,
    standing: null as Asked | null,
    use: async () => true,
    unaskable: null as HoopError | null,
  }
  const ending = new AbortController()
  const gate = new SessionGate({
    sessionId: 'ses_0123456789',
    identity: ada,
    connectionName: 'shop',
    reason: null,
    rules: () => {
      if (!state.known) throw new HoopError('unavailable', 'the store is away')
      return compileRules([connection, ...state.documents], { hashKey: Buffer.alloc(32) })
    },
    connection: () => connection,
    limits: new Limits(ada, new IdentityUsage()),
    holds: {
      hold: async (request, signal) => {
        if (state.unaskable !== null) throw state.unaskable
        const { promise, resolve } = Promise.withResolvers<Decision>()
        const id = `ap_${holds.length}`
        holds.push({ id, request, signal, decide: resolve })
        return { id, decision: promise }
      },
      standing: async () => state.standing,
      use: async (ids) => {
        used.push(...ids)
        return await state.use()
      },
      keep: async (id) => void kept.push(id),
      void: async (id) => void voided.push(id),
      locked: async (id, locks) => void locked.push([id, ...locks]),
    },
    digestKey: createSecretKey(Buffer.alloc(32)),
    append: (...entries) => {
      if (entries.some(({ type }) => type === state.fails)) {
        const failure = new HoopError('unavailable', 'the disk is full')
        if (state.later) return Promise.reject(failure)
        throw failure
      }
      recorded.push(...entries)
      return undefined
    },
    signal: ending.signal,
    log: pino({ level: 'silent' }),
  })
  const admit = async (
    text: string,
    effect: 'read' | 'write',
    signal = new AbortController().signal,
    more = {},
    change: Partial<Operation> = {},
  ) => await gate.admit({ ...operation(text, effect), ...change }, { stream: 1, signal, onHold: () => {}, ...more }, () => {})
  const held = async (number: number) => {
    await expect.poll(() => holds.length).toBeGreaterThan(number)
    return holds[number]!
  }
  const types = () => recorded.map((entry) => (entry.type === 'decided' ? `decided ${entry.decision}` : entry.type))
  return { gate, state, recorded, voided, kept, locked, holds, used, ending, admit, held, types }
}
const approved = (name: string): Decision => ({ decision: 'approved', by: by(name), reason: null })

test('while it is not known which rules are in force, each operation is refused, on the record', async () => {
  const { admit, state, recorded, gate } = make()
  expect((await admit('select 1', 'read')).kind).toBe('permit')
  state.known = false
  expect(await admit('select 2', 'read')).toMatchObject({ kind: 'refuse', refusal: { code: 'unavailable' } })
  expect(recorded.at(-1)).toMatchObject({
    type: 'operation',
    text: 'select 2',
    verdict: 'refuse',
    refusal: { code: 'unavailable' },
  })
  expect(gate.masks.empty).toBe(true)
  gate.own('select from the catalogue', 1)
  state.known = true
  expect((await admit('select 3', 'read')).kind).toBe('permit')
})

test('texts that share an analysis stand in the record as their own', async () => {
  const { gate, recorded } = make([])
  const first = operation("alter role a password 'one'", 'read')
  const admit = (text: string) => {
    const literals = [{ start: 22, end: text.length, sources: [], secret: true }]
    return gate.admit(
      { ...first, text, literals },
      { stream: 1, signal: new AbortController().signal, onHold: () => {} },
      () => {},
    )
  }
  const texts = ["alter role a password 'one'", "alter role a password 'second'", "alter role b password 'one'"]
  for (const text of texts) await admit(text)
  const entries = recorded.filter((entry) => entry.type === 'operation')
  const hidden = ['a', 'a', 'b'].map((name) => `alter role ${name} password '[masked]'`)
  expect(entries.map(({ text }) => text)).toEqual(hidden)
  expect(new Set(entries.map(({ digest }) => digest)).size).toBe(3)
})

test('an approval is void when it cannot be told, at its release, whether it still holds', async () => {
  const { admit, state, held, voided, types } = make()
  const verdict = admit('delete', 'write')
  const { decide } = await held(0)
  state.known = false
  decide(approved('grace'))
  expect(await verdict).toMatchObject({ kind: 'refuse', refusal: { code: 'unavailable' } })
  expect(voided).toEqual(['ap_0'])
  expect(types()).toEqual(['operation', 'held', 'decided approved', 'outcome', 'decided void'])
})

test('what is withdrawn at the moment of its approval did not run, and says so', async () => {
  const { admit, held, voided, types } = make()
  const leaving = new AbortController()
  const verdict = admit('delete', 'write', leaving.signal)
  const { decide } = await held(0)
  leaving.abort()
  decide(approved('grace'))
  expect(await verdict).toMatchObject({ kind: 'refuse', refusal: { code: 'withdrawn' } })
  expect(voided).toEqual(['ap_0'])
  expect(types()).toEqual(['operation', 'held', 'decided approved', 'decided void'])
})

test('of two approvals that are needed, the one given is void when the other is denied', async () => {
  const { admit, held, voided } = make([asks('a', 'dba'), asks('b', 'sre')])
  const verdict = admit('delete', 'write')
  ;(await held(0)).decide(approved('grace'))
  ;(await held(1)).decide({ decision: 'denied', by: by('otto'), reason: 'no' })
  expect(await verdict).toMatchObject({ kind: 'refuse', refusal: { code: 'approval_denied' } })
  expect(voided).toEqual(['ap_0'])
})

test('one person does not answer for two rules', async () => {
  const { admit, held, voided } = make([asks('a', 'dba'), asks('b', 'sre')])
  const verdict = admit('delete', 'write')
  ;(await held(0)).decide(approved('grace'))
  ;(await held(1)).decide(approved('grace'))
  ;(await held(2)).decide(approved('otto'))
  expect((await verdict).kind).toBe('permit')
  expect(voided).toEqual(['ap_1'])
})

test('a question that cannot be recorded is withdrawn: nobody is asked what would never run', async () => {
  const { admit, state, held } = make()
  state.fails = 'held'
  const verdict = admit('delete', 'write').catch((error: unknown) => error)
  const { signal } = await held(0)
  await expect.poll(() => signal.aborted).toBe(true)
  expect(await verdict).toMatchObject({ kind: 'refuse', refusal: { code: 'unavailable' } })
})

test('what nobody can be asked is refused with the words why, and an accident as such', async () => {
  const { admit, state } = make()
  state.unaskable = new HoopError('too_many_requests', '50 wait already.', { hint: 'Wait.' })
  expect(await admit('delete', 'write')).toMatchObject({
    kind: 'refuse',
    refusal: { code: 'too_many_requests', rule: 'Policy/dba-first', detail: '50 wait already.', hint: 'Wait.' },
  })
  state.unaskable = new HoopError('unavailable', 'the store is away')
  expect(await admit('delete', 'write')).toMatchObject({ kind: 'refuse', refusal: { code: 'unavailable' } })
})

test('an approval that cannot be recorded is void, and nothing runs on it', async () => {
  const { admit, state, held, voided } = make()
  state.fails = 'decided'
  const verdict = admit('delete', 'write')
  ;(await held(0)).decide(approved('grace'))
  expect(await verdict).toMatchObject({ kind: 'refuse', refusal: { code: 'unavailable' } })
  expect(voided).toEqual(['ap_0'])
})

test('a disk that fails later refuses what waits for it, and is nobody else’s accident', async () => {
  const accidents: unknown[] = []
  const note = (error: unknown) => accidents.push(error)
  process.on('unhandledRejection', note)
  try {
    const { admit, state, gate } = make()
    state.later = true
    state.fails = 'operation'
    await expect(admit('select 1', 'read')).rejects.toThrow('the disk is full')
    await expect(admit('delete', 'write')).rejects.toThrow('the disk is full')
    gate.own('select from the catalogue', 1)
    state.fails = 'unsolicited'
    gate.unsolicited('ParameterStatus', 'x=y')
    await new Promise((resolve) => setImmediate(resolve))
    expect(accidents).toEqual([])
  } finally {
    process.off('unhandledRejection', note)
  }
})

describe('tickets, batches and broken glass', () => {
  test('who does not wait any more is told the ticket, and what was approved already waits with it', async () => {
    const { admit, held, voided, kept, types } = make([asks('a', 'dba'), asks('b', 'sre')])
    const verdict = admit('delete', 'write')
    ;(await held(0)).decide(approved('grace'))
    ;(await held(1)).decide({ decision: 'ticket', by: null, reason: null })
    expect(await verdict).toMatchObject({
      kind: 'refuse',
      refusal: { code: 'held', rule: 'Policy/b', hint: expect.stringContaining('hoop approvals wait ap_1') },
    })
    expect([voided, kept]).toEqual([[], ['ap_0']])
    expect(types()).toEqual(['operation', 'held', 'decided approved', 'held', 'outcome'])
  })

  test('what stands is used, on the record, and nobody is asked', async () => {
    const { admit, state, recorded, types, used } = make()
    state.standing = { approval: 'ap_before', decision: { ...approved('grace'), through: 'batch' } }
    expect((await admit('insert', 'write')).kind).toBe('permit')
    expect(types()).toEqual(['operation', 'decided approved'])
    expect(recorded.at(-1)).toMatchObject({ approval: 'ap_before', through: 'batch' })
    expect(used).toEqual(['ap_before'])
  })

  test('a batch of somebody who answered for another rule already is left alone, and somebody else is asked', async () => {
    const { admit, state, held, voided, types } = make([asks('a', 'dba'), asks('b', 'sre')])
    const verdict = admit('insert', 'write')
    const first = await held(0)
    let asked = 0
    const batch: Asked = { approval: 'ap_before', decision: { ...approved('grace'), through: 'batch' } }
    Object.defineProperty(state, 'standing', { get: () => (asked++ < 5 ? batch : null) })
    first.decide(approved('grace'))
    ;(await held(1)).decide(approved('otto'))
    expect((await verdict).kind).toBe('permit')
    expect(voided).toEqual([])
    expect(types().slice(-4)).toEqual(['decided approved', 'decided void', 'held', 'decided approved'])
    expect(types().filter((type) => type === 'decided void')).toHaveLength(1)
  })

  test('what is used up, or cannot be counted, permits nothing', async () => {
    const { admit, state, types } = make()
    state.standing = { approval: 'ap_before', decision: { ...approved('grace'), through: 'ticket' } }
    state.use = async () => false
    expect(await admit('insert', 'write')).toMatchObject({ kind: 'refuse', refusal: { code: 'approval_void' } })
    state.use = async () => Promise.reject(new HoopError('unavailable', 'the store is away'))
    expect(await admit('insert', 'write')).toMatchObject({ kind: 'refuse', refusal: { code: 'unavailable' } })
    expect(types().filter((type) => type === 'decided void')).toHaveLength(2)
  })

  test('who breaks the glass does so for each rule', async () => {
    const { admit, held } = make([asks('a', 'dba'), asks('b', 'sre')])
    const verdict = admit('delete', 'write')
    const broken: Decision = { ...approved('ada'), through: 'break-glass' }
    ;(await held(0)).decide(broken)
    ;(await held(1)).decide(broken)
    expect((await verdict).kind).toBe('permit')
  })

  const readings: [string, () => Promise<Operation | null>, string][] = [
    ['names something that was redefined', async () => null, 'approval_void'],
    ['has other effects', async () => operation('delete', 'read'), 'approval_void'],
    ['cannot be read', async () => Promise.reject(new HoopError('unavailable', 'no answer')), 'unavailable'],
  ]
  test.each(readings)('read again before its release it %s: it does not run', async (_, again, code) => {
    const { admit, held, voided } = make()
    const verdict = admit('delete', 'write', new AbortController().signal, { again })
    ;(await held(0)).decide(approved('grace'))
    expect(await verdict).toMatchObject({ kind: 'refuse', refusal: { code } })
    expect(voided).toEqual(['ap_0'])
  })

  test('approvers see the last operations before it, and no more of a long one than can be read', async () => {
    const { admit, held } = make()
    for (let i = 0; i < 7; i++) await admit(i === 6 ? 'x'.repeat(1000) : `select ${i}`, 'read')
    void admit('delete', 'write')
    const { request } = await held(0)
    expect(request.before).toEqual(['select 2', 'select 3', 'select 4', 'select 5', `${'x'.repeat(200)}…`])
  })
})

describe('what a session has set for itself', () => {
  const tenant = (value: string | null) => ({ settings: [{ name: 'app.tenant', value }] })

  test('is part of what is approved, and approvers see it', async () => {
    const { admit, held, holds } = make()
    const requests = []
    for (const [index, more] of [{}, tenant('a'), tenant('b'), tenant(null)].entries()) {
      const verdict = admit('delete', 'write', undefined, more)
      const { request, decide } = await held(index)
      requests.push(request)
      decide(approved('grace'))
      await verdict
    }
    expect(new Set(holds.map(({ request }) => JSON.stringify(request.bound.exact))).size).toBe(4)
    expect(requests.map(({ settings }) => settings?.map(({ value }) => value))).toEqual([[], ['a'], ['b'], [null]])
    expect(requests[0]).toMatchObject({ role: 'app' })
  })

  test('is waited for where nobody knows it: no ticket, and no batch, could say what they are for', async () => {
    const ticket = { ...asks('writes', 'dba'), onHold: 'ticket' } as Document
    const { admit, held } = make([ticket])
    const verdict = admit('delete', 'write', undefined, { settings: null })
    const { request, decide } = await held(0)
    expect(request).toMatchObject({ onHold: 'wait', settings: null, bound: { exact: null, like: null } })
    decide(approved('grace'))
    expect((await verdict).kind).toBe('permit')
  })
})

test('approvers see nothing that only the one who asks may see', async () => {
  const mask: Document = {
    ...{
      kind: 'Mask',
      name: 'cards',
      connections: {},
      identities: {},
      columns: [],
      fields: [],
      patterns: [],
      detect: ['card'],
      method: 'redact',
      filter: 'equality',
    },
    except: { groups: ['engineering'] },
  }
  const { admit, held, recorded } = make([asks('dba-first', 'dba'), mask])
  const card = '4111111111111111'
  await admit(`select '${card}'`, 'read')
  const parameters = [{ type: null, value: card, sources: [] }]
  const more = { settings: [{ name: 'app.card', value: card }] }
  const verdict = admit(`delete '${card}'`, 'write', undefined, more, { parameters })
  const { request: whole, decide } = await held(0)
  decide(approved('grace'))
  await verdict
  const { bound: _digested, ...request } = whole
  expect(JSON.stringify(request)).not.toContain(card)
  expect(JSON.stringify(request)).toContain('delete')
  expect(recorded.filter((entry) => entry.type === 'operation').map(({ text }) => text)).toEqual([
    `select '${card}'`,
    `delete '${card}'`,
  ])
})

test('the locks of its transaction are told once they are known, and nothing waits for them', async () => {
  const { admit, held, locked } = make()
  const { promise, resolve } = Promise.withResolvers<string[]>()
  const verdict = admit('delete', 'write', undefined, { inTransaction: true, locks: () => promise })
  const { decide } = await held(0)
  resolve(['RowExclusiveLock on orders'])
  await expect.poll(() => locked).toEqual([['ap_0', 'RowExclusiveLock on orders']])
  decide(approved('grace'))
  expect((await verdict).kind).toBe('permit')
  const failing = admit('delete', 'write', undefined, { inTransaction: true, locks: () => Promise.reject(new Error('away')) })
  ;(await held(1)).decide(approved('grace'))
  expect((await failing).kind).toBe('permit')
})
