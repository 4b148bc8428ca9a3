import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'

/** What an API server says in place of an object: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export class StatusError extends Error {
  readonly code: number
  readonly reason: string

  constructor(code: number, reason: string, message: string) {
    super(message)
    this.code = code
    this.reason = reason
  }

  get status(): object {
    const { code, reason, message } = this
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }
  }
}

export interface Metadata {
  name?: string
  namespace?: string
  generateName?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  resourceVersion?: string
  uid?: string
  creationTimestamp?: string
}
export interface KubernetesObject {
  readonly metadata?: Metadata
  readonly [field: string]: unknown
}

/** A kind of object. */
export interface Resource {
  /** `v1`, `apps/v1` */
  readonly version: string
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
}

const core = (name: string, kind: string, namespaced = true): Resource => ({ version: 'v1', name, kind, namespaced })
export const resources: readonly Resource[] = [
  core('namespaces', 'Namespace', false),
  core('pods', 'Pod'),
  core('configmaps', 'ConfigMap'),
  core('secrets', 'Secret'),
  core('events', 'Event'),
  { version: 'apps/v1', name: 'deployments', kind: 'Deployment', namespaced: true },
]

/** What happened to an object. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: Resource
  readonly object: KubernetesObject & { readonly metadata: Metadata }
  readonly version: number
}

/** Which objects of a resource are meant. */
export interface Selection {
  readonly resource: Resource
  /** Null: of every namespace. */
  readonly namespace: string | null
  readonly labels: Readonly<Record<string, string>>
  /** Of `metadata.name`; null: whatever their names. */
  readonly name: string | null
}

/** Objects in memory, with the versions that lists and watches go by. */
export class ObjectStore {
  /** Every change since the start, by `version`: a watch may begin at any of them. */
  readonly history: Change[] = []
  readonly news = new EventEmitter<{ change: [Change] }>().setMaxListeners(0)
  readonly #objects = new Map<string, Change['object']>()

  get version(): string {
    return String(this.history.length)
  }

  list(selection: Selection): Change['object'][] {
    const { resource } = selection
    return [...this.#objects.entries()].flatMap(([key, object]) =>
      key.startsWith(`${resource.name}/`) && selects(selection, object) ? [object] : [],
    )
  }

  /** @throws StatusError */
  get(resource: Resource, namespace: string, name: string): Change['object'] {
    const object = this.#objects.get(keyOf(resource, namespace, name))
    if (object === undefined) throw new StatusError(404, 'NotFound', `${resource.name} "${name}" not found`)
    return object
  }

  /** @throws StatusError */
  create(resource: Resource, namespace: string, given: KubernetesObject, keep: boolean): Change['object'] {
    const { generateName, name = `${generateName ?? ''}${randomUUID().slice(0, 5)}` } = given.metadata ?? {}
    if (this.#objects.has(keyOf(resource, namespace, name)))
      throw new StatusError(409, 'AlreadyExists', `${resource.name} "${name}" already exists`)
    const uid = randomUUID()
    const own = { name, ...(resource.namespaced ? { namespace } : {}), uid, creationTimestamp: new Date().toISOString() }
    return this.#put('ADDED', resource, { ...given, metadata: { ...given.metadata, ...own } }, keep)
  }

  /** @throws StatusError where what is there is another version than `given` says. */
  replace(resource: Resource, namespace: string, name: string, given: KubernetesObject, keep: boolean): Change['object'] {
    const { metadata } = this.get(resource, namespace, name)
    const { resourceVersion } = given.metadata ?? {}
    if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
      throw new StatusError(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${resource.name} "${name}": the object has been modified`,
      )
    const { uid = '', creationTimestamp = '' } = metadata
    return this.#put('MODIFIED', resource, { ...given, metadata: { ...given.metadata, uid, creationTimestamp } }, keep)
  }

  /** @throws StatusError */
  delete(resource: Resource, namespace: string, name: string, keep: boolean): Change['object'] {
    return this.#put('DELETED', resource, this.get(resource, namespace, name), keep)
  }

  /** `keep` false: a dry run, which leaves all as it is. */
  #put(type: Change['type'], resource: Resource, given: Change['object'], keep: boolean): Change['object'] {
    const version = this.history.length + 1
    const { version: apiVersion, kind } = resource
    const object = { ...given, apiVersion, kind, metadata: { ...given.metadata, resourceVersion: String(version) } }
    if (!keep) return object
    const key = keyOf(resource, object.metadata.namespace ?? '', object.metadata.name ?? '')
    if (type === 'DELETED') this.#objects.delete(key)
    else this.#objects.set(key, object)
    const change = { type, resource, object, version }
    this.history.push(change)
    this.news.emit('change', change)
    return object
  }
}

/** Whether a selection has this object; its resource aside. */
export function selects({ namespace, labels, name }: Selection, { metadata }: Change['object']): boolean {
  if (namespace !== null && metadata.namespace !== namespace) return false
  if (name !== null && metadata.name !== name) return false
  return Object.entries(labels).every(([label, value]) => metadata.labels?.[label] === value)
}

function keyOf(resource: Resource, namespace: string, name: string): string {
  return `${resource.name}/${resource.namespaced ? namespace : ''}/${name}`
}

/** RFC 7386; a strategic merge patch or a configuration that is applied says the same of what has no lists. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const merged: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergePatch(merged[name], value)
  }
  return merged
}

/** A list as `kubectl get` shows it. */
export function tableOf(objects: readonly Change['object'][], resourceVersion: string): object {
  const column = (name: string) => ({ name, type: 'string', format: '', description: '', priority: 0 })
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion },
    columnDefinitions: [column('Name'), column('Created')],
    rows: objects.map(({ metadata }) => ({
      cells: [metadata.name, metadata.creationTimestamp],
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
    })),
  }
}
