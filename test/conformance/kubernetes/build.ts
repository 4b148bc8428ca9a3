import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { cached, isCached, Unavailable } from './cache.ts'

/** The Kubernetes release that is built; its Go modules call 1.N.P 0.N.P. */
export const kubernetesVersion = '1.35.4'

/** Go programs of this folder, by the folder that each is in. */
const sources = {
  apiserver: 'servers/kube-apiserver',
  etcd: 'servers/etcd',
  kubelet: 'servers/fakekubelet',
  clientGo: 'clients/go',
  protobuf: 'protobuf',
} as const

/** Paths of the programs. */
export type Programs = { readonly [Name in keyof typeof sources]: string }

/**
 * Builds the servers and the Go client once into the cache; the API server takes eight minutes of two cores.
 * @throws Unavailable
 */
export async function buildPrograms(say: (line: string) => void): Promise<Programs> {
  const built: [string, string][] = []
  for (const [name, folder] of Object.entries(sources)) built.push([name, await buildProgram(name, folder, say)])
  return Object.fromEntries(built) as Programs
}

async function buildProgram(name: string, folder: string, say: (line: string) => void): Promise<string> {
  const source = fileURLToPath(new URL(folder, import.meta.url))
  const cacheName = `${name}-${await digestOf(source)}`
  if (!(await isCached(cacheName))) await requireGo()
  const place = await cached(cacheName, async (partial) => {
    say(`building ${folder} into the cache, once`)
    await compile(source, join(partial, name))
  })
  return join(place, name)
}

/** Asked before anything is made or fetched. */
async function requireGo(): Promise<void> {
  const { failed } = await execa('go', ['version'], { reject: false })
  if (failed) throw new Unavailable('it needs Go 1.26 in the PATH: see https://go.dev/dl.')
}

async function compile(source: string, program: string): Promise<void> {
  const [major, minor] = kubernetesVersion.split('.')
  const version = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor }
  const named = Object.entries(version).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)
  const flags = ['-p', String(availableParallelism()), '-mod=readonly', '-trimpath', '-ldflags', ['-s -w', ...named].join(' ')]
  const { failed, stderr } = await execa('nice', ['-n', '19', 'go', 'build', ...flags, '-o', program, '.'], {
    cwd: source,
    env: { CGO_ENABLED: '0' },
    reject: false,
  })
  if (!failed) return
  throw new Unavailable(`${source} could not be built (${complaint(stderr)}). Run this where the Go module proxy answers.`)
}

/** The last that Go said, without its downloads. */
function complaint(stderr: string): string {
  const lines = stderr.trim().split('\n')
  return lines.findLast((line) => !line.startsWith('go: downloading')) ?? 'it said nothing'
}

/** Of all that the program is made of: what it requires is pinned in there. */
async function digestOf(folder: string): Promise<string> {
  const hash = createHash('sha256').update(kubernetesVersion)
  for (const name of (await readdir(folder)).toSorted()) hash.update(`${name}\0`).update(await readFile(join(folder, name)))
  return hash.digest('hex').slice(0, 16)
}
