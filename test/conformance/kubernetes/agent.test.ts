import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepUntilEnd, temporaryFolder } from '../../support/index.ts'
import { readEvents } from '../../support/recorded.ts'
import { buildPrograms } from './build.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { kubectlFor } from './kubectl.ts'
import { kubectlVersions, newestKubectl } from './kubectl-versions.ts'
import { casesFor, nameOf } from './matrix.ts'
import { startThroughHoop, type ThroughHoop } from './through-hoop.ts'

const keep = keepUntilEnd(afterAll)
let cluster: Cluster
let through: ThroughHoop

beforeAll(async () => {
  cluster = await keep(startCluster(await buildPrograms(console.log)))
  through = await keep(startThroughHoop(cluster, { login: 'client certificate', agent: true }))
})

// WebSockets, and SPDY.
const versions = [newestKubectl, ...kubectlVersions.slice(0, 1)]
const cases = versions.flatMap((version) => casesFor(version).map((one) => ({ ...one, version, unique: nameOf(one, version) })))

test.each(cases)('$name, by kubectl $version through an agent in the cluster', async ({ version, holds, unique }) => {
  const folder = await keep(temporaryFolder('kubectl'))
  const kubectl = await kubectlFor(version, through.kubeconfig, folder.path)
  await holds({ kubectl, cluster, name: unique })
})

test('the record says that the agent carried each connection', async () => {
  const logins = (await readEvents(through.record)).filter((event) => event.type === 'stream.login')
  expect(logins.length).toBeGreaterThan(0)
  for (const { agent } of logins) expect(agent?.name).toBe('in-the-cluster')
})
