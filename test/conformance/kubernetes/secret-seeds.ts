import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Kubectl } from './kubectl.ts'
import { podOf } from './objects.ts'

/** Values that are masked for engineers, by a name for each. */
export interface Seeds {
  /** In the cluster before anybody asks: nobody may receive them. */
  readonly stored: Readonly<Record<string, Buffer>>
  /** What callers send: it may not come back, and is on no record. */
  readonly typed: Readonly<Record<string, Buffer>>
}

/** The places that are masked. */
export const maskedFields = [
  'secrets:{data,stringData}.*',
  'configmaps:{data,binaryData}.*',
  'pods:spec.containers[*].env[*].value',
  'deployments.apps:spec.template.spec.containers[*].env[*].value',
  'events:{message,note}',
]

const word = () => randomBytes(18).toString('base64url')

export function makeSeeds(): Seeds {
  const stored = {
    password: Buffer.from(word()),
    'value with every quote': Buffer.from(`${word()}<&>"'\\ %+/=ü\t:${word()}`),
    'lines of a key': Buffer.from(`${randomBytes(48).toString('base64')}\n${randomBytes(48).toString('base64')}\n`),
    'bytes that are no text': Buffer.concat([Buffer.of(0xff, 0xfe, 0x00, 0x80), randomBytes(48)]),
    'value set by stringData': Buffer.from(word()),
    'value applied by the server': Buffer.from(word()),
    'value in a release of helm': Buffer.from(word()),
    'password of a registry': Buffer.from(word()),
    'value of a config map': Buffer.from(word()),
    'variable of a pod': Buffer.from(word()),
    'variable of a deployment': Buffer.from(word()),
    'words of an event': Buffer.from(word()),
  }
  const typed = Object.fromEntries(
    ['applied', 'applied by the server', 'put', 'patched', 'dried', 'refused', 'streamed'].map((how) => [
      `value that was ${how}`,
      Buffer.from(word()),
    ]),
  )
  return { stored, typed }
}

export function secretOf(name: string, more: object): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name, labels: { seeded: 'yes' } }, ...more })
}

/** Puts them into the cluster, past hoop. */
export async function plant({ run }: Pick<Kubectl, 'run'>, { stored }: Seeds): Promise<Record<string, Buffer>> {
  const value = (name: keyof typeof stored): Buffer => stored[name] as Buffer
  const base64 = (name: string) => value(name).toString('base64')
  const made = async (text: string, ...args: string[]) => {
    const { code, stderr } = await run([...(args.length === 0 ? ['create'] : args), '-f', '-'], text)
    if (code !== 0) throw new Error(`it could not be planted: ${stderr}`)
  }
  const data = { password: base64('password'), quotes: base64('value with every quote') }
  await made(secretOf('db', { data: { ...data, key: base64('lines of a key'), raw: base64('bytes that are no text') } }), 'apply')
  await made(secretOf('typed', { stringData: { word: value('value set by stringData').toString() } }), 'apply')
  const server = ['apply', '--server-side', '--field-manager=planter']
  await made(secretOf('by-server', { data: { word: base64('value applied by the server') } }), ...server)
  const release = { name: 'shop', config: { password: value('value in a release of helm').toString() } }
  const zipped = gzipSync(JSON.stringify(release)).toString('base64')
  const type = 'helm.sh/release.v1'
  await made(secretOf('sh.helm.release.v1.shop.v1', { type, data: { release: Buffer.from(zipped).toString('base64') } }))
  const login = Buffer.from(`shop:${value('password of a registry')}`).toString('base64')
  const auths = JSON.stringify({ auths: { 'registry.example.com': { auth: login } } })
  await made(secretOf('registry', { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': auths } }))
  const config = { metadata: { name: 'with-values' }, data: { word: value('value of a config map').toString() } }
  await made(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', ...config }), 'apply')
  const pod = podOf('with-env') as { spec: { containers: object[] } }
  const env = (name: string) => [{ name: 'TOKEN', value: value(name).toString() }]
  const [container] = pod.spec.containers
  await made(
    JSON.stringify({ ...pod, spec: { ...pod.spec, containers: [{ ...container, env: env('variable of a pod') }] } }),
    'apply',
  )
  const labels = { app: 'with-env' }
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'app', image: 'web:1', env: env('variable of a deployment') }] },
  }
  const deployment = { metadata: { name: 'with-env' }, spec: { selector: { matchLabels: labels }, template } }
  await made(JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', ...deployment }), 'apply')
  const about = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'with-env' }
  const event = { involvedObject: about, type: 'Warning', reason: 'Odd', message: value('words of an event').toString() }
  await made(JSON.stringify({ apiVersion: 'v1', kind: 'Event', metadata: { name: 'with-env.odd' }, ...event }))
  // Squeezed it has other bytes, which lead to the value as well.
  return { ...stored, 'a release of helm, squeezed': Buffer.from(zipped) }
}
