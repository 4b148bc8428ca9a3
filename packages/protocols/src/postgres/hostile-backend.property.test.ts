import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader } from '../bytes.ts'
import { localPassword, ScriptedGate } from '../scripted-gate.fixture.ts'
import { answer } from './backend-messages.fixture.ts'
import { write } from './codec.ts'
import { backendCodecs } from './codecs.fixture.ts'
import { complete, fakeBackend, fakeUpstream, rowDescription, textRow } from './fake-backend.fixture.ts'
import { backend } from './messages.ts'
import { bind, execute, fields, hides, type Message, parse, serve } from './wire.fixture.ts'

/** A value that no caller may see. */
const secret = 'top secret'
const ready = write.readyForQuery('I')
const error = write.diagnostics(
  backend.errorResponse,
  new Map(Object.entries({ S: 'ERROR', V: 'ERROR', C: '23505', M: `duplicate ${secret}`, D: `Key (x)=(${secret}) exists` })),
)
const notice = write.diagnostics(backend.noticeResponse, new Map(Object.entries({ V: 'NOTICE', C: 'P0001', M: secret })))
const columns = rowDescription('x', 'y')
const described = [answer.parameterDescription([]), columns]
const line = write.copyData(Buffer.from(`1\t${secret}\n`))
const copied = { binary: false, formats: [0, 0] }

/** What a caller sends, and what an honest backend says to it. */
const exchanges: Readonly<Record<string, { readonly sent: readonly Buffer[]; readonly replies: readonly Buffer[] }>> = {
  'a simple query': {
    sent: [write.query('select x, y from unheard_of')],
    replies: [columns, textRow('1', secret), notice, textRow('2', secret), complete('SELECT 2'), ready],
  },
  'a simple query that fails': {
    sent: [write.query('select x, y from unheard_of')],
    replies: [columns, textRow('1', secret), error, ready],
  },
  'the extended protocol': {
    sent: [
      parse('', 'select x, y from unheard_of'),
      bind('', ''),
      write.describe({ kind: 'P', name: '' }),
      execute('', 1),
      execute(''),
      write.sync(),
    ],
    replies: [
      answer.parseComplete(),
      ...described,
      answer.bindComplete(),
      columns,
      textRow('1', secret),
      answer.portalSuspended(),
      textRow('2', secret),
      complete('SELECT 1'),
      ready,
    ],
  },
  'a COPY out': {
    sent: [write.query('copy unheard_of to stdout')],
    replies: [answer.copyOutResponse(copied), line, line, answer.copyDone(), complete('COPY 2'), ready],
  },
  'a COPY in': {
    sent: [write.query('copy unheard_of from stdin'), write.copyData(Buffer.from('1\t2\n')), write.copyDone()],
    replies: [answer.copyInResponse(copied), complete('COPY 1'), ready],
  },
}

const stray = fc
  .oneof(...Object.values(backendCodecs).map(({ any, write: written }) => any.map((message) => written(message))))
  .map((bytes) => ({ kind: 'stray' as const, bytes }))
const damage = fc.oneof(
  fc.record({
    kind: fc.constant('number' as const),
    value: fc.constantFrom(0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff),
    width: fc.constantFrom(1, 2, 4),
    byte: fc.nat(),
  }),
  fc.record({ kind: fc.constantFrom('drop' as const, 'twice' as const, 'first' as const) }),
  fc.record({ kind: fc.constant('cut' as const), byte: fc.nat() }),
  fc.record({ kind: fc.constant('garbage' as const), bytes: fc.uint8Array({ maxLength: 20 }) }),
  stray,
)
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never

/** The replies with one thing wrong, at the message `at`. */
function damaged(replies: readonly Buffer[], at: number, change: Damage): Buffer {
  const place = at % replies.length
  const message = replies[place] ?? Buffer.alloc(0)
  const instead = (): readonly Buffer[] => {
    if (change.kind === 'cut') return [message.subarray(0, change.byte % message.length)]
    if (change.kind === 'garbage' || change.kind === 'stray') return [Buffer.from(change.bytes), message]
    if (change.kind !== 'number') return change.kind === 'twice' ? [message, message] : []
    const copy = Buffer.from(message)
    const { value, width, byte } = change
    if (copy.length - 1 >= width) copy.writeUIntBE(value % 2 ** (8 * width), 1 + (byte % (copy.length - width)), width)
    return [copy]
  }
  const moved = change.kind === 'first' ? [message] : []
  return Buffer.concat([...moved, ...replies.slice(0, place), ...instead(), ...replies.slice(place + 1)])
}

/** Each message that a caller may get, by its tag. */
const readers = new Map(
  Object.values(backendCodecs).flatMap((codec) =>
    fc.sample(codec.any, 1).map((message) => [String.fromCharCode(codec.write(message)[0] ?? 0), codec]),
  ),
)

/** What reached the caller is what the protocol allows, and it does not hold the secret. */
function expectDecoded(messages: readonly Message[]): void {
  for (const { tag, body } of messages) {
    const reader = new ByteReader(body)
    readers.get(tag)?.read(reader)
    expect([tag, reader.remaining]).toEqual([tag, 0])
    // A row that the damage moved into a column's name cannot be told from a name.
    if (tag !== 'T') expect(body.includes(secret)).toBe(false)
  }
}

const runs = { numRuns: 80 }

describe('a backend with one thing wrong in its replies ends one connection, with words', () => {
  for (const [name, { sent, replies }] of Object.entries(exchanges)) {
    test(`in ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), damage, fc.nat(), async (at, change, cut) => {
          const bytes = damaged(replies, at, change)
          const first = cut % (bytes.length + 1)
          let answered = false
          const dial = fakeBackend(({ tag }, stream) => {
            if (answered || (tag !== 'Q' && tag !== 'S')) return
            answered = true
            stream.write(bytes.subarray(0, first))
            stream.end(bytes.subarray(first))
          })
          const gate = new ScriptedGate()
          gate.masks = hides('public.people.email')
          const { client, done } = serve({ upstream: fakeUpstream, dial, gate })
          await client.logIn({ user: 'ada' }, localPassword)
          client.send(...sent)
          const received = await client.end()
          expectDecoded(received)
          const last = received.at(-1)
          expect([last?.tag, fields(last).get('C')]).toEqual(['E', expect.stringMatching(/^(08P01|08006)$/)])
          expect(fields(last).get('M')).toMatch(/\w+ \w+/)
          // What went wrong was the backend's, and not a fault of ours.
          expect(await done).toBeNull()
          for (const { outcomes, consumed } of gate.admitted) expect(outcomes).toHaveLength(consumed ? 1 : 0)
        }),
        runs,
      )
    })
  }
})

test('a backend with one thing wrong in its login ends one login, and shows no account', async () => {
  const status = write.parameterStatus('server_version', '18.4')
  const greeting = [
    write.negotiateProtocolVersion(196_608, []),
    write.authentication(0),
    status,
    write.backendKeyData(1, Buffer.from('1234')),
    write.readyForQuery('I'),
  ]
  await fc.assert(
    fc.asyncProperty(fc.nat(), damage, async (at, change) => {
      const bytes = damaged(greeting, at, change)
      const dial = fakeBackend((_, stream) => void stream.end(), bytes)
      const { client, done } = serve({ upstream: { ...fakeUpstream, connectTimeout: 200 }, dial })
      const loggedIn = await client.logIn({ user: 'ada' }, localPassword).then(
        () => true,
        () => false,
      )
      if (loggedIn) client.send(write.terminate())
      const received = await client.end()
      expect(received.map(({ body }) => body.toString()).join()).not.toMatch(/app|secret/)
      expect(await done).toBeNull()
    }),
    { ...runs, numRuns: 40 },
  )
})

test('a field that runs into the next is no SQLSTATE, and does not leave', async () => {
  const merged = Buffer.from(notice)
  merged[merged.indexOf('P0001') + 5] = 0xfe
  const dial = fakeBackend(({ tag }, stream) => {
    if (tag === 'Q') stream.end(Buffer.concat([columns, merged, complete('SELECT 0'), ready]))
  })
  const gate = new ScriptedGate()
  gate.masks = hides('public.people.email')
  const { client } = serve({ upstream: fakeUpstream, dial, gate })
  await client.logIn({ user: 'ada' }, localPassword)
  client.send(write.query('select x, y from unheard_of'))
  const received = await client.end()
  expectDecoded(received)
  expect(fields(received.at(-1)).get('C')).toBe('08P01')
})
