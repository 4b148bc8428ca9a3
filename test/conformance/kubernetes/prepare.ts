/**
 * Has everything in the cache that the Kubernetes suite runs, so that the tests themselves build and fetch nothing. Ends with 77 if something
 * cannot be had here.
 */

import { buildPrograms } from './build.ts'
import { Unavailable } from './cache.ts'
import { fetchKubectl, kubectlVersions } from './kubectl-versions.ts'
import { fetchPythonClient } from './python.ts'

const unavailable = 77

try {
  // What is least often to be had first.
  await buildPrograms((line) => process.stdout.write(`${line}\n`))
  for (const version of kubectlVersions) await fetchKubectl(version)
  await fetchPythonClient()
} catch (error) {
  if (!(error instanceof Unavailable)) throw error
  process.stderr.write(`not run: ${error.message}\n`)
  process.exitCode = unavailable
}
