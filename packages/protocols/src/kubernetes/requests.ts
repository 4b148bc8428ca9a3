import type { HttpRequest } from '../http/request.ts'

/**
 * What a request is about, as kube-apiserver reads it before it asks its authorizers.
 * https://github.com/kubernetes/apiserver/blob/v0.35.4/pkg/endpoints/request/requestinfo.go
 */
export interface RequestAttributes {
  /** Of a resource: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `proxy`; otherwise the method in lower case. */
  readonly verb: string
  readonly group: string
  readonly version: string
  /** Empty: no resource. */
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** What follows the subresource: the path that a proxy asks for. */
  readonly rest: readonly string[]
  readonly fieldSelector: string
  readonly labelSelector: string
  /** By the query alone. */
  readonly dryRun: boolean
}

/** A request that the API server could read in another way than we do. */
export interface Unreadable {
  readonly unreadable: string
}

/** Said more than once in a query, each has a meaning. */
const manyValued: ReadonlySet<string> = new Set(['command', 'ports', 'dryRun'])
const namespaceSubresources: ReadonlySet<string> = new Set(['status', 'finalize'])
const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

export function readAttributes(request: HttpRequest): RequestAttributes | Unreadable {
  const place = readPlace(request)
  if ('unreadable' in place) return place
  // What a proxied program reads of its query is its own business.
  const proxied = place.subresource === 'proxy' || place.verb === 'proxy' || place.resource === ''
  const query = proxied ? null : readQuery(request)
  if (query !== null && 'unreadable' in query) return query
  const value = (name: string) => query?.get(name)?.[0] ?? ''
  const verb = verbOf(place, query)
  const selectable = verb === 'list' || verb === 'watch' || verb === 'deletecollection'
  return {
    ...place,
    verb,
    name: place.name === '' && (verb === 'list' || verb === 'watch') ? selectedName(value('fieldSelector')) : place.name,
    fieldSelector: selectable ? value('fieldSelector') : '',
    labelSelector: selectable ? value('labelSelector') : '',
    dryRun: query?.has('dryRun') ?? false,
  }
}

type Place = Omit<RequestAttributes, 'fieldSelector' | 'labelSelector' | 'dryRun'>

function readPlace({ method, segments }: HttpRequest): Place | Unreadable {
  const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', rest: [] }
  const [api, ...path] = segments
  if (api !== 'api' && api !== 'apis') return { verb: method.toLowerCase(), ...nothing }
  const group = api === 'apis' ? (path.shift() ?? '') : ''
  const version = path.shift() ?? ''
  if (path.length === 0) return { verb: method.toLowerCase(), ...nothing }
  let verb = verbs[method] ?? ''
  if (path[0] === 'watch' || path[0] === 'proxy') {
    const prefix = path.shift() as string
    verb = prefix === 'watch' && method !== 'GET' ? '' : prefix
    if (path.length === 0) return { unreadable: `the path ends behind ${prefix}/: it names no resource` }
  }
  let namespace = ''
  if (path[0] === 'namespaces' && path[1] !== undefined) {
    namespace = path[1]
    if (path[2] !== undefined && !namespaceSubresources.has(path[2])) path.splice(0, 2)
  }
  const [resource = '', name = '', ...rest] = path
  const subresource = verb === 'proxy' ? '' : (rest.shift() ?? '')
  return { verb, group, version, resource, subresource, namespace, name, rest }
}

function verbOf({ verb, name, resource }: Place, query: ReadonlyMap<string, readonly string[]> | null): string {
  if (resource === '' || name !== '') return verb
  if (verb === 'delete') return 'deletecollection'
  if (verb !== 'get') return verb
  return truth(query?.get('watch')?.[0]) ? 'watch' : 'list'
}

/** Of a parameter that is true or false: anything but `0` and `false` is true, also nothing behind the `=`. */
export function truth(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value.toLowerCase() !== 'false'
}

/** The name that a list asks for by its selector, as the authorizers are asked; an operator beside it leaves it a list of others as well. */
function selectedName(fieldSelector: string): string {
  const names = fieldSelector.split(',').flatMap((term) => /^metadata\.name==?([^=!,\\]+)$/.exec(term.trim())?.[1] ?? [])
  return names.length === 1 ? (names[0] as string) : ''
}

function readQuery(request: HttpRequest): ReadonlyMap<string, readonly string[]> | Unreadable {
  const values = new Map<string, string[]>()
  for (const { name, value } of request.query) values.set(name, [...(values.get(name) ?? []), value])
  for (const [name, { length }] of values)
    if (length > 1 && !manyValued.has(name))
      return { unreadable: `the query says ${name} ${length} times, and Kubernetes takes the first only: say it once` }
  const dryRun = values.get('dryRun')
  if (dryRun?.some((value) => value !== 'All')) return { unreadable: 'dryRun is All, or is left out' }
  return values
}

/** Subresources that are their resource's own object again. */
const sameObject: ReadonlySet<string> = new Set(['', 'status', 'resize', 'ephemeralcontainers', 'finalize', 'approval'])

/** By what name masks know the documents of this request: `secrets`, `deployments.apps`, `deployments.apps/scale`. */
export function documentKind({ group, resource, subresource }: RequestAttributes): string {
  const name = group === '' ? resource : `${resource}.${group}`
  return sameObject.has(subresource) ? name : `${name}/${subresource}`
}

/** Kinds under which the same objects are served twice. */
const twice: readonly (readonly string[])[] = [
  ['events', 'events.events.k8s.io'],
  ['ingresses.networking.k8s.io', 'ingresses.extensions'],
  ['networkpolicies.networking.k8s.io', 'networkpolicies.extensions'],
  ['deployments.apps', 'deployments.extensions'],
  ['daemonsets.apps', 'daemonsets.extensions'],
  ['replicasets.apps', 'replicasets.extensions'],
]

/** All names of a kind; several, where the same objects are served twice. */
export function namesOf(kind: string): readonly string[] {
  return twice.find((names) => names.includes(kind)) ?? [kind]
}

/** A program behind the API server answers. */
export function isProxied({ verb, subresource }: RequestAttributes): boolean {
  return verb === 'proxy' || subresource === 'proxy'
}
