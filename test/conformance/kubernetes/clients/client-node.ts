/** What programs do with @kubernetes/client-node, at the cluster of a kubeconfig: client-node.ts KUBECONFIG POD CONTAINER */

import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CoreV1Api, Exec, KubeConfig, Log, PatchStrategy, setHeaderOptions, Watch } from '@kubernetes/client-node'

const [file = '', pod = '', container = ''] = process.argv.slice(2)
const namespace = 'shop'

const config = new KubeConfig()
config.loadFromFile(file)
const api = config.makeApiClient(CoreV1Api)

const { items } = await api.listNamespacedPod({ namespace })
console.log('list:', items[0]?.metadata?.name)

const { promise: added, resolve: onAdded, reject } = Promise.withResolvers<string>()
const path = `/api/v1/namespaces/${namespace}/configmaps`
const watch = await new Watch(config).watch(
  path,
  {},
  (type: string, object: { metadata: { name: string } }) => {
    if (type === 'ADDED' && object.metadata.name.startsWith('watched-')) onAdded(object.metadata.name)
  },
  (error: unknown) => reject(error),
)
const made = await api.createNamespacedConfigMap({
  namespace,
  body: { metadata: { generateName: 'watched-' }, data: { a: '1' } },
})
const name = made.metadata?.name ?? ''
console.log('watch:', (await added) === name)
watch.abort()

const patched = await api.patchNamespacedConfigMap(
  { namespace, name, body: { data: { b: '2' } } },
  setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
)
console.log('patch:', JSON.stringify(patched.data))
await api.deleteNamespacedConfigMap({ namespace, name })
const gone = await api.readNamespacedConfigMap({ namespace, name }).catch((error: { code?: number }) => error.code)
console.log('delete:', gone)

const log = new PassThrough()
const logged = text(log)
await new Log(config).log(namespace, pod, container, log, { tailLines: 3 })
console.log('log:', (await logged).trim().split('\n').length)

const [out, errors] = [new PassThrough(), new PassThrough()]
const said = Promise.all([text(out), text(errors)])
const command = ['sh', '-c', 'head -c 5; echo warned >&2; exit 5']
const { promise: exit, resolve: onExit } = Promise.withResolvers<string | undefined>()
await new Exec(config).exec(namespace, pod, container, command, out, errors, Readable.from(['hello']), false, ({ details }) =>
  onExit(details?.causes?.[0]?.message),
)
const code = await exit
out.end()
errors.end()
console.log('exec:', (await said).map((each) => each.trim()).join(' '), code)
