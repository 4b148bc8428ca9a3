import type { ObjectAccess } from '@hoop/contracts'

/** What a manifest, or a part of one, asks for beyond its own object. */
interface ManifestClaims {
  /** `pod:privileged`, `pod:hostPath`, …: what rules may ask for by name. */
  readonly functions: ReadonlySet<string>
  /** What it refers to: secrets and config maps that a pod gets to read, the service account it acts as, images, folders of the node. */
  readonly objects: readonly ObjectAccess[]
}

/** Reads what is there, and nothing else: a patch holds a part of a manifest. Never throws. */
export function manifestClaims(
  manifest: unknown,
  place: { readonly resource: string; readonly namespace: string },
): ManifestClaims {
  const claims = new Claims(place.namespace)
  for (const spec of podSpecs(manifest, place.resource)) claims.pod(spec)
  if (place.resource.endsWith('.rbac.authorization.k8s.io')) claims.rbac(manifest)
  const persistentVolume = place.resource === 'persistentvolumes' ? at(manifest, 'spec', 'hostPath') : undefined
  if (persistentVolume !== undefined) claims.hostPath('persistentvolume:hostPath', persistentVolume)
  if (
    place.resource === 'namespaces' &&
    Object.keys(record(at(manifest, 'metadata', 'labels'))).some((name) => name.startsWith('pod-security.'))
  )
    claims.functions.add('namespace:podSecurity')
  return claims
}

/** A service account's token, in a Secret that the controller fills. https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets */
export function asksForToken(manifest: unknown): boolean {
  return at(manifest, 'type') === 'kubernetes.io/service-account-token'
}

const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const

/** Where pods are specified: in the places of the built-in kinds, and wherever else something has containers. */
function podSpecs(manifest: unknown, resource: string): ReadonlySet<object> {
  const specs = new Set<object>()
  const known = [
    ...(resource === 'pods' ? [['spec']] : []),
    ['template', 'spec'],
    ['spec', 'template', 'spec'],
    ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ]
  for (const path of known) {
    const spec = at(manifest, ...path)
    if (isRecord(spec)) specs.add(spec)
  }
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const element of value) walk(element)
    if (!isRecord(value)) return
    if (containerLists.some((name) => Array.isArray(value[name]))) specs.add(value)
    for (const member of Object.values(value)) walk(member)
  }
  walk(manifest)
  return specs
}

class Claims implements ManifestClaims {
  readonly functions = new Set<string>()
  readonly objects: ObjectAccess[] = []
  readonly #namespace: string

  constructor(namespace: string) {
    this.#namespace = namespace
  }

  pod(spec: object): void {
    const pod = record(spec)
    for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) if (pod[name] === true) this.functions.add(`pod:${name}`)
    this.#refer('serviceaccounts', pod.serviceAccountName, 'use', 'pod:serviceAccount')
    if (pod.serviceAccountName === undefined) this.#refer('serviceaccounts', pod.serviceAccount, 'use', 'pod:serviceAccount')
    for (const secret of list(pod.imagePullSecrets)) this.#refer('secrets', at(secret, 'name'), 'read', 'pod:secrets')
    for (const volume of list(pod.volumes)) this.#volume(volume)
    for (const name of containerLists) for (const container of list(pod[name])) this.#container(container)
    if (list(pod.ephemeralContainers).length > 0) this.functions.add('pod:ephemeralContainers')
  }

  #container(container: unknown): void {
    const { image, envFrom, env, ports } = record(container)
    if (typeof image === 'string') this.objects.push({ kind: 'images', name: image, access: 'execute' })
    const security = record(at(container, 'securityContext'))
    if (security.privileged === true) this.functions.add('pod:privileged')
    if (security.allowPrivilegeEscalation === true) this.functions.add('pod:allowPrivilegeEscalation')
    if (list(at(security, 'capabilities', 'add')).length > 0) this.functions.add('pod:capabilities')
    if (security.procMount === 'Unmasked') this.functions.add('pod:procMount')
    if (list(ports).some((port) => typeof at(port, 'hostPort') === 'number' && at(port, 'hostPort') !== 0))
      this.functions.add('pod:hostPort')
    for (const source of list(envFrom)) {
      this.#refer('secrets', at(source, 'secretRef', 'name'), 'read', 'pod:secrets')
      this.#refer('configmaps', at(source, 'configMapRef', 'name'), 'read', null)
    }
    for (const variable of list(env)) {
      this.#refer('secrets', at(variable, 'valueFrom', 'secretKeyRef', 'name'), 'read', 'pod:secrets')
      this.#refer('configmaps', at(variable, 'valueFrom', 'configMapKeyRef', 'name'), 'read', null)
    }
  }

  #volume(volume: unknown): void {
    const { hostPath, csi } = record(volume)
    if (hostPath !== undefined) this.hostPath('pod:hostPath', hostPath)
    this.#refer('secrets', at(csi, 'nodePublishSecretRef', 'name'), 'read', 'pod:secrets')
    for (const source of [volume, ...list(at(volume, 'projected', 'sources'))]) {
      this.#refer('secrets', at(source, 'secret', 'secretName') ?? at(source, 'secret', 'name'), 'read', 'pod:secrets')
      this.#refer('configmaps', at(source, 'configMap', 'name'), 'read', null)
      if (at(source, 'serviceAccountToken') !== undefined) this.functions.add('pod:serviceAccountToken')
    }
  }

  hostPath(name: string, hostPath: unknown): void {
    this.functions.add(name)
    const path = at(hostPath, 'path')
    if (typeof path === 'string') this.objects.push({ kind: 'hostPath', name: path, access: 'use' })
  }

  rbac(manifest: unknown): void {
    const { kind, name } = record(at(manifest, 'roleRef'))
    if (typeof name === 'string') {
      const cluster = kind === 'ClusterRole'
      const resource = `${cluster ? 'clusterroles' : 'roles'}.rbac.authorization.k8s.io`
      this.objects.push({ kind: resource, name: cluster ? name : this.#named(name), access: 'grant' })
    }
    for (const rule of list(at(manifest, 'rules')))
      if ([at(rule, 'verbs'), at(rule, 'resources'), at(rule, 'apiGroups')].some((names) => list(names).includes('*')))
        this.functions.add('rbac:wildcard')
  }

  #refer(kind: string, name: unknown, access: string, claim: string | null): void {
    if (typeof name !== 'string' || name === '') return
    this.objects.push({ kind, name: this.#named(name), access })
    if (claim !== null) this.functions.add(claim)
  }

  #named(name: string): string {
    return this.#namespace === '' ? name : `${this.#namespace}/${name}`
  }
}

/** The value at this path of a parsed document; undefined: there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value
  for (const name of path) found = isRecord(found) && Object.hasOwn(found, name) ? found[name] : undefined
  return found
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
