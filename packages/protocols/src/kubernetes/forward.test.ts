import type { Identity } from '@hoop/contracts'
import { describe, expect, test } from 'vitest'
import { kubernetesDialect } from './dialect.ts'
import { ada } from './masks.fixture.ts'
import { requestOf } from './request.fixture.ts'

const prefixes = { userPrefix: 'hoop:', groupPrefix: 'hoop:' }

function forwarded(
  line: string,
  headers: readonly string[] = [],
  identity: Identity = ada,
  impersonate: typeof prefixes | null = null,
) {
  const [request] = requestOf(line, { headers })
  return kubernetesDialect({ impersonate }).forward(request, identity, 'op_1')
}
/** The values of one header. */
function sent(name: string, ...args: Parameters<typeof forwarded>): readonly string[] {
  return forwarded(...args)
    .headers.filter(([key]) => key === name)
    .map(([, value]) => value)
}

describe('Accept', () => {
  const list = 'GET /api/v1/secrets'
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  test.each([
    ['application/vnd.kubernetes.protobuf,application/json', 'application/json'],
    ['application/vnd.kubernetes.protobuf', 'application/json'],
    ['application/cbor', 'application/json'],
    ['application/yaml;q=1, application/json;q=0.1', 'application/json;q=0.1'],
    [
      `${table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`,
      `${table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`,
    ],
    [
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    ],
    ['application/json, */*', 'application/json'],
    ['*/*', 'application/json'],
    ['application/*;q=0.5', 'application/json'],
    ['Application/JSON', 'application/json'],
    ['text/html', 'application/json'],
    ['application/jsonp', 'application/json'],
  ])('%s is %s', (asked, given) => expect(sent('accept', list, ['Accept', asked])).toEqual([given]))
  test('in two headers, or none', () => {
    expect(sent('accept', list, ['Accept', 'application/cbor', 'Accept', table])).toEqual([table])
    expect(sent('accept', list)).toEqual(['application/json'])
  })
  test('of discovery is JSON, too', () => {
    const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    expect(sent('accept', 'GET /apis', ['Accept', `${aggregated},application/cbor`])).toEqual([aggregated])
  })
  test('of what holds no objects stays', () => {
    for (const line of [
      'GET /openapi/v2',
      'GET /metrics',
      'GET /api/v1/namespaces/n/pods/p/log',
      'GET /api/v1/namespaces/n/services/s/proxy/',
    ])
      expect(sent('accept', line, ['Accept', 'text/plain'])).toEqual(['text/plain'])
  })
})

describe('what the caller says of itself', () => {
  test('does not go on', () => {
    const names = [
      'Authorization',
      'Cookie',
      'Impersonate-User',
      'Impersonate-Group',
      'Impersonate-Extra-scopes',
      'Impersonate-Uid',
      'X-Remote-User',
      'X-Remote-Group',
      'X-Remote-Extra-a',
      'Audit-ID',
      'Accept-Encoding',
      'Sec-WebSocket-Extensions',
    ]
    const { headers } = forwarded('GET /api/v1/pods', [...names.flatMap((name) => [name, 'eve']), 'User-Agent', 'kubectl/1.35'])
    expect(headers).toEqual([
      ['accept', 'application/json'],
      ['user-agent', 'kubectl/1.35'],
      ['accept-encoding', 'identity'],
      ['audit-id', 'op_1'],
    ])
  })
  test('as a WebSocket protocol neither', () => {
    const exec = 'GET /api/v1/namespaces/n/pods/p/exec?command=id websocket'
    const bearer = 'base64url.bearer.authorization.k8s.io.ZXZl'
    expect(
      sent('sec-websocket-protocol', exec, ['Sec-WebSocket-Protocol', `v5.channel.k8s.io, ${bearer} ,v4.channel.k8s.io`]),
    ).toEqual(['v5.channel.k8s.io, v4.channel.k8s.io'])
    expect(
      sent('sec-websocket-protocol', exec, ['Sec-WebSocket-Protocol', bearer, 'Sec-WebSocket-Protocol', 'v4.channel.k8s.io']),
    ).toEqual(['v4.channel.k8s.io'])
    expect(sent('sec-websocket-protocol', exec, ['Sec-WebSocket-Protocol', bearer.toUpperCase()])).toEqual([])
  })
})

describe('as whom the cluster sees the request', () => {
  const line = 'GET /api/v1/pods'
  const as = (identity: Partial<Identity>, more = prefixes) => {
    const { headers } = forwarded(line, ['Impersonate-Group', 'system:masters'], { ...ada, ...identity }, more)
    return headers.filter(([name]) => name.startsWith('impersonate-')).map(([name, value]) => `${name.slice(12)}: ${value}`)
  }
  test('by e-mail address, or by name, and groups', () => {
    expect(as({ groups: ['sre', 'dba'] })).toEqual([
      'user: hoop:ada@example.com',
      'group: hoop:sre',
      'group: hoop:dba',
      'extra-hoop-identity: idp|ada',
    ])
    expect(as({ email: null, name: 'deploy', groups: [] })[0]).toBe('user: hoop:deploy')
  })
  test('never under a name of its own', () => {
    const none = { userPrefix: '', groupPrefix: '' }
    for (const name of ['system:masters', ' system:masters', 'System:masters', '\tsystem:masters'])
      expect(as({ email: null, name, groups: [name, 'sre'] }, none).slice(0, 2)).toEqual([
        `user: hoop:${name.trim()}`,
        'group: sre',
      ])
  })
  test('in UTF-8, and with nothing that ends a header', () => {
    expect(as({ email: null, name: 'Zoë\r\nX: y', groups: ['é'] }).slice(0, 2)).toEqual([
      `user: hoop:${Buffer.from('Zoë').toString('latin1')}%0D%0AX: y`,
      `group: ${Buffer.from('hoop:é').toString('latin1')}`,
    ])
  })
  test('not at all, where the connection says so', () => {
    expect(forwarded(line).headers.some(([name]) => name.startsWith('impersonate-'))).toBe(false)
  })
})
