import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Gateway, startGateway } from '../main.ts'
import { clientId, type Issuer, startIssuer } from '../testing/issuer.ts'
import { silent } from '../testing/parts.ts'
import { Health, providerKnown, recordsWritable } from './health.ts'
import { listenForOperators } from './listener.ts'
import { Metrics } from './metrics.ts'

let folder: string
let issuer: Issuer
let gateway: Gateway

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-operations-'))
  issuer = await startIssuer()
  gateway = await startGateway({
    HOOP_LISTEN: '127.0.0.1:0',
    HOOP_METRICS_LISTEN: '0',
    HOOP_DATA: folder,
    HOOP_OIDC_ISSUER: issuer.url,
    HOOP_OIDC_CLIENT_ID: clientId,
    HOOP_DEMO: '1',
    HOOP_LEAVE_SECONDS: '1',
    HOOP_TRUSTED_PROXIES: '127.0.0.0/8',
    HOOP_LOG: 'silent',
  })
}, 60_000)
afterAll(async () => {
  await gateway?.close()
  await issuer?.close()
  await rm(folder, { recursive: true, force: true })
})
const closing: (() => Promise<void>)[] = []
afterEach(() => Promise.all(closing.splice(0).map((close) => close())))

const ask = async (url: string | null, path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${url}${path}`, { headers })
  return { status: response.status, text: await response.text() }
}

test('strangers hear whether it is well, and no more; those who run it hear why', async () => {
  expect(await ask(gateway.url, '/healthz')).toEqual({ status: 200, text: '{"status":"ok"}' })
  expect(await ask(gateway.url, '/readyz')).toEqual({ status: 200, text: '{"status":"ready"}' })
  expect(await ask(gateway.operationsUrl, '/healthz')).toEqual({ status: 200, text: 'ok\n' })
  expect(await ask(gateway.operationsUrl, '/readyz')).toEqual({
    status: 200,
    text: 'store: ok\ndocuments: ok\nrecords: ok\nprovider: ok\n',
  })
  expect((await ask(gateway.url, '/metrics')).status).toBe(404)
})

test('the metrics are those that docs/operations.md lists, with their labels', async () => {
  const { text } = await ask(gateway.operationsUrl, '/metrics')
  const page = await readFile(new URL('../../../../docs/operations.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| `(hoop_\w+)` +\| ([^|]*) \|/gm)].map(([, name, labels = '']) => [
    name,
    [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  ])
  const metrics = new Metrics({ version: '1' })
  metrics.watch({
    sessions: () => 0,
    streams: () => 0,
    tunnels: () => 0,
    agents: () => 0,
    agentStreams: () => 0,
    tlsExpiresAt: () => null,
    tlsProblem: () => false,
    checks: () => new Map(),
  })
  const own = metrics.registry.getMetricsAsArray().filter(({ name }) => name.startsWith('hoop_'))
  const labelsOf = (metric: object) => ('labelNames' in metric ? metric.labelNames : [])
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(own.map((metric) => [metric.name, labelsOf(metric)])))
  for (const { name } of own) expect(text).toContain(`# TYPE ${name} `)
  expect(text).toMatch(/^hoop_ready\{check="store"\} 1$/m)
  expect(text).toMatch(/^hoop_store_seconds_count [1-9]/m)
  expect(text).toMatch(/^hoop_http_requests_total\{route="\/readyz",status="2xx"\} [1-9]/m)
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m)
})

test('what sessions do is counted, and nobody is named', async () => {
  const metrics = new Metrics({ version: '1' })
  const operation = { type: 'operation', by: 'caller', verdict: 'hold', text: 'select 1' } as never
  const entries = [
    operation,
    { type: 'held', operation: 'op', approval: 'ap', rule: 'r', approvers: [], timeout: 1 },
    { type: 'decided', operation: 'op', approval: 'ap', decision: 'approved', by: null, reason: null, policyVersion: 'v' },
    { type: 'chunk', operation: 'op', way: 'down', pieces: [Buffer.alloc(1000)] },
    {
      type: 'outcome',
      operation: 'op',
      kind: 'done',
      tag: null,
      error: null,
      rows: 3,
      masked: { cards: 3, emails: 2 },
      duration: 1,
    },
  ] as const
  metrics.recorded('postgres', entries as never)
  metrics.wrote(0.02)
  const text = await metrics.registry.metrics()
  expect(text).toContain('hoop_operations_total{protocol="postgres",verdict="hold"} 1')
  expect(text).toContain('hoop_masked_values_total{protocol="postgres"} 5')
  expect(text).toContain('hoop_recorded_traffic_bytes_total{protocol="postgres",way="down"} 1000')
  expect(text).toContain('hoop_holds_open 0')
  expect(text).toContain('hoop_holds_decided_total{decision="approved"} 1')
  expect(text.match(/^hoop_.*$/gm)?.join()).not.toMatch(/cards|emails|select/)
})

test('a token is asked for where there is one', async () => {
  const health = new Health({}, silent)
  const parts = { tls: null, metrics: new Metrics({ version: '1' }), health, log: silent }
  const listener = await listenForOperators({
    ...parts,
    listen: { host: '127.0.0.1', port: 0, token: 'a-token-that-is-long-enough' },
  })
  closing.push(listener.close)
  for (const authorization of ['', 'Bearer wrong', 'Basic a-token-that-is-long-enough']) {
    expect((await ask(listener.url, '/metrics', { authorization })).status).toBe(401)
  }
  const authorization = 'Bearer a-token-that-is-long-enough'
  expect((await ask(listener.url, '/metrics', { authorization })).status).toBe(200)
  expect((await fetch(`${listener.url}/metrics`, { method: 'POST', headers: { authorization }, body: 'x' })).status).toBe(405)
  expect((await ask(listener.url, '/none', { authorization })).status).toBe(404)
})

test('a check that fails, or never answers, is not ready', async () => {
  const failing = new Health({ store: () => Promise.reject(new HoopError('unavailable', 'gone')) }, silent)
  expect([await failing.ready(), failing.details.get('store')]).toEqual([false, 'gone'])
  const hanging = new Health({ store: () => new Promise(() => {}) }, silent)
  expect(await hanging.ready()).toBe(false)
  expect(hanging.details.get('store')).toContain('no answer within')
  const unwritable = new Health({ records: recordsWritable(join(folder, 'none')) }, silent)
  expect(await unwritable.ready()).toBe(false)
})

test('a provider that was known stays known', async () => {
  let asked = 0
  const answers = [Promise.reject(new Error('no route')), Promise.resolve({})]
  const check = providerKnown(() => answers[asked++] ?? Promise.reject(new Error('gone')))
  await expect(check()).rejects.toThrow('no route')
  // Not asked again so soon.
  await expect(check()).rejects.toThrow('no route')
  expect(asked).toBe(1)
})

test('limits count the caller behind a trusted proxy, not the proxy', async () => {
  const config = (caller: string) => fetch(`${gateway.url}/v1/config`, { headers: { 'x-forwarded-for': `9.9.9.9, ${caller}` } })
  const left = async (caller: string) => Number((await config(caller)).headers.get('x-ratelimit-remaining'))
  const first = await left('198.51.100.1')
  expect(await left('198.51.100.1')).toBe(first - 1)
  expect(await left('198.51.100.2')).toBe(first)
})

test('told to stop, it is not ready at once, while it still answers', async () => {
  const closed = gateway.close()
  expect(await ask(gateway.url, '/readyz')).toEqual({ status: 503, text: '{"status":"not ready"}' })
  expect((await ask(gateway.operationsUrl, '/readyz')).text).toContain('stopping: The gateway is stopping.')
  expect((await ask(gateway.url, '/v1/config')).status).toBe(200)
  await closed
  await expect(fetch(`${gateway.url}/readyz`)).rejects.toThrow()
})
