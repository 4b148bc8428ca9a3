import type { MaskPlan } from '@hoop/contracts'
import { describe, expect, test } from 'vitest'
import { kubernetesDialect } from './dialect.ts'
import { masksOf } from './masks.fixture.ts'
import { requestOf } from './request.fixture.ts'

const dialect = kubernetesDialect({ impersonate: null })
const json = 'application/json'

/** The answer as its caller sees it: parsed where it is JSON, each event of a watch for itself. */
function shown(line: string, masks: MaskPlan, body: unknown, head: { status?: number; contentType?: string } = {}): unknown {
  const [request, sent] = requestOf(line)
  const { status = 200, contentType = json } = head
  const results = dialect.results(request, dialect.operation(request, sent), { status, contentType }, masks)
  if (results === 'identity') return 'as it came'
  if ('refuse' in results) return `refused: ${results.refuse}`
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  // Cut anywhere.
  const pieces = text.match(/.{1,7}/gs) ?? []
  const out = Buffer.concat([...pieces.flatMap((piece) => results.write(Buffer.from(piece))), ...results.end()]).toString()
  return typeof body === 'string' ? out : JSON.parse(out)
}
const base64 = (text: string) => Buffer.from(text).toString('base64')

const secretData = masksOf('fields: [secrets:data.*]')
const secret = {
  kind: 'Secret',
  apiVersion: 'v1',
  metadata: {
    name: 'db',
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
        kind: 'Secret',
        data: { password: base64('s3cr3t') },
      }),
    },
    managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:data': { 'f:password': {} } } }],
  },
  data: { password: base64('s3cr3t') },
}
const hiddenSecret = {
  ...secret,
  metadata: {
    ...secret.metadata,
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
        kind: 'Secret',
        data: { password: base64('[masked]') },
      }),
    },
  },
  data: { password: base64('[masked]') },
}

describe('a secret', () => {
  const path = '/api/v1/namespaces/prod/secrets'
  test('by its name: base64 stays base64, also in what was last applied', () => {
    expect(shown(`GET ${path}/db`, secretData, secret)).toEqual(hiddenSecret)
  })
  test('as what a write answers', () => {
    for (const line of [`POST ${path}`, `PUT ${path}/db`, `PATCH ${path}/db`, `DELETE ${path}/db`])
      expect(shown(line, secretData, secret, { status: 201 })).toEqual(hiddenSecret)
  })
  test('in a list', () => {
    const list = { kind: 'SecretList', metadata: { resourceVersion: '7' }, items: [secret, secret] }
    expect(shown(`GET ${path}`, secretData, list)).toEqual({ ...list, items: [hiddenSecret, hiddenSecret] })
    expect(shown(`DELETE ${path}`, secretData, list)).toEqual({ ...list, items: [hiddenSecret, hiddenSecret] })
  })
  test.each([`GET ${path}?watch=true`, 'GET /api/v1/watch/secrets'])('in events of %s', (line) => {
    const events = [
      { type: 'ADDED', object: secret },
      { type: 'BOOKMARK', object: { kind: 'Secret', metadata: { resourceVersion: '9' } } },
    ]
    const text = events.map((event) => `${JSON.stringify(event)}\n`).join('')
    const hidden = [{ type: 'ADDED', object: hiddenSecret }, events[1]].map((event) => `${JSON.stringify(event)}\n`).join('')
    expect(shown(line, secretData, text, { contentType: 'application/json;stream=watch' })).toBe(hidden)
  })
  test('as a table: objects in its rows are masked, and cells that count entries stay', () => {
    const table = (object: unknown) => ({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'Type' }, { name: 'Data' }, { name: 'Age' }],
      rows: [{ cells: ['db', 'Opaque', 1, '3d'], object }],
    })
    const head = { contentType: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
    expect(shown(`GET ${path}`, secretData, table(secret), head)).toEqual(table(hiddenSecret))
    const event = (object: unknown) => ({ type: 'ADDED', object: table(object) })
    expect(shown(`GET ${path}?watch=true`, secretData, event(secret))).toEqual(event(hiddenSecret))
  })
  test('in a form that is not JSON is refused', () => {
    for (const contentType of ['application/vnd.kubernetes.protobuf', 'application/yaml', 'application/cbor', 'text/html'])
      expect(shown(`GET ${path}/db`, secretData, '', { contentType })).toMatch(/^refused: fields of secrets are masked for you/)
  })
  test('with a card in it, for a mask that finds cards: bytes are decoded first', () => {
    const cards = masksOf('detect: [card]\nmethod: fixed')
    const answer = shown(`GET ${path}/db`, cards, { ...secret, data: { card: base64('pan=4111111111111111') } })
    expect(Buffer.from((answer as typeof secret & { data: { card: string } }).data.card, 'base64').toString()).not.toContain(
      '4111111111111111',
    )
  })
})

describe('objects of other kinds', () => {
  test('nothing is masked in them', () => {
    expect(shown('GET /api/v1/namespaces/prod/configmaps/app', secretData, {})).toBe('as it came')
    expect(shown('GET /api/v1/secrets', masksOf('columns: [public.customers.email]'), {})).toBe('as it came')
  })
  test('environment variables in a pod template', () => {
    const masks = masksOf("fields: ['deployments.apps:spec.template.spec.containers[*].env[*].value']")
    const deployment = (value: string) => ({
      spec: { template: { spec: { containers: [{ name: 'c', env: [{ name: 'P', value }] }] } } },
    })
    for (const line of [
      'GET /apis/apps/v1/namespaces/prod/deployments/api',
      'GET /apis/extensions/v1beta1/namespaces/prod/deployments/api',
    ])
      expect(shown(line, masks, deployment('hunter2'))).toEqual(deployment('[masked]'))
  })
  test('events are the same by both of their names', () => {
    const masks = masksOf("fields: ['events:message']")
    expect(shown('GET /apis/events.k8s.io/v1/namespaces/prod/events/e', masks, { message: 'x' })).toEqual({ message: '[masked]' })
  })
  test('cells of a table whose columns may show what is masked are hidden, but the name', () => {
    const masks = masksOf("fields: ['widgets.example.com:spec.owner', 'pods:status.podIP']")
    const table = (...cells: unknown[]) => ({ kind: 'Table', rows: [{ cells, object: { metadata: { name: 'w' } } }] })
    const hidden = table('w', '[masked]', '[masked]')
    expect(shown('GET /apis/example.com/v1/widgets', masks, table('w', 'eve', 3))).toEqual(hidden)
    expect(shown('GET /api/v1/pods', masks, table('w', 'Running', '10.0.0.1'))).toEqual(hidden)
  })
  test('values that managers of sets wrote are hidden in the names of members', () => {
    const masks = masksOf("fields: ['widgets.example.com:spec.emails[*]', 'widgets.example.com:spec.users[*].id']")
    const widget = (value: string, key: string) => ({
      metadata: {
        managedFields: [
          {
            fieldsV1: {
              'f:spec': { 'f:emails': { [value]: {} }, 'f:users': { [key]: { 'f:id': {} } }, 'f:ports': { 'k:{"port":80}': {} } },
            },
          },
        ],
      },
    })
    const answer = shown('GET /apis/example.com/v1/widgets/w', masks, widget('v:"eve@example.com"', 'k:{"id":"e-1"}'))
    expect(answer).toEqual(widget('v:"[masked]"', 'k:"[masked]"'))
  })
  test('a scale is no deployment', () => {
    const masks = masksOf("fields: ['deployments.apps:spec.replicas']")
    expect(shown('GET /apis/apps/v1/namespaces/prod/deployments/api/scale', masks, {})).toBe('as it came')
    expect(shown('GET /apis/apps/v1/namespaces/prod/deployments/api/status', masks, { spec: { replicas: 3 } })).toEqual({
      spec: { replicas: '[masked]' },
    })
  })
})

describe('errors', () => {
  const path = 'PUT /api/v1/namespaces/prod/secrets/db'
  const status = (message: string, causes?: unknown) => ({
    kind: 'Status',
    status: 'Failure',
    message,
    details: { name: 'db', ...(causes ? { causes } : {}) },
  })
  test('tell nothing of masked objects but what is known to hold no value', () => {
    const invalid = status('Secret "db" is invalid: data[p]: Invalid value: "s3cr3t"', [
      { reason: 'FieldValueInvalid', message: 'Invalid value: "s3cr3t"' },
    ])
    expect(JSON.stringify(shown(path, secretData, invalid, { status: 422 }))).not.toContain('s3cr3t')
    expect(shown(path, secretData, status('secrets "db" not found'), { status: 404 })).toEqual(status('secrets "db" not found'))
    const forbidden =
      'secrets is forbidden: User "hoop:ada@example.com" cannot list resource "secrets" in API group "" in the namespace "prod"'
    expect(shown(path, secretData, status(forbidden), { status: 403 })).toEqual(status(forbidden))
    const webhook = status('admission webhook "x" denied the request: password s3cr3t is weak')
    expect(JSON.stringify(shown(path, secretData, webhook, { status: 403 }))).not.toContain('s3cr3t')
  })
  test('of objects that are not masked are shown', () => {
    expect(shown('PUT /api/v1/namespaces/prod/configmaps/app', secretData, {}, { status: 422 })).toBe('as it came')
  })
  test('in a watch', () => {
    const event = { type: 'ERROR', object: status('Invalid value: "s3cr3t"') }
    expect(JSON.stringify(shown('GET /api/v1/secrets?watch=1', secretData, event))).not.toContain('s3cr3t')
  })
  test('that are no Status do not pass', () => {
    expect(() => shown(path, secretData, { error: 's3cr3t' }, { status: 500 })).toThrow(/no Status/)
  })
})

describe('what holds no objects', () => {
  test.each(['GET /version', 'GET /apis/apps/v1', 'GET /openapi/v2', 'GET /metrics'])('%s passes', (line) => {
    expect(shown(line, secretData, '{}')).toBe('as it came')
  })
  test('the memory and the logs of the control plane are refused', () => {
    for (const line of ['GET /logs/kube-apiserver.log', 'GET /debug/pprof/heap'])
      expect(shown(line, secretData, '')).toMatch(/^refused/)
  })
  test('the kubelet is refused, as it tells of all pods', () => {
    expect(shown('GET /api/v1/nodes/n/proxy/pods', masksOf("fields: ['pods:spec.**']"), '')).toMatch(/^refused: the kubelet/)
  })
  test('logs are looked through for what detectors find, and pass where fields of everything are masked', () => {
    const line = 'GET /api/v1/namespaces/prod/pods/api-7/log?follow=true'
    const log = shown(line, masksOf('detect: [card]\nmethod: fixed'), 'paid by 4111111111111111\nok\n', {
      contentType: 'text/plain',
    })
    expect(log).toMatch(/^paid by [^4].*\nok\n$/)
    expect(shown(line, masksOf("fields: ['*:metadata.annotations.*']"), 'x', { contentType: 'text/plain' })).toBe('as it came')
  })
})
