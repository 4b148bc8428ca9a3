import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keepUntilEnd, temporaryFolder } from '../../support/index.ts'
import { buildPrograms } from './build.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { kubectlFor } from './kubectl.ts'
import { kubectlVersions } from './kubectl-versions.ts'
import { libraries } from './libraries.ts'
import { casesFor, nameOf } from './matrix.ts'

const keep = keepUntilEnd(afterAll)
let cluster: Cluster

beforeAll(async () => {
  cluster = await keep(startCluster(await buildPrograms(console.log)))
})

test.each(libraries)('$name, straight at the cluster', async ({ run, says }) => {
  expect(await run(cluster.engineerKubeconfig)).toEqual(says)
})

describe.each(kubectlVersions)('kubectl %s, straight at the cluster', (version) => {
  test.each(casesFor(version))('$name', async (one) => {
    const folder = await keep(temporaryFolder('kubectl'))
    const kubectl = await kubectlFor(version, cluster.engineerKubeconfig, folder.path)
    await one.holds({ kubectl, cluster, name: nameOf(one, version) })
  })
})
