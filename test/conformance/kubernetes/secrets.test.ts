import { readdir, readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keepUntilEnd, temporaryFolder } from '../../support/index.ts'
import { buildPrograms } from './build.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { type Kubectl, kubectlFor } from './kubectl.ts'
import { kubectlVersions, newestKubectl } from './kubectl-versions.ts'
import { type SecretSearch, searchFor } from './secret-search.ts'
import { makeSeeds, maskedFields, plant } from './secret-seeds.ts'
import { ways } from './secret-ways.ts'
import { startTap, type Tap } from './tap.ts'
import { connection, everything, policy, startThroughHoop, type ThroughHoop } from './through-hoop.ts'

const keep = keepUntilEnd(afterAll)
const seeds = makeSeeds()
const typed = (how: string): string => String(seeds.typed[`value that was ${how}`])
let cluster: Cluster
let through: ThroughHoop
let tap: Tap
let stored: Record<string, Buffer>
let search: SecretSearch
const leaks: string[] = []
let tried = 0

beforeAll(async () => {
  cluster = await keep(startCluster(await buildPrograms(console.log)))
  const mask = { kind: 'Mask', name: 'values', connections: { names: [connection] }, fields: maskedFields }
  through = await keep(startThroughHoop(cluster, { login: 'token', rules: [policy('everything', 'allow', everything), mask] }))
  tap = await keep(startTap(through.kubeconfig, (await keep(temporaryFolder('tap'))).path))
})

/** Forms that clients ask for; client-go's first. */
const accepts = [
  'application/vnd.kubernetes.protobuf,application/json',
  'application/vnd.kubernetes.protobuf',
  'application/vnd.kubernetes.protobuf;stream=watch',
  'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  'application/json;as=Table;g=meta.k8s.io;v=v1',
  'application/json;as=Table;g=meta.k8s.io;v=v1beta1,application/json',
  'application/cbor',
  'application/cbor-seq',
  'application/yaml',
  'text/plain',
  '*/*',
]

/** Of what was received since it was asked the last time. */
function look(way: string): void {
  tried++
  const bytes = tap.received()
  expect(bytes.length, `${way} was answered`).toBeGreaterThan(0)
  const found = search.find(bytes)
  if (found !== null) leaks.push(`${way}: ${found}`)
}

describe.each(kubectlVersions.filter((_, i) => i === 0 || i === kubectlVersions.length - 1))('kubectl %s', (version) => {
  let kubectl: Kubectl
  beforeAll(async () => {
    const folder = await keep(temporaryFolder('kubectl'))
    kubectl = await kubectlFor(version, tap.kubeconfig, folder.path)
    const admin = await kubectlFor(version, cluster.adminKubeconfig, folder.path)
    await admin.run(['delete', 'secret,configmap,pod,deployment,event', '--all', '--grace-period=0', '--force'])
    stored = await plant(admin, seeds)
    search = searchFor({ ...stored, ...seeds.typed })
    // What cannot be seen past hoop, would prove nothing.
    const { stdout } = await admin.run(['get', 'secrets,configmaps,pods,deployments,events', '-o', 'json'])
    for (const [name, value] of Object.entries(stored)) {
      if (name.startsWith('value in a release') || name.startsWith('password of a registry')) continue
      expect(searchFor({ [name]: value }).find(Buffer.from(stdout)), name).not.toBeNull()
    }
  })

  test('there is something to see, and it is masked', async () => {
    const { stdout } = await kubectl.run(['get', 'secret', 'db', '-o', 'go-template={{range .data}}{{.|base64decode}} {{end}}'])
    expect(stdout).toBe('[masked] [masked] [masked] [masked] ')
    expect((await kubectl.run(['describe', 'secret', 'db'])).stdout).toMatch(/^password: +8 bytes$/m)
    expect((await kubectl.run(['set', 'env', 'pod/with-env', '--list'])).stdout).toContain('TOKEN=[masked]')
  })

  test.each(version === newestKubectl ? accepts : [])('Accept: %s', async (accept) => {
    tap.received()
    const before = leaks.length
    for (const query of ['', '?includeObject=Object', '?limit=2', '?watch=true&timeoutSeconds=1', '?dryRun=All']) {
      await ask(query === '?dryRun=All' ? 'DELETE' : 'GET', `/api/v1/namespaces/shop/secrets${query}`, { accept })
      look(`${accept} ${query}`)
    }
    expect(leaks.slice(before)).toEqual([])
  })

  test.each(ways)('$name', async ({ name, go }) => {
    tap.received()
    const before = leaks.length
    await go(kubectl, typed)
    look(`${name} (${version})`)
    expect(leaks.slice(before)).toEqual([])
  })
})

/** One request through the tap, to the end of its answer. */
async function ask(method: string, path: string, headers: Record<string, string>): Promise<void> {
  const config = JSON.parse(await readFile(tap.kubeconfig, 'utf8'))
  const { server, 'certificate-authority': ca } = config.clusters[0].cluster
  const authorization = `Bearer ${config.users[0].user.token}`
  const sent = request(`${server}${path}`, {
    ...{ method, ca: await readFile(ca, 'utf8'), agent: false },
    headers: { ...headers, authorization, 'accept-encoding': 'gzip, deflate, br, zstd' },
  })
  const answered = new Promise<void>((resolve, reject) => {
    sent.once('error', reject).once('response', (answer) => buffer(answer).then(() => resolve(), reject))
  })
  sent.end()
  await answered
}

test('every way was looked at', () => {
  process.stdout.write(`ways: ${tried}, held: ${tried - leaks.length}, leaked: ${leaks.length}\n`)
  expect(leaks).toEqual([])
})

test('no value is in any file of the record, or in what the gateway complained about', async () => {
  const finds: string[] = []
  const files = (await readdir(through.record, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  for (const file of files) {
    // Line by line, so that what was found can be told from its neighbours.
    const lines = (await readFile(join(file.parentPath, file.name), 'latin1')).split('\n')
    for (const line of lines) {
      const found = search.find(Buffer.from(line, 'latin1'))
      if (found !== null) finds.push(`${file.name}: ${found}: ${line.slice(0, 300)}`)
    }
  }
  expect(files.length).toBeGreaterThan(1)
  expect(search.find(Buffer.from(through.logs()))).toBeNull()
  expect(finds).toEqual([])
})
