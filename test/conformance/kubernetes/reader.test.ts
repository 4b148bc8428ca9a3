import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepUntilEnd, temporaryFolder } from '../../support/index.ts'
import { buildPrograms } from './build.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { type Kubectl, kubectlFor } from './kubectl.ts'
import { kubectlVersions, newestKubectl } from './kubectl-versions.ts'
import { secretOf } from './secret-seeds.ts'
import { policy, startThroughHoop } from './through-hoop.ts'

const keep = keepUntilEnd(afterAll)
let cluster: Cluster
const kubectls: Kubectl[] = []

/** Engineers may only read; no programs, no Secrets. In the cluster itself they may do anything in their namespace. */
const rules = [
  policy('changes', 'deny', "operation.effects.exists(e, e != 'read')"),
  policy('secrets', 'deny', "operation.objects.exists(o, o.kind == 'secrets' || o.kind.startsWith('secrets/'))"),
]

beforeAll(async () => {
  cluster = await keep(startCluster(await buildPrograms(console.log)))
  const through = await keep(startThroughHoop(cluster, { login: 'token', rules }))
  for (const version of [newestKubectl, ...kubectlVersions.slice(0, 1)]) {
    kubectls.push(await kubectlFor(version, through.kubeconfig, (await keep(temporaryFolder('kubectl'))).path))
  }
})

const inShop = '/api/v1/namespaces/shop'
const configMap = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'attack' } })
const binding = JSON.stringify({
  ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'attack' } },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'everything' },
  subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
})
const exec = `${inShop}/pods/web-0/exec?command=id&stdout=true`

/** What an attacker types, and what kubectl is fed. None of it may go well. */
const attacks: readonly (readonly [args: readonly string[], input?: string])[] = [
  [['exec', 'web-0', '--', 'id']],
  [['exec', '-i', 'web-0', '--', 'sh'], 'id\n'],
  [['exec', 'deploy/web', '--', 'id']],
  [['attach', '-i', 'web-0'], 'id\n'],
  [['cp', 'web-0:/etc/hostname', 'stolen']],
  [['debug', 'web-0', '--image=busybox', '--', 'id']],
  [['debug', 'web-0', '--copy-to=attack', '--image=busybox']],
  [['debug', 'node/node-1', '--image=busybox']],
  [['run', 'attack', '--image=busybox', '--', 'id']],
  [['port-forward', 'pod/web-0', ':5432']],
  [['get', 'secrets']],
  [['get', 'secret', 'card-key', '-o', 'yaml']],
  [['get', 'secrets.v1.', '-o', 'json']],
  [['get', 'secret/card-key', '--watch']],
  [['get', 'secrets', '--watch-only']],
  [['describe', 'secret', 'card-key']],
  [['get', 'secrets', '-A', '-o', 'json']],
  [['wait', '--for=delete', 'secret/card-key', '--timeout=1s']],
  [['get', '--raw', `${inShop}/secrets`]],
  [['get', '--raw', `${inShop}/secrets/`]],
  [['get', '--raw', `${inShop}/secrets/card-key?pretty=1`]],
  [['get', '--raw', `${inShop}//secrets`]],
  [['get', '--raw', `${inShop}/pods/../secrets`]],
  [['get', '--raw', `${inShop}/pods/%2e%2e/secrets`]],
  [['get', '--raw', `${inShop}/%73ecrets`]],
  [['get', '--raw', `${inShop}%2fsecrets`]],
  [['get', '--raw', '/api/v1/watch/secrets?timeoutSeconds=1']],
  [['get', '--raw', `/api/v1/watch/namespaces/shop/secrets/card-key?timeoutSeconds=1`]],
  [['get', '--raw', '/api/v1/secrets?fieldSelector=metadata.name=card-key']],
  [['get', '--raw', `${inShop}/configmaps?watch=1&watch=0`]],
  [['get', '--raw', exec]],
  [['get', '--raw', exec.replace('/exec', '/exec/')]],
  [['create', '--raw', exec, '-f', '-'], '{}'],
  [['get', '--raw', '/api/v1/nodes/node-1/proxy/pods']],
  [['get', '--raw', '/api/v1/nodes/node-1/proxy/exec/shop/web-0/app?command=id']],
  [['get', '--raw', '/api/v1/nodes/https:node-1:10250/proxy/run/shop/web-0/app?cmd=id']],
  [['get', '--raw', '/api/v1/proxy/nodes/node-1/pods']],
  [['get', '--raw', `${inShop}/pods/web-0/proxy/`]],
  [['get', '--raw', `${inShop}/services/web/proxy/`]],
  [['get', '--raw', '/logs/']],
  [['get', '--raw', '/debug/pprof/heap']],
  [['create', '-f', '-'], configMap],
  [['apply', '-f', '-'], configMap],
  [['apply', '--server-side', '-f', '-'], configMap],
  [['create', '-f', '-'], secretOf('attack', {})],
  [['create', '-f', '-'], binding],
  [['create', 'token', 'default']],
  [['create', '--raw', `${inShop}/configmaps`, '-f', '-'], configMap],
  [['replace', '--raw', `${inShop}/configmaps/settings`, '-f', '-'], configMap],
  [['delete', '--raw', `${inShop}/configmaps/settings`]],
  [['delete', '--raw', `/api/v1/watch/namespaces/shop/configmaps/settings`]],
  [['delete', 'configmap', 'settings']],
  [['delete', 'configmaps', '--all']],
  [['delete', 'pod', 'web-0', '--grace-period=0', '--force']],
  [['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"black"}}']],
  [['label', 'pod', 'web-0', 'app=attack', '--overwrite']],
  [['annotate', 'pod', 'web-0', 'note=attack']],
  [['scale', 'deployment', 'web', '--replicas=0']],
  [['set', 'image', 'deployment/web', 'app=attack:1']],
  [['set', 'env', 'deployment/web', '--from=secret/card-key']],
  [['rollout', 'restart', 'deployment/web']],
  [['autoscale', 'deployment', 'web', '--max=9']],
  [['expose', 'pod', 'web-0', '--port=80', '--name=attack']],
  [['cordon', 'node-1']],
  [['drain', 'node-1', '--force', '--ignore-daemonsets']],
  [['taint', 'node', 'node-1', 'a=b:NoSchedule']],
  [['certificate', 'approve', 'attack']],
  [['get', 'secrets', '--as=system:admin', '--as-group=system:masters']],
  [['get', 'nodes', '--as=system:admin', '--as-group=system:masters']],
  [['delete', 'pod', 'web-0', '--as=system:admin', '--as-group=system:masters']],
  [['get', 'secrets', '--token=system:admin']],
]

const cases = [0, 1].flatMap((index) => attacks.map(([args, input]) => ({ index, words: args.join(' '), args, input })))

test.each(cases)('$index: kubectl $words', async ({ index, args, input }) => {
  const kubectl = kubectls[index]
  const answer = await kubectl?.run(args, input)
  expect(answer?.code, JSON.stringify(answer)).not.toBe(0)
})

test.each([0, 1])('%i: what is to be read can be read', async (index) => {
  for (const args of [
    ['get', 'pods'],
    ['logs', 'web-0'],
    ['get', 'configmap', 'settings', '-o', 'yaml'],
    ['describe', 'pod', 'web-0'],
  ])
    expect(await kubectls[index]?.run(args)).toMatchObject({ code: 0 })
})

test("the cluster's own audit has nothing of this person but what may be read", async () => {
  const own = (await cluster.auditLog()).filter(({ impersonatedUser }) => impersonatedUser !== undefined)
  expect(own.length).toBeGreaterThan(10)
  const others = own.filter(
    ({ verb, requestURI, impersonatedUser }) =>
      !['get', 'list', 'watch'].includes(verb) ||
      /secrets|exec|attach|portforward|proxy|\/logs|debug/.test(decodeURIComponent(requestURI)) ||
      !impersonatedUser?.username.startsWith('hoop:') ||
      impersonatedUser.groups.some((group) => group.startsWith('system:') && group !== 'system:authenticated'),
  )
  expect(others.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([])
})
