import type { ReadBody } from './body.ts'
import { at, isRecord } from './manifests.ts'
import type { RequestAttributes, Unreadable } from './requests.ts'

/** The object that a request is about, by its path and its body. */
interface BodyObject {
  /** Empty: a collection, or a name that the server makes. */
  readonly name: string
  /** Nothing of it persists. */
  readonly dryRun: boolean
  /** Where the body is about something else than the path: words. */
  readonly disagreements: readonly string[]
}

const changing: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])
/** What these do is done, dry run or not. */
const connecting: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy', 'token'])

export function objectOf(body: ReadBody | null, attributes: RequestAttributes): BodyObject | Unreadable {
  const { verb, name, subresource } = attributes
  const byQuery = attributes.dryRun && changing.has(verb) && !connecting.has(subresource)
  if (body === null) return { name, dryRun: byQuery, disagreements: [] }
  if (!changing.has(verb) || (connecting.has(subresource) && subresource !== 'token'))
    return {
      name,
      dryRun: byQuery,
      disagreements: [`a body for ${verb}${subresource === '' ? '' : ` of ${subresource}`}, which Kubernetes does not read`],
    }
  if (body.form === 'json-patch') return { name, dryRun: byQuery, disagreements: [] }
  const object = body.value
  if (!isRecord(object)) return { unreadable: 'its body is no object' }
  // kubectl sends the objects of a list one by one.
  if (
    typeof object.kind === 'string' &&
    (object.kind === 'List' || (object.kind.endsWith('List') && Array.isArray(object.items)))
  )
    return { unreadable: 'its body is a list, which Kubernetes takes nowhere: send its objects one by one' }
  if (verb === 'delete' || verb === 'deletecollection') return deleted(object, attributes)
  const named = at(object, 'metadata', 'name')
  return {
    name: name === '' && typeof named === 'string' ? named : name,
    dryRun: byQuery || (subresource === 'eviction' && isDryRun(at(object, 'deleteOptions'))),
    disagreements: disagreements(object, attributes),
  }
}

/** Where there are options in the body, those in the query count for nothing. */
function deleted(options: Record<string, unknown>, { name }: RequestAttributes): BodyObject {
  const right = options.kind === undefined || options.kind === 'DeleteOptions'
  return { name, dryRun: isDryRun(options), disagreements: right ? [] : ['the body of a delete is no DeleteOptions'] }
}

function isDryRun(options: unknown): boolean {
  const dryRun = at(options, 'dryRun')
  return Array.isArray(dryRun) && dryRun.length > 0
}

/** Kinds of bodies that a subresource takes in place of its resource's own. */
const bodyKinds: Readonly<Record<string, { readonly kind: string; readonly group: string }>> = {
  scale: { kind: 'Scale', group: 'autoscaling' },
  eviction: { kind: 'Eviction', group: 'policy' },
  binding: { kind: 'Binding', group: '' },
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io' },
}

function disagreements(object: Record<string, unknown>, attributes: RequestAttributes): readonly string[] {
  const { apiVersion, kind } = object
  const own = bodyKinds[attributes.subresource]
  const version = attributes.group === '' ? attributes.version : `${attributes.group}/${attributes.version}`
  const found: string[] = []
  if (apiVersion !== undefined && (own === undefined ? apiVersion !== version : groupOf(apiVersion) !== own.group))
    found.push(`apiVersion ${shown(apiVersion)} in the body, ${own === undefined ? version : own.group} in the path`)
  if (kind !== undefined && (own === undefined ? !isKindOf(kind, attributes) : kind !== own.kind))
    found.push(`kind ${shown(kind)} in the body, ${own?.kind ?? attributes.resource} in the path`)
  const { name, namespace } = attributes
  for (const [member, path] of [
    ['name', name],
    ['namespace', attributes.resource === 'namespaces' ? '' : namespace],
  ] as const) {
    const said = at(object, 'metadata', member)
    if (said !== undefined && said !== '' && said !== path && (path !== '' || member === 'namespace'))
      found.push(`metadata.${member} ${shown(said)} in the body, ${path === '' ? 'none' : path} in the path`)
  }
  return found
}

function groupOf(apiVersion: unknown): string {
  const text = String(apiVersion)
  return text.includes('/') ? text.slice(0, text.indexOf('/')) : ''
}

/** The resources of Kubernetes itself are the plurals of their kinds; those of definitions may be called anything. */
function isKindOf(kind: unknown, { group, resource }: RequestAttributes): boolean {
  if (typeof kind !== 'string') return false
  if (group.includes('.') && !group.endsWith('.k8s.io')) return true
  const lower = kind.toLowerCase()
  return [lower, `${lower}s`, `${lower}es`, `${lower.slice(0, -1)}ies`].includes(resource)
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 100)
}
