import { describe, expect, test } from 'vitest'
import { kubernetesDialect } from './dialect.ts'
import { ada, masksOf } from './masks.fixture.ts'
import { type RequestParts, requestOf } from './request.fixture.ts'

const dialect = kubernetesDialect({ impersonate: { userPrefix: '', groupPrefix: '' } })

/** What a rule sees that lets a caller read, and nothing else: null where there is nothing to see but a refusal. */
function effects(line: string, parts: RequestParts = {}): readonly string[] | null {
  let sent: ReturnType<typeof requestOf>
  try {
    sent = requestOf(line, parts)
  } catch {
    return null
  }
  const operation = dialect.operation(...sent)
  return operation.refused === null ? operation.effects : null
}
const shell = '/api/v1/namespaces/prod/pods/api-7/exec?command=sh'

describe('a caller who may only read', () => {
  test.each([
    ['GET exec', `GET ${shell} websocket`, 'execute'],
    ['GET exec without an upgrade', `GET ${shell}`, 'execute'],
    ['HEAD exec', `HEAD ${shell}`, 'execute'],
    ['exec behind a slash', 'GET /api/v1/namespaces/prod/pods/api-7/exec/?command=sh websocket', 'execute'],
    ['exec by the path of a watch', 'GET /api/v1/watch/namespaces/prod/pods/api-7/exec?command=sh websocket', 'unknown'],
    ['attach', 'GET /api/v1/namespaces/prod/pods/api-7/attach?stdin=true websocket', 'session'],
    ['nodes/proxy: the kubelet runs programs on GET', 'GET /api/v1/nodes/n/proxy/exec/prod/api-7/app?command=sh', 'execute'],
    ['nodes/proxy by its old path', 'GET /api/v1/proxy/nodes/n/exec/prod/api-7/app?command=sh', 'execute'],
    ['services/proxy', 'GET /api/v1/namespaces/prod/services/web/proxy/delete-all', 'network'],
    ['pods/proxy', 'GET /api/v1/namespaces/prod/pods/api-7:9090/proxy/-/quit', 'network'],
    ['port-forward to a database', 'GET /api/v1/namespaces/prod/pods/db-0/portforward websocket', 'network'],
    ['kubectl cp', 'GET /api/v1/namespaces/prod/pods/api-7/exec?command=tar&command=cf&command=-&command=/etc websocket', 'file'],
    ['the log files of the control plane', 'GET /logs/kube-apiserver.log', 'file'],
    ['the memory of the control plane', 'GET /debug/pprof/heap', 'file'],
    [
      'a subresource that nobody knows',
      'GET /apis/subresources.kubevirt.io/v1/namespaces/prod/virtualmachineinstances/vm/console',
      'unknown',
    ],
    ['a path in capitals', 'GET /API/v1/namespaces/prod/secrets', 'unknown'],
    ['a delete of all, without a name', 'DELETE /api/v1/namespaces/prod/pods', 'write'],
    ['a delete by the path of a watch', 'DELETE /api/v1/watch/namespaces/prod/pods/api-7', 'unknown'],
  ])('%s', (_, line, effect) => expect(effects(line)).toContain(effect))

  test.each([
    ['%2f in the path', `GET /api/v1/namespaces/prod%2fpods/api-7/exec?command=sh`],
    ['%252f', 'GET /api/v1/namespaces/prod%252fpods/api-7'],
    ['..', 'GET /api/v1/namespaces/prod/pods/../secrets'],
    ['//', 'GET /api/v1//namespaces/prod/secrets'],
    ['a watch over a WebSocket', 'GET /api/v1/namespaces/prod/secrets?watch=true websocket'],
    ['logs over a WebSocket', 'GET /api/v1/namespaces/prod/pods/api-7/log?follow=true websocket'],
    ['a WebSocket of a program behind the API server', 'GET /api/v1/namespaces/prod/services/web/proxy/ws websocket'],
    ['watch=true&watch=false', 'GET /api/v1/namespaces/prod/pods?watch=true&watch=false'],
    ['a container named twice', `GET ${shell}&container=a&container=b websocket`],
    ['a semicolon, behind which Go reads nothing', `GET ${shell};&stdin=true websocket`],
  ])('%s is refused', (_, line) => expect(effects(line)).toBeNull())

  test('a method by a header', () => {
    expect(effects('GET /api/v1/namespaces/prod/pods/api-7', { headers: ['X-HTTP-Method-Override', 'DELETE'] })).toBeNull()
  })
})

describe('a caller who may write, but neither run programs nor give rights', () => {
  test.each([
    [
      'ephemeral containers',
      'PATCH /api/v1/namespaces/prod/pods/api-7/ephemeralcontainers',
      'application/merge-patch+json',
      {},
      'execute',
    ],
    ['a TokenRequest', 'POST /api/v1/namespaces/prod/serviceaccounts/admin/token', undefined, {}, 'dcl'],
    ['a TokenRequest as a dry run', 'POST /api/v1/namespaces/prod/serviceaccounts/admin/token?dryRun=All', undefined, {}, 'dcl'],
    [
      'a Secret that becomes a token',
      'POST /api/v1/namespaces/prod/secrets',
      undefined,
      { type: 'kubernetes.io/service-account-token' },
      'dcl',
    ],
    ['an approved certificate', 'PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/eve/approval', undefined, {}, 'dcl'],
    ['a role binding', 'POST /apis/rbac.authorization.k8s.io/v1/namespaces/prod/rolebindings', undefined, {}, 'dcl'],
    ['a webhook', 'POST /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', undefined, {}, 'ddl'],
    ['a body of another kind than the path', 'POST /api/v1/namespaces/prod/configmaps', undefined, { kind: 'Pod' }, 'unknown'],
    [
      'a body for another namespace',
      'POST /api/v1/namespaces/dev/configmaps',
      undefined,
      { metadata: { namespace: 'prod' } },
      'unknown',
    ],
    [
      'a copy of what nobody here knows',
      'PATCH /api/v1/namespaces/prod/pods/api-7',
      'application/json-patch+json',
      [{ op: 'copy', from: '/metadata/annotations/x', path: '/spec/hostPID' }],
      'unknown',
    ],
  ])('%s', (_, line, type, body, effect) => expect(effects(line, { type, body })).toContain(effect))

  test.each([
    ['protobuf', 'application/vnd.kubernetes.protobuf', 'k8s\0'],
    ['CBOR', 'application/cbor', '\xa0'],
    ['a list', 'application/json', { kind: 'List' }],
    ['a member twice', 'application/json', '{"spec":{"hostPID":false,"hostPID":true}}'],
    ['yes, which is true', 'application/yaml', 'kind: Pod\nspec: {hostPID: yes}'],
    ['a merge key', 'application/yaml', 'kind: Pod\nspec: {<<: {hostPID: true}}'],
    ['two documents', 'application/yaml', 'kind: Pod\n---\nkind: Pod'],
  ])('a body in which pods may hide is refused: %s', (_, type, body) => {
    expect(effects('POST /api/v1/namespaces/prod/pods', { type, body })).toBeNull()
  })

  test('a dry run by the query, which the body makes a real one', () => {
    const line = 'DELETE /api/v1/namespaces/prod/pods/api-7?dryRun=All'
    const dryRun = (body?: object) => dialect.operation(...requestOf(line, { body })).facts.kubernetes?.dryRun
    expect([dryRun(), dryRun({})]).toEqual([true, false])
  })
  test('a program that is run as a dry run', () => {
    expect(dialect.operation(...requestOf(`POST ${shell}&dryRun=All SPDY/3.1`)).facts.kubernetes?.dryRun).toBe(false)
  })
  test('a privileged pod where no rule looks: in a patch, and in the resource of somebody else', () => {
    const functions = (line: string, parts: RequestParts) => dialect.operation(...requestOf(line, parts)).functions
    const patch = [{ op: 'add', path: '/spec/template/spec/containers/0/securityContext/privileged', value: true }]
    const workflow = { spec: { steps: [{ containers: [{ securityContext: { privileged: true } }] }] } }
    expect(
      functions('PATCH /apis/apps/v1/namespaces/prod/deployments/api', { type: 'application/json-patch+json', body: patch }),
    ).toContain('pod:privileged')
    expect(functions('POST /apis/argoproj.io/v1alpha1/namespaces/prod/workflows', { body: workflow })).toContain('pod:privileged')
  })
})

describe('a caller who would be somebody else', () => {
  const headers = (line: string, sent: readonly string[], identity = ada) =>
    dialect.forward(requestOf(line, { headers: sent })[0], identity, 'op_1').headers
  test('by headers', () => {
    const names = [
      'Impersonate-User',
      'Impersonate-Group',
      'X-Remote-User',
      'X-Remote-Group',
      'Authorization',
      'Cookie',
      'Audit-ID',
    ]
    const sent = headers(
      'GET /api/v1/pods',
      names.flatMap((name) => [name, 'system:masters']),
    )
    expect(sent.filter(([, value]) => value.includes('system:masters'))).toEqual([])
  })
  test('by a WebSocket protocol', () => {
    const bearer = 'base64url.bearer.authorization.k8s.io.ZXZl'
    const sent = headers(`GET ${shell} websocket`, ['Sec-WebSocket-Protocol', `v5.channel.k8s.io, ${bearer}`])
    expect(sent.find(([name]) => name === 'sec-websocket-protocol')).toEqual(['sec-websocket-protocol', 'v5.channel.k8s.io'])
  })
  test('by a name that the identity provider gave', () => {
    const eve = { ...ada, email: 'system:admin', groups: ['system:masters'] }
    expect(headers('GET /api/v1/pods', [], eve).filter(([, value]) => value.startsWith('system:'))).toEqual([])
  })
})

describe('a caller for whom the data of secrets is masked', () => {
  const masks = masksOf('fields: [secrets:data.*]')
  const value = Buffer.from('s3cr3t').toString('base64')
  const secret = {
    kind: 'Secret',
    metadata: { name: 'db', annotations: {} as Record<string, string> },
    data: { password: value },
  }
  const applied = {
    ...secret,
    data: {},
    metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(secret) } },
  }
  test.each([
    ['get', 'GET /api/v1/namespaces/prod/secrets/db', secret],
    ['list', 'GET /api/v1/secrets', { items: [secret] }],
    ['watch', 'GET /api/v1/secrets?watch=1', { type: 'ADDED', object: secret }],
    ['the old path of a watch', 'GET /api/v1/watch/secrets', { type: 'ADDED', object: secret }],
    ['a table', 'GET /api/v1/secrets', { kind: 'Table', rows: [{ cells: ['db'], object: secret }] }],
    [
      'a table in a watch',
      'GET /api/v1/secrets?watch=1',
      { type: 'ADDED', object: { kind: 'Table', rows: [{ cells: ['db'], object: secret }] } },
    ],
    ['what was last applied', 'GET /api/v1/namespaces/prod/secrets/db', applied],
    ['what a patch of nothing answers', 'PATCH /api/v1/namespaces/prod/secrets/db', secret],
    ['what a dry run answers', 'PUT /api/v1/namespaces/prod/secrets/db?dryRun=All', secret],
    ['what a delete answers', 'DELETE /api/v1/namespaces/prod/secrets', { items: [secret] }],
  ])('%s', (_, line, answer) => {
    const [request, body] = requestOf(line)
    const results = dialect.results(
      request,
      dialect.operation(request, body),
      { status: 200, contentType: 'application/json' },
      masks,
    )
    if (results === 'identity' || 'refuse' in results) throw new Error('It is not rewritten.')
    const shown = Buffer.concat([...results.write(Buffer.from(JSON.stringify(answer))), ...results.end()]).toString()
    expect(shown).not.toContain(value)
  })
  test.each([
    ['copies', { op: 'copy', from: '/data/password', path: '/metadata/annotations/p' }, ['data', 'password']],
    ['copies what was last applied', { op: 'copy', from: '/metadata/annotations', path: '/stringData' }, []],
    ['copies by an index from the end', { op: 'copy', from: '/data/-1/a', path: '/type' }, ['data']],
    ['moves', { op: 'move', from: '/data', path: '/metadata/annotations' }, ['data']],
    ['guesses', { op: 'test', path: '/data/password', value }, ['data', 'password']],
    ['guesses at all', { op: 'test', path: '', value: secret }, []],
  ])('a patch that %s: the rules are told of what', (_, patch, path) => {
    const sent = requestOf('PATCH /api/v1/namespaces/prod/secrets/db', { type: 'application/json-patch+json', body: [patch] })
    expect(dialect.operation(...sent).fieldFlows).toMatchObject([{ from: { resource: 'secrets', path } }])
  })
  test('an answer in another form', () => {
    const line = 'GET /api/v1/namespaces/prod/secrets/db'
    const [request, body] = requestOf(line, { headers: ['Accept', 'application/vnd.kubernetes.protobuf'] })
    expect(dialect.forward(request, ada, 'op_1').headers).toContainEqual(['accept', 'application/json'])
    const head = { status: 200, contentType: 'application/vnd.kubernetes.protobuf' }
    expect(dialect.results(request, dialect.operation(request, body), head, masks)).toHaveProperty('refuse')
  })
  test('the record of what is written: nothing of it stands there', () => {
    const sent = requestOf('PATCH /api/v1/namespaces/prod/secrets/db', {
      type: 'application/merge-patch+json',
      body: { data: { p: value } },
    })
    const { text, literals } = dialect.operation(...sent)
    expect(literals.filter(({ secret }) => secret).map(({ start, end }) => text.slice(start, end))).toEqual([
      JSON.stringify(value),
    ])
  })
})
