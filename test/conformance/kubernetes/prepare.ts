/**
 * Has everything in the cache that the Kubernetes suite runs, so that the tests themselves build and fetch nothing. Ends with 77 if something
 * cannot be had here.
 */

import { buildPrograms } from './build.ts'
import { Unavailable } from './cache.ts'
import { fetchKubectl, kubectlVersions } from './kubectl-versions.ts'
import { fetchPythonClient } from './python.ts'

const unavailable = 77

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  for (const version of kubectlVersions) await fetchKubectl(version)
  await fetchPythonClient()
  await buildPrograms(say)
} catch (error) {
  if (!(error instanceof Unavailable)) throw error
  say(`not run: ${error.message}`)
  process.exitCode = unavailable
}
