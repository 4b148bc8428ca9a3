import { readdir, readFile } from 'node:fs/promises'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { stringify } from 'yaml'
import {
  applyDocuments,
  type Connect,
  hoop,
  type KubernetesStandIn,
  keepUntilEnd,
  type System,
  startConnect,
  startKubernetesStandIn,
  startSystem,
} from '../support/index.ts'

const keep = keepUntilEnd(afterAll)
const value = 'correct horse battery staple'
const encoded = Buffer.from(value).toString('base64')
let cluster: KubernetesStandIn
let system: System
let connect: Connect
let session: ClientHttp2Session
let ca: string
let token: string

const documents = () => [
  {
    kind: 'Connection',
    name: 'gke-prod',
    protocol: 'kubernetes',
    address: cluster.address,
    tls: { mode: 'verify-full', ca: cluster.ca },
    login: { token: cluster.token },
  },
  { kind: 'Access', name: 'cluster', groups: ['engineering'], connections: { names: ['gke-prod'] } },
  {
    kind: 'Mask',
    name: 'cluster-secrets',
    connections: { names: ['gke-prod'] },
    fields: ['secrets:data.*', 'secrets:stringData.*'],
  },
  policy('deletes', "operation.kubernetes.verb == 'delete'", 'approve'),
  policy('programs', "'execute' in operation.effects && operation.command != ['cat']", 'deny'),
]
const policy = (name: string, when: string, decision: string) => ({
  kind: 'Policy',
  name: `cluster-${name}`,
  connections: { names: ['gke-prod'] },
  when,
  // biome-ignore lint/suspicious/noThenProperty: the document's own word, and never awaited
  then: decision,
  ...(decision === 'approve' && { approvers: { groups: ['dba'] } }),
  message: `${name} are looked at`,
})

beforeAll(async () => {
  cluster = await keep(startKubernetesStandIn())
  for (const name of ['web-0', 'web-1', 'web-2']) cluster.create('pods', 'shop', { metadata: { name, labels: { app: 'web' } } })
  const applied = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db', namespace: 'shop' }, data: { password: encoded } }
  cluster.create('secrets', 'shop', {
    metadata: { name: 'db', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(applied) } },
    data: { password: encoded },
  })
  system = await keep(startSystem({ sample: { customers: 5 } }))
  await applyDocuments(
    await system.home('root-admin'),
    documents()
      .map((document) => stringify(document))
      .join('---\n'),
  )
  connect = await keep(startConnect('gke-prod', { home: await system.home('ada') }))
  const config = JSON.parse(await readFile(connect.configuration ?? '', 'utf8'))
  ca = await readFile(config.clusters[0].cluster['certificate-authority'], 'utf8')
  token = config.users[0].user.token
  session = connectHttp2(config.clusters[0].cluster.server, { ca })
  await new Promise((resolve, reject) => session.once('connect', resolve).once('error', reject))
})
afterAll(() => session?.destroy())

interface Answer {
  readonly status: number
  readonly text: string
}

/** One request among others on one connection of HTTP/2, as kubectl makes them. */
function ask(method: string, path: string, headers: Record<string, string> = {}, body?: object) {
  const stream = session.request({ ':method': method, ':path': path, authorization: `Bearer ${token}`, ...headers })
  stream.end(body && JSON.stringify(body))
  const answer = new Promise<Answer>((resolve, reject) => {
    stream.once('error', reject)
    stream.once('response', async (head) => resolve({ status: Number(head[':status']), text: (await buffer(stream)).toString() }))
  })
  return { stream, answer }
}
const get = (path: string, headers: Record<string, string> = {}) => ask('GET', path, headers).answer

const secrets = '/api/v1/namespaces/shop/secrets'
const json = (type: string) => ({ 'content-type': type })

describe('the value of a Secret', () => {
  test.each([
    ['by its name', () => get(`${secrets}/db`)],
    ['in a list', () => get(secrets)],
    ['of all namespaces', () => get('/api/v1/secrets')],
    [
      'as a table with objects',
      () => get(`${secrets}?includeObject=Object`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }),
    ],
    ['as YAML, which is not asked for', () => get(`${secrets}/db`, { accept: 'application/yaml' })],
    ['as protobuf, which is not asked for', () => get(`${secrets}/db`, { accept: 'application/vnd.kubernetes.protobuf' })],
    ['compressed, which is not asked for', () => get(`${secrets}/db`, { 'accept-encoding': 'gzip' })],
    [
      'after a patch',
      () => ask('PATCH', `${secrets}/db`, json('application/merge-patch+json'), { metadata: { labels: { a: 'b' } } }).answer,
    ],
    [
      'as it is made',
      () => ask('POST', secrets, json('application/json'), { metadata: { name: 'other' }, data: { password: encoded } }).answer,
    ],
  ])('%s', async (_, read) => {
    const { status, text } = await read()
    expect(status).toBeLessThan(300)
    expect(text).not.toContain(value)
    expect(text).not.toContain(encoded)
    expect(text).toContain('"metadata"')
  })

  test('in a watch', async () => {
    const { stream } = ask('GET', `${secrets}?watch=true`)
    const event = new Promise<string>((resolve) => stream.on('data', (data: Buffer) => resolve(String(data))))
    const text = await event
    stream.close()
    expect(text).toContain('"ADDED"')
    expect(text).not.toContain(encoded)
  })

  test('is valid base64 where it is masked, so that clients read it', async () => {
    const { data } = JSON.parse((await get(`${secrets}/db`)).text)
    expect(Buffer.from(data.password, 'base64').toString()).toBe('[masked]')
  })

  test('is not written over by what stands in its place', async () => {
    const masked = JSON.parse((await get(`${secrets}/db`)).text)
    const { status, text } = await ask('PUT', `${secrets}/db`, json('application/json'), masked).answer
    expect(status).toBe(403)
    expect(JSON.parse(text)).toMatchObject({ kind: 'Status', reason: 'Forbidden', message: expect.stringContaining('masked') })
  })

  test('is nowhere in the record', async () => {
    const folder = join(system.gateway.records, connect.session)
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    const all = (await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')))).join('')
    expect(all).toContain('namespaces/shop/secrets')
    for (const word of [value, encoded, token, cluster.token]) expect(all).not.toContain(word)
  })
})

describe('a delete that is held', () => {
  const held = (pod: string) =>
    connect.program.find('stdout', (line) => {
      const event: { event: string; approval?: string; text?: string } = JSON.parse(line)
      return event.event === 'held' && event.text?.includes(pod) ? event.approval : undefined
    })
  const pods = '/api/v1/namespaces/shop/pods'

  test('waits for a person, goes on when it is approved, and others go on meanwhile', async () => {
    const { answer } = ask('DELETE', `${pods}/web-0`)
    const id = await held('web-0')
    expect((await get(`${pods}/web-0`)).status).toBe(200)
    await hoop(['approvals', 'approve', id], { home: await system.home('grace') })
    expect((await answer).status).toBe(200)
    expect((await get(`${pods}/web-0`)).status).toBe(404)
  })

  test('is refused in words that kubectl prints', async () => {
    const { answer } = ask('DELETE', `${pods}/web-1`)
    await hoop(['approvals', 'deny', await held('web-1'), '--reason', 'it serves customers'], {
      home: await system.home('grace'),
    })
    const { status, text } = await answer
    expect([status, JSON.parse(text)]).toMatchObject([
      403,
      {
        kind: 'Status',
        status: 'Failure',
        reason: 'Forbidden',
        message: expect.stringContaining('denied this request: it serves customers'),
      },
    ])
    expect((await get(`${pods}/web-1`)).status).toBe(200)
  })

  test('is withdrawn by Ctrl-C', async () => {
    const { stream, answer } = ask('DELETE', `${pods}/web-2`)
    answer.catch(() => undefined)
    const id = await held('web-2')
    stream.close(8)
    const decision = await connect.program.find('stdout', (line) => {
      const event: { event: string; approval?: string; decision?: string } = JSON.parse(line)
      return event.event === 'decided' && event.approval === id ? event.decision : undefined
    })
    expect(decision).toBe('withdrawn')
    expect((await get(`${pods}/web-2`)).status).toBe(200)
  })
})

describe('a program in a pod', () => {
  const exec = (command: string, protocol = 'v5.channel.k8s.io') =>
    new WebSocket(`${connect.url.replace('https', 'wss')}/api/v1/namespaces/shop/pods/web-1/exec?${command}`, protocol, {
      ca,
      headers: { authorization: `Bearer ${token}` },
    })

  test.each(['v4.channel.k8s.io', 'v5.channel.k8s.io'])(
    'is run where a rule lets it, and how it ends is told: %s',
    async (protocol) => {
      const socket = exec('command=cat&stdin=true&stdout=true', protocol)
      const channels = ['', '', '', '']
      socket.on('message', (data: Buffer) => {
        channels[data[0] ?? 0] += data.subarray(1).toString()
        // v4 has no end of the input but that of the connection.
        if (data[0] === 1 && protocol.startsWith('v4')) socket.close()
      })
      socket.once('open', () => {
        socket.send(Buffer.concat([Buffer.of(0), Buffer.from('hello\n')]))
        // v5: nothing more comes on channel 0.
        if (protocol.startsWith('v5')) socket.send(Buffer.of(255, 0))
      })
      await new Promise((resolve) => socket.once('close', resolve))
      expect(channels[1]).toBe('hello\n')
      if (protocol.startsWith('v5')) expect(JSON.parse(channels[3] ?? '')).toMatchObject({ status: 'Success' })
    },
  )

  test('has its input, its output and its end on the record', async () => {
    const events = () => readFile(join(system.gateway.records, connect.session, '000000', 'events.ndjson'), 'utf8')
    for (const words of ['"channel":"stdin"', '"channel":"stdout"', '"tag":"exit 0"']) await expect.poll(events).toContain(words)
  })

  test('is judged though it is asked for by GET', async () => {
    const refused = new Promise<{ status: number; text: string }>((resolve, reject) => {
      const socket = exec('command=id&stdout=true')
      socket.once('open', () => reject(new Error('it was run')))
      socket.once('error', () => undefined)
      socket.once('unexpected-response', async (_, answer) => {
        resolve({ status: answer.statusCode ?? 0, text: (await buffer(answer)).toString() })
      })
    })
    const { status, text } = await refused
    expect([status, JSON.parse(text).message]).toEqual([403, expect.stringContaining('programs are looked at')])
  })
})

test('the cluster sees the person, and nothing that the caller says of itself', async () => {
  await get('/api/v1/namespaces/shop/pods', { 'impersonate-user': 'root', 'x-remote-user': 'root' })
  const seen = cluster.requests.at(-1)
  expect(seen?.as?.user).toContain('ada')
  expect(JSON.stringify(seen)).not.toContain('root')
})
