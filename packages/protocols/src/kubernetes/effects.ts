import type { Effect } from '@hoop/contracts'
import type { RequestAttributes } from './requests.ts'

/** What a request does, or why nobody knows. */
export type Reading = { readonly effects: readonly Effect[] } | { readonly unknown: string }

const read = ['read'] as const satisfies Effect[]
const changing: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])

/** `secrets`, `deployments.apps`: a resource with its group, as `kubectl api-resources -o name` and masks call it. */
export function resourceName({ resource, group }: Pick<RequestAttributes, 'resource' | 'group'>): string {
  return group === '' ? resource : `${resource}.${group}`
}

/** The subresource before the verb: `GET pods/exec` runs a program. */
export function readEffects(attributes: RequestAttributes): Reading {
  const { verb, resource, subresource, rest } = attributes
  const name = resourceName(attributes)
  if (verb === '') return { unknown: `no verb of Kubernetes has this method (${name})` }
  if (verb === 'proxy') return proxied(name, name)
  if (subresource === '') return ofResource(verb, name, attributes.group)
  const whole = `${name}/${subresource}`
  if (subresource === 'proxy') return proxied(name, whole)
  if (rest.length > 0) return { unknown: `${whole} has no paths of its own` }
  const own = subresources[whole]
  if (own !== undefined) return own(verb) ?? { unknown: `${whole} does not know ${verb}` }
  // Of any kind, also of those that a definition made.
  if ((subresource === 'status' || subresource === 'scale') && resource !== '') return ofResource(verb, name, attributes.group)
  if (attributes.group === 'custom.metrics.k8s.io' && verb === 'get') return { effects: read }
  return { unknown: `what ${verb} of ${whole} does is known to the API that serves it only` }
}

/** The kubelet's own API runs programs in containers (`/run`, `/exec`), whatever the method. */
function proxied(resource: string, whole: string): Reading {
  if (resource === 'nodes') return { effects: ['execute', 'network'] }
  if (resource === 'pods' || resource === 'services') return { effects: ['network'] }
  return { unknown: `${whole} is no proxy of Kubernetes` }
}

type OfVerb = (verb: string) => Reading | null

const whenStarted =
  (effects: readonly Effect[]): OfVerb =>
  (verb) =>
    verb === 'get' || verb === 'create' ? { effects } : null
const getOr =
  (effects: readonly Effect[], ...others: readonly string[]): OfVerb =>
  (verb) =>
    others.includes(verb) ? { effects } : verb === 'get' ? { effects: read } : null
const onlyCreate =
  (effects: readonly Effect[]): OfVerb =>
  (verb) =>
    verb === 'create' ? { effects } : null

const signing = getOr(['dcl', 'write'], 'update', 'patch')

/** Subresources of the built-in resources that do something of their own. */
const subresources: Readonly<Record<string, OfVerb>> = {
  'pods/exec': whenStarted(['execute']),
  'pods/attach': whenStarted(['execute']),
  'pods/portforward': whenStarted(['network']),
  'pods/log': (verb) => (verb === 'get' ? { effects: read } : null),
  'pods/ephemeralcontainers': getOr(['execute', 'write'], 'update', 'patch'),
  'pods/resize': getOr(['write'], 'update', 'patch'),
  'pods/eviction': onlyCreate(['write']),
  'pods/binding': onlyCreate(['write']),
  'serviceaccounts/token': onlyCreate(['dcl', 'write']),
  'namespaces/finalize': getOr(['ddl', 'write'], 'update'),
  'certificatesigningrequests.certificates.k8s.io/approval': signing,
  'certificatesigningrequests.certificates.k8s.io/status': signing,
}

/** What is asked by `create`, and changes nothing. */
const reviews: ReadonlySet<string> = new Set([
  'tokenreviews.authentication.k8s.io',
  'selfsubjectreviews.authentication.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
])
/** Groups whose objects change what the API is, and what may pass it. */
const definingGroups: ReadonlySet<string> = new Set([
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'admissionregistration.k8s.io',
])
const grantingGroups: ReadonlySet<string> = new Set(['rbac.authorization.k8s.io', 'certificates.k8s.io', 'authentication.k8s.io'])

function ofResource(verb: string, name: string, group: string): Reading {
  if (verb === 'get' || verb === 'list' || verb === 'watch') return { effects: read }
  if (!changing.has(verb)) return { unknown: `no verb of Kubernetes is ${verb}` }
  if (reviews.has(name)) return verb === 'create' ? { effects: read } : { unknown: `${name} can be created only` }
  if (definingGroups.has(group)) return { effects: ['ddl', 'write'] }
  if (grantingGroups.has(group) || name === 'podsecuritypolicies.policy') return { effects: ['dcl', 'write'] }
  if (name === 'namespaces' && (verb === 'delete' || verb === 'deletecollection')) return { effects: ['ddl', 'write'] }
  return { effects: ['write'] }
}

/** First segments of paths that tell of the server and hold no objects. */
const tellsOfServer: ReadonlySet<string> = new Set([
  'api',
  'apis',
  'openapi',
  'version',
  'healthz',
  'livez',
  'readyz',
  'metrics',
  'openid',
  'statusz',
  'flagz',
])

/** Of what is no resource. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#request-attributes */
export function readPathEffects(method: string, segments: readonly string[]): Reading {
  const [first, ...others] = segments
  if (method !== 'GET' && method !== 'HEAD') return { unknown: `${method} of a path that is no resource` }
  if (first === undefined || tellsOfServer.has(first)) return { effects: read }
  if (first === '.well-known' && others[0] === 'openid-configuration') return { effects: read }
  // Files of the control plane's node, and its memory.
  if (first === 'logs' || first === 'debug') return { effects: ['file', 'read'] }
  return { unknown: `the path /${segments.join('/')} is not one of Kubernetes` }
}

/** What controllers make anew, or what is of no use for long: deleting one of these loses no work of people. */
const remade: ReadonlySet<string> = new Set([
  'pods',
  'events',
  'events.events.k8s.io',
  'leases.coordination.k8s.io',
  'endpoints',
  'endpointslices.discovery.k8s.io',
])

export function isDestructive({ verb, resource, group, subresource }: RequestAttributes): boolean {
  if (subresource !== '') return false
  return verb === 'deletecollection' || (verb === 'delete' && !remade.has(resourceName({ resource, group })))
}
