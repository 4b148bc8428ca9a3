import { once } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { dialAnswers } from '@hoop/contracts'
import { type ResumableTunnel, resetCodes, StreamReset } from '@hoop/tunnel'
import { describe, expect, test } from 'vitest'
import { OnlineAgents } from './online.ts'
import { ReachableAgents } from './reachable.ts'

const target = { host: 'db', port: 1 }
const never = new AbortController().signal

/** An agent's end of a tunnel: what it answers to each stream. */
function agent(agents: OnlineAgents, id: string, answer: (stream: Duplex) => void, name = 'a') {
  const ended = Promise.withResolvers<{ words: string }>()
  const opened: Duplex[] = []
  const tunnel = {
    openStream: () => {
      const [ours, theirs] = duplexPair()
      ours.on('error', () => undefined)
      theirs.on('error', () => undefined)
      opened.push(ours)
      setImmediate(answer, theirs)
      return ours
    },
    closed: ended.promise,
    close: (words: string) => ended.resolve({ words }),
  } as unknown as ResumableTunnel
  agents.add({ id, name, key: 'k', expiresAt: new Date() }, tunnel)
  return { tunnel, opened, ended: ended.promise }
}

function dial(online: OnlineAgents, signal = never) {
  const none = { has: () => false, of: async () => [], without: () => undefined, onChange: () => () => undefined }
  const peers = { dial: () => Promise.reject(new Error('there is no other gateway')) }
  return new ReachableAgents({ online, elsewhere: none, peers }).dial({ name: 'c', agent: 'a' }, target, signal)
}

const connects = (stream: Duplex) => void stream.write(Buffer.of(dialAnswers.connected, 8, ...Buffer.from('10.0.0.1'), 42))

test('the answer is taken off the stream, byte by byte or at once, and nothing more', async () => {
  const agents = new OnlineAgents()
  agent(agents, '1', (stream) => {
    const bytes = Buffer.of(dialAnswers.connected, 8, ...Buffer.from('10.0.0.1'), 42, 43)
    for (const byte of bytes) stream.write(Buffer.of(byte))
    stream.end()
  })
  const { stream, address, agent: by } = await dial(agents)
  expect({ address, by }).toEqual({ address: '10.0.0.1', by: { name: 'a', instance: '1' } })
  const rest: Buffer[] = []
  stream.on('data', (bytes: Buffer) => rest.push(bytes))
  await once(stream, 'end')
  expect(Buffer.concat(rest)).toEqual(Buffer.of(42, 43))
})

test('an address that is none is no address', async () => {
  const agents = new OnlineAgents()
  agent(agents, '1', (stream) => void stream.write(Buffer.of(dialAnswers.connected, 3, ...Buffer.from('\u001b[m'))))
  expect((await dial(agents)).address).toBeNull()
})

test('the one with the least streams is asked, and streams that end count no more', async () => {
  const agents = new OnlineAgents()
  agent(agents, '1', connects)
  agent(agents, '2', connects)
  agent(agents, '3', connects, 'another')
  const carried = []
  for (let count = 0; count < 6; count++) carried.push(await dial(agents))
  expect(carried.map(({ agent: { instance } }) => instance).sort()).toEqual(['1', '1', '1', '2', '2', '2'])
  for (const { stream, agent: by } of carried) if (by.instance === '1') stream.destroy()
  await new Promise(setImmediate)
  expect([agents.get('1')?.streams, agents.get('2')?.streams]).toEqual([0, 3])
})

describe('an agent that is gone', () => {
  test.each([resetCodes.tunnelClosed, resetCodes.refused])('before it answered (%d): another one is asked', async (code) => {
    const agents = new OnlineAgents()
    const lost = agent(agents, '1', () => lost.opened.at(-1)?.destroy(new StreamReset(code, 'gone')))
    agent(agents, '2', connects)
    const { agent: first } = await dial(agents)
    const { agent: second } = await dial(agents)
    expect([first.instance, second.instance]).toEqual(['2', '2'])
    expect(agents.get('1')?.streams).toBe(0)
  })

  test('by its network: it is asked nothing until it is back', async () => {
    const agents = new OnlineAgents()
    const { tunnel } = agent(agents, '1', connects)
    agents.note('1', tunnel, { lost: true })
    expect(agents.has('a')).toBe(false)
    const dialled = dial(agents)
    agents.note('1', tunnel, { lost: false })
    expect((await dialled).agent.instance).toBe('1')
  })

  test('and nobody else there: a dial waits for a moment, then says so', async () => {
    const agents = new OnlineAgents()
    const began = performance.now()
    await expect(dial(agents)).rejects.toMatchObject({
      code: 'connection_unavailable',
      message: expect.stringContaining('no agent a is online'),
    })
    expect(performance.now() - began).toBeGreaterThan(1900)
    const dialled = dial(agents)
    agent(agents, '1', connects)
    expect((await dialled).agent.instance).toBe('1')
  })

  test('that opens another tunnel ends its first one, whose end then changes nothing', async () => {
    const agents = new OnlineAgents()
    const first = agent(agents, '1', connects)
    agent(agents, '1', connects)
    expect((await first.ended).words).toContain('another tunnel')
    expect(agents.has('a')).toBe(true)
  })
})

describe('an answer that is no', () => {
  test.each([
    ['refused', /agent a: the connection was refused/],
    ['noAnswer', /no answer/],
    ['unreachable', /no way/],
    ['unknownName', /name is not known/],
    ['notListed', /not on the list/],
    ['neverDialled', /never dial/],
  ] as const)('%s', async (answer, words) => {
    const agents = new OnlineAgents()
    agent(agents, '1', (stream) => void stream.end(Buffer.of(dialAnswers[answer])))
    await expect(dial(agents)).rejects.toThrow(words)
    expect(agents.get('1')?.streams).toBe(0)
  })

  test.each<[string, (stream: Duplex) => void]>([
    ['a number that nobody knows', (stream) => void stream.write(Buffer.of(200, 1, 2, 3))],
    ['nothing', (stream) => void stream.end()],
    ['half an answer', (stream) => void stream.end(Buffer.of(0, 9, 49))],
  ])('%s', async (_, answer) => {
    const agents = new OnlineAgents()
    agent(agents, '1', answer)
    await expect(dial(agents)).rejects.toMatchObject({ code: 'connection_unavailable' })
  })

  test('none at all: until the signal', async () => {
    const agents = new OnlineAgents()
    const silent = agent(agents, '1', () => undefined)
    await expect(dial(agents, AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(silent.opened[0]?.destroyed).toBe(true)
  })
})

test('as many of one name as are sensible', async () => {
  const agents = new OnlineAgents()
  for (let id = 0; id < 64; id++) agent(agents, String(id), connects)
  const { ended } = agent(agents, '64', connects)
  expect((await ended).words).toContain('64 agents of the name a')
})
