import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hoop, keepUntilEnd, temporaryFolder } from '../../support/index.ts'
import { buildPrograms } from './build.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { kubectlFor } from './kubectl.ts'
import { fetchKubectl, kubectlVersions, newestKubectl } from './kubectl-versions.ts'
import { libraries } from './libraries.ts'
import { casesFor, nameOf } from './matrix.ts'
import { namespace } from './objects.ts'
import { connection, startThroughHoop, type ThroughHoop } from './through-hoop.ts'

const keep = keepUntilEnd(afterAll)
let cluster: Cluster
let through: ThroughHoop

beforeAll(async () => {
  cluster = await keep(startCluster(await buildPrograms(console.log)))
  through = await keep(startThroughHoop(cluster, { login: 'token' }))
})

afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.log(through.logs())
})

test.for(libraries)('$name, through hoop', async ({ run, says }) => {
  expect(await run(through.kubeconfig)).toEqual(says)
})

describe.each(kubectlVersions)('kubectl %s, through hoop', (version) => {
  test.each(casesFor(version))('$name', async (one) => {
    const folder = await keep(temporaryFolder('kubectl'))
    const kubectl = await kubectlFor(version, through.kubeconfig, folder.path)
    await one.holds({ kubectl, cluster, name: nameOf(one, version) })
  })
})

test('hoop exec -- kubectl', async () => {
  const kubectl = await fetchKubectl(newestKubectl)
  const args = [
    'exec',
    connection,
    '--',
    kubectl,
    `--namespace=${namespace}`,
    'exec',
    'web-0',
    '--',
    'sh',
    '-c',
    'echo out; exit 7',
  ]
  expect(await hoop(args, { home: through.home })).toMatchObject({ code: 7, stdout: 'out\n' })
})

test("the cluster's own audit names the person behind each request", async () => {
  const own = (await cluster.auditLog()).filter(({ user }) => user.username === 'system:serviceaccount:hoop:gateway')
  expect(own.length).toBeGreaterThan(0)
  for (const { impersonatedUser } of own) {
    expect(impersonatedUser).toMatchObject({ groups: expect.arrayContaining(['hoop:engineering']) })
    expect(impersonatedUser?.username).toMatch(/^hoop:/)
  }
})
