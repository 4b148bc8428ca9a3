import type { Cluster } from './cluster.ts'
import type { Kubectl } from './kubectl.ts'
import type { KubectlVersion } from './kubectl-versions.ts'
import { clusterCases } from './matrix-objects.ts'
import { streamCases } from './matrix-streams.ts'

/** What one case has: a kubectl, straight at the cluster or through hoop, and what is behind it. */
export interface World {
  readonly kubectl: Kubectl
  readonly cluster: Cluster
  /** A name that no other case or kubectl has. */
  readonly name: string
}

/** One thing that people do with kubectl; it holds if nothing was thrown. */
export interface Case {
  readonly name: string
  /** The first minor version of kubectl that can do it. */
  readonly since?: number
  readonly holds: (world: World) => Promise<void>
}

/** All that kubectl must do in the same way straight at a cluster and through hoop. */
const cases: readonly Case[] = [...clusterCases, ...streamCases]

/** Those that this kubectl can do. */
export function casesFor(version: KubectlVersion): readonly Case[] {
  return cases.filter(({ since = 0 }) => since <= minorOf(version))
}

function minorOf(version: KubectlVersion): number {
  return Number(version.split('.')[1])
}

/** A name for what the case makes with this kubectl. */
export function nameOf(one: Case, version: KubectlVersion): string {
  return `case-${cases.indexOf(one)}-${version.replaceAll('.', '-')}`
}
