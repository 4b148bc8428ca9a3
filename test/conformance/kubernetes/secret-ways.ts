import type { Program } from '@hoop/demo'
import type { Kubectl } from './kubectl.ts'
import { secretOf } from './secret-seeds.ts'

/** A way to a masked value. */
export interface Way {
  readonly name: string
  readonly go: (kubectl: Kubectl, typed: (how: string) => string) => Promise<unknown>
}

const all = 'secrets,configmaps,pods,deployments,events'

/** What of it is printed is looked at on its way there. */
const runs: readonly (readonly string[])[] = [
  ['get', all],
  ['get', all, '-o', 'wide'],
  ['get', all, '-o', 'yaml'],
  ['get', all, '-o', 'json'],
  ['get', all, '-o', 'name'],
  ['get', all, '-o', 'yaml', '-v=9'],
  ['get', all, '-o', 'json', '--chunk-size=1'],
  ['get', all, '--chunk-size=1'],
  ['get', all, '--show-labels', '-L', 'seeded'],
  ['get', 'secret', 'db', '-o', 'yaml'],
  ['get', 'secret', 'db', '-o', 'jsonpath={.data.password}'],
  ['get', 'secret', 'db', '-o', 'jsonpath={.metadata.annotations}'],
  ['get', 'secrets', '-o', 'jsonpath={.items[*].data}'],
  ['get', 'secrets', '-o', 'go-template={{range .items}}{{range $k,$v := .data}}{{$v|base64decode}}{{end}}{{end}}'],
  ['get', 'secret', 'db', '-o', 'go-template={{.data.password|base64decode}}'],
  ['get', 'secrets', '-o', 'custom-columns=N:.metadata.name,P:.data.password,R:.data.release'],
  ['get', 'secrets', '--sort-by=.data.password'],
  ['get', 'secrets', '-l', 'seeded=yes', '-o', 'json'],
  ['get', 'secrets', '--field-selector=type=helm.sh/release.v1', '-o', 'json'],
  ['get', 'secrets', '--server-print=false'],
  ['get', 'secret', 'registry', '-o', 'yaml'],
  ['get', 'secret', 'sh.helm.release.v1.shop.v1', '-o', 'jsonpath={.data.release}'],
  ['describe', 'secret'],
  ['describe', 'configmap', 'with-values'],
  ['describe', 'pod', 'with-env'],
  ['describe', 'deployment', 'with-env'],
  ['set', 'env', 'pod/with-env', '--list'],
  ['set', 'env', 'deployment/with-env', '--list', '--resolve'],
  ['apply', 'view-last-applied', 'secret', 'db'],
  ['apply', 'view-last-applied', 'secret', 'typed', '-o', 'json'],
  ['apply', 'view-last-applied', 'deployment', 'with-env'],
  ['label', 'secret', 'db', 'seen=yes', '--overwrite', '-o', 'yaml'],
  ['annotate', 'secret', 'db', 'seen=yes', '--overwrite', '-o', 'json'],
  ['patch', 'secret', 'db', '-p', '{"metadata":{"labels":{"seen":"again"}}}', '-o', 'yaml'],
  ['patch', 'secret', 'db', '--type=merge', '-p', '{}', '-o', 'yaml'],
  ['patch', 'secret', 'db', '--type=json', '-p', '[{"op":"copy","from":"/data/password","path":"/metadata/labels/seen"}]'],
  ['patch', 'secret', 'db', '--type=json', '-p', '[{"op":"test","path":"/data/password","value":"aGVsbG8="}]'],
  ['patch', 'secret', 'db', '-p', '{"data":{"password":7}}'],
  ['patch', 'secret', 'db', '-p', '{"type":"other"}'],
  ['patch', 'secret', 'db', '--dry-run=server', '-p', '{"metadata":{"labels":{"a":"b"}}}', '-o', 'yaml'],
  ['scale', 'deployment', 'with-env', '--replicas=2', '-v=9'],
  ['rollout', 'restart', 'deployment/with-env'],
  ['rollout', 'history', 'deployment/with-env', '--revision=1'],
  ['create', 'secret', 'generic', 'db', '--from-literal=a=b'],
  ['cluster-info', 'dump', '--namespaces=shop', '-o', 'yaml'],
  ['explain', 'secret.data'],
]

const list = '/api/v1/namespaces/shop/secrets'
const raws: readonly string[] = [
  list,
  `${list}/db`,
  `${list}?limit=1`,
  `${list}?pretty=true`,
  `${list}?resourceVersion=0`,
  `${list}?includeObject=Object`,
  `${list}?watch=true&timeoutSeconds=1`,
  `${list}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
  '/api/v1/watch/namespaces/shop/secrets?timeoutSeconds=1',
  '/api/v1/watch/namespaces/shop/secrets/db?timeoutSeconds=1',
  '/api/v1/namespaces/shop/configmaps?watch=true&timeoutSeconds=1',
  '/api/v1/namespaces/shop/events',
  '/apis/events.k8s.io/v1/namespaces/shop/events',
  '/apis/apps/v1/namespaces/shop/deployments',
]

/** Until its first line is there; it ends by itself or not. */
async function seen(watch: Program): Promise<void> {
  try {
    await watch.find('stdout', (line) => line || undefined)
  } finally {
    await watch.stop('SIGINT')
  }
}

export const ways: readonly Way[] = [
  ...runs.map((args) => ({ name: args.join(' '), go: (kubectl: Kubectl) => kubectl.run(args) })),
  ...raws.map((path) => ({ name: `get --raw ${path}`, go: (kubectl: Kubectl) => kubectl.run(['get', '--raw', path]) })),
  ...[[], ['-o', 'yaml'], ['-o', 'json', '--output-watch-events']].map((more) => ({
    name: `get secrets --watch ${more.join(' ')}`,
    go: async (kubectl: Kubectl) => seen(await kubectl.start(['get', 'secrets', '--watch', ...more])),
  })),
  {
    name: 'apply, twice, and its answer',
    async go({ run }, typed) {
      for (const word of [typed('applied'), `${typed('applied')}!`]) {
        await run(['apply', '-o', 'yaml', '-f', '-'], secretOf('mine', { stringData: { word } }))
      }
    },
  },
  {
    name: 'apply by the server, and its conflict',
    async go({ run }, typed) {
      const data = { word: Buffer.from(typed('applied by the server')).toString('base64') }
      const args = ['apply', '--server-side', '-o', 'yaml', '-f', '-']
      await run(args, secretOf('by-server', { data }))
      await run([...args, '--force-conflicts'], secretOf('mine-by-server', { data }))
    },
  },
  {
    name: 'diff',
    go: ({ run }, typed) => run(['diff', '-f', '-'], secretOf('db', { stringData: { password: typed('dried') } })),
  },
  {
    name: 'dry runs',
    async go({ run }, typed) {
      for (const verb of ['create', 'apply', 'replace']) {
        const name = verb === 'create' ? 'never' : 'db'
        await run([verb, '--dry-run=server', '-o', 'yaml', '-f', '-'], secretOf(name, { stringData: { word: typed('dried') } }))
      }
    },
  },
  {
    name: 'a patch with a value, three ways',
    async go({ run }, typed) {
      const data = { word: Buffer.from(typed('patched')).toString('base64') }
      await run(['patch', 'secret', 'typed', '-o', 'yaml', '-p', JSON.stringify({ stringData: { word: typed('patched') } })])
      await run(['patch', 'secret', 'typed', '--type=merge', '-o', 'yaml', '-p', JSON.stringify({ data })])
      const operations = [{ op: 'add', path: '/data', value: data }]
      await run(['patch', 'secret', 'typed', '--type=json', '-o', 'yaml', '-p', JSON.stringify(operations)])
    },
  },
  {
    name: 'replace, also of what is not there',
    async go({ run }, typed) {
      await run(['replace', '-o', 'yaml', '-f', '-'], secretOf('registry', { stringData: { word: typed('put') } }))
      await run(['replace', '-f', '-'], secretOf('nobody', { stringData: { word: typed('put') } }))
    },
  },
  {
    name: 'what the API server refuses, and repeats',
    async go({ run }, typed) {
      await run(['create', '-f', '-'], secretOf('bad', { data: { word: typed('refused') } }))
      await run(['create', '-f', '-'], secretOf('bad', { type: 'kubernetes.io/tls', stringData: { word: typed('refused') } }))
    },
  },
  { name: 'delete, whose answer is the object', go: ({ run }) => run(['delete', '--raw', `${list}/typed`]) },
  { name: 'delete by label', go: ({ run }) => run(['delete', 'secrets', '-l', 'seeded=yes', '-o', 'name']) },
]
