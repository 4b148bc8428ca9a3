import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { keepUntilEnd } from './keep.ts'
import { type KubernetesStandIn, startKubernetesStandIn } from './kubernetes-stand-in.ts'

const keep = keepUntilEnd(afterAll)
let standIn: KubernetesStandIn

beforeAll(async () => {
  standIn = await keep(startKubernetesStandIn())
  standIn.create('pods', 'shop', { metadata: { name: 'web-0', labels: { app: 'web' } } })
})

interface Ask {
  readonly body?: object
  readonly headers?: Record<string, string>
  readonly agent?: Agent
}

async function send(method: string, path: string, { body, headers, agent }: Ask = {}) {
  const sent = request(`https://${standIn.address}${path}`, {
    method,
    agent: agent ?? new Agent({ ca: standIn.ca }),
    headers: {
      ...(agent === undefined && { authorization: `Bearer ${standIn.token}` }),
      'content-type': 'application/json',
      ...headers,
    },
  }).end(body && JSON.stringify(body))
  const [answer] = await once(sent, 'response')
  return answer
}

async function ask(method: string, path: string, options: Ask = {}) {
  const answer = await send(method, path, options)
  return { code: answer.statusCode, body: JSON.parse(await text(answer)) }
}

const maps = '/api/v1/namespaces/shop/configmaps'

test('objects are made, patched, listed, shown as a table, and deleted; what is not so is a Status', async () => {
  const dry = await ask('POST', `${maps}?dryRun=All`, { body: { metadata: { name: 'a' } } })
  expect(dry).toMatchObject({ code: 201, body: { kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' } } })
  expect(await ask('GET', `${maps}/a`)).toMatchObject({ code: 404, body: { kind: 'Status', reason: 'NotFound' } })
  await ask('POST', maps, { body: { metadata: { name: 'a' }, data: { one: '1', two: '2' } } })
  expect(await ask('POST', maps, { body: { metadata: { name: 'a' } } })).toMatchObject({ code: 409 })
  const headers = { 'content-type': 'application/merge-patch+json' }
  const patched = await ask('PATCH', `${maps}/a`, { headers, body: { data: { one: null, three: '3' } } })
  expect(patched.body.data).toEqual({ two: '2', three: '3' })
  const stale = { metadata: { name: 'a', resourceVersion: '1' } }
  expect(await ask('PUT', `${maps}/a`, { body: stale })).toMatchObject({ code: 409, body: { reason: 'Conflict' } })
  expect((await ask('GET', '/api/v1/configmaps')).body.items).toHaveLength(1)
  const table = await ask('GET', maps, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })
  expect(table.body).toMatchObject({ kind: 'Table', rows: [{ cells: ['a', expect.any(String)] }] })
  expect((await ask('GET', '/api/v1/pods?labelSelector=app%3Dother')).body.items).toEqual([])
  await ask('DELETE', `${maps}/a`)
  expect((await ask('GET', maps)).body.items).toEqual([])
})

test('a watch begins where a list ended, and goes on', async () => {
  const { body } = await ask('GET', maps)
  const watch = await send('GET', `${maps}?watch=true&resourceVersion=${body.metadata.resourceVersion}`)
  const lines = createInterface({ input: watch })[Symbol.asyncIterator]()
  await ask('POST', maps, { body: { metadata: { generateName: 'watched-' } } })
  const { type, object } = JSON.parse((await lines.next()).value ?? '')
  expect(type).toBe('ADDED')
  await ask('DELETE', `${maps}/${object.metadata.name}`)
  expect(JSON.parse((await lines.next()).value ?? '')).toMatchObject({ type: 'DELETED', object: { kind: 'ConfigMap' } })
  watch.destroy()
})

test('one token and one certificate are known, and seen with whom they speak for', async () => {
  expect(await ask('GET', maps, { headers: { authorization: 'Bearer other' } })).toMatchObject({ code: 401 })
  const { certificate: cert, key } = standIn.clientCertificate
  const agent = new Agent({ ca: standIn.ca, cert, key })
  expect(await ask('GET', maps, { agent, headers: { 'impersonate-user': 'ann', 'impersonate-group': 'devs' } })).toMatchObject({
    code: 200,
  })
  expect(standIn.requests.at(-1)).toMatchObject({ by: 'certificate', as: { user: 'ann', groups: ['devs'] } })
})

test('logs are followed', async () => {
  standIn.log('web-0', 'one\n')
  const logs = await send('GET', '/api/v1/namespaces/shop/pods/web-0/log?follow=true')
  const lines = createInterface({ input: logs })[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('one')
  standIn.log('web-0', 'two\n')
  expect((await lines.next()).value).toBe('two')
  logs.destroy()
})

test.each(['v4.channel.k8s.io', 'v5.channel.k8s.io'])('a command runs over %s', async (protocol) => {
  const script = protocol.startsWith('v5') ? 'cat; echo warned >&2; exit 3' : 'head -c 5; echo warned >&2; exit 3'
  const query = new URLSearchParams({ stdin: 'true' })
  for (const word of ['sh', '-c', script]) query.append('command', word)
  const channel = new WebSocket(`wss://${standIn.address}/api/v1/namespaces/shop/pods/web-0/exec?${query}`, [protocol], {
    ca: standIn.ca,
    headers: { authorization: `Bearer ${standIn.token}` },
  })
  const said: Record<number, string> = {}
  channel.on('message', (bytes: Buffer) => {
    said[bytes[0] ?? -1] = (said[bytes[0] ?? -1] ?? '') + bytes.subarray(1)
  })
  await once(channel, 'open')
  channel.send(Buffer.from('\0hello'))
  channel.send(Buffer.from('\u0004{"Width":80,"Height":24}'))
  if (protocol.startsWith('v5')) channel.send(Buffer.of(255, 0))
  await once(channel, 'close')
  expect({ out: said[1], errors: said[2] }).toEqual({ out: 'hello', errors: 'warned\n' })
  expect(JSON.parse(said[3] ?? '')).toMatchObject({ reason: 'NonZeroExitCode', details: { causes: [{ message: '3' }] } })
  expect(standIn.terminalSizes.at(-1)).toBe('{"Width":80,"Height":24}')
})
