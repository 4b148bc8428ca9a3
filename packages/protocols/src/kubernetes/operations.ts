import type { Effect, KubernetesFacts, ObjectAccess, Operation } from '@hoop/contracts'
import { operationText } from '../http/operation-text.ts'
import type { HttpRequest, RequestBody } from '../http/request.ts'
import { mediaType, type ReadBody, readBody } from './body.ts'
import { objectOf } from './body-object.ts'
import { isDestructive, readEffects, readPathEffects, resourceName } from './effects.ts'
import { bodyLiterals } from './literals.ts'
import { asksForToken, manifestClaims } from './manifests.ts'
import { addedParts, patchFlows, patchOperations, unknownInPatch } from './patches.ts'
import { portsOf } from './ports.ts'
import { documentKind, isProxied, namesOf, type RequestAttributes, readAttributes, truth } from './requests.ts'

/** What a request to the API server does. Never throws: what it cannot read is `unknown`, or `refused`. */
export function readOperation(request: HttpRequest, body: RequestBody): Operation {
  const attributes = readAttributes(request)
  if ('unreadable' in attributes) return refused(request, body, 'unreadable', attributes.unreadable)
  if (request.upgrade !== null && !upgradable.has(attributes.subresource))
    return refused(
      request,
      body,
      'not_supported',
      'only exec, attach and port-forward may change the protocol: leave Upgrade out',
    )
  if (attributes.resource === '') return ofPath(request, body, attributes)
  if (isProxied(attributes)) return proxied(request, body, attributes)
  const read = readBody(body, attributes.verb === 'patch')
  if (read !== null && 'unreadable' in read) return refused(request, body, 'unreadable', read.unreadable)
  const object = objectOf(read, attributes)
  if ('unreadable' in object) return refused(request, body, 'unreadable', object.unreadable)
  const reading = readEffects({ ...attributes, name: object.name })
  const unknown = [...('unknown' in reading ? [reading.unknown] : []), ...object.disagreements]
  const effects = new Set<Effect>('effects' in reading ? reading.effects : [])
  const objects: ObjectAccess[] = []
  const functions = new Set<string>()

  const patch = read?.form === 'json-patch' ? patchOperations(read.value) : null
  if (read?.form === 'json-patch' && patch === null) unknown.push('its body is no JSON patch (RFC 6902)')
  if (patch !== null) unknown.push(...unknownInPatch(patch, attributes))
  const manifests = patch !== null ? addedParts(patch) : read === null ? [] : [read.value]
  const name = resourceName(attributes)
  for (const manifest of manifests) {
    const claims = manifestClaims(manifest, { resource: name, namespace: attributes.namespace })
    objects.push(...claims.objects)
    for (const claim of claims.functions) functions.add(claim)
    if (name === 'secrets' && asksForToken(manifest)) effects.add('dcl')
  }

  if (attributes.subresource === 'portforward') for (const port of portsOf(request)) functions.add(`port:${port}`)

  const { text, bodyStart } = operationText(request, body)
  const command = commandOf(request, attributes)
  if (command !== undefined) {
    if (command.interactive) effects.add('session')
    if (attributes.subresource === 'exec' && command.words.length === 0) unknown.push('it names no command')
    // What `kubectl cp` runs.
    if (/(^|\/)tar$/.test(command.words[0] ?? '')) effects.add('file')
  }
  if (unknown.length > 0) effects.add('unknown')
  const own = { kind: kindOf(attributes), name: nameOf(attributes, object.name), access: accessOf([...effects]) }
  return {
    ...blank(text),
    effects: [...effects],
    objects: distinct([own, ...objects]),
    functions: [...functions],
    facts: factsOf(request, body, {
      attributes: { ...attributes, name: object.name, dryRun: object.dryRun },
      read,
      command: attributes.subresource === 'exec' ? command?.words : undefined,
    }),
    literals:
      read === null || attributes.verb.startsWith('delete')
        ? []
        : bodyLiterals(read, patch, { resource: documentKind(attributes), bodyStart }),
    ...(patch !== null && { fieldFlows: patchFlows(patch, documentKind(attributes)) }),
    documents: namesOf(documentKind(attributes)),
    unknownBecause: unknown,
  }
}

/** The server also sends events of a watch and logs over a WebSocket, and lets programs behind it speak one: nothing of that could be read. */
const upgradable: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward'])

/** What is sent to a program behind the API server is that program's to read. */
function proxied(request: HttpRequest, body: RequestBody, attributes: RequestAttributes): Operation {
  const reading = readEffects(attributes)
  const effects: readonly Effect[] = 'effects' in reading ? reading.effects : ['unknown']
  return {
    ...blank(operationText(request, body).text),
    effects,
    objects: [{ kind: kindOf(attributes), name: nameOf(attributes, attributes.name), access: accessOf(effects) }],
    facts: factsOf(request, body, { attributes }),
    documents: [documentKind(attributes)],
    unknownBecause: 'unknown' in reading ? [reading.unknown] : [],
  }
}

function ofPath(request: HttpRequest, body: RequestBody, attributes: RequestAttributes): Operation {
  const withBody = body.kind !== 'none' && !(body.kind === 'whole' && body.bytes.length === 0)
  const reading = withBody
    ? { unknown: 'a body for a path that is no resource' }
    : readPathEffects(request.method, request.segments)
  const effects: readonly Effect[] = 'effects' in reading ? reading.effects : ['unknown']
  return {
    ...blank(operationText(request, body).text),
    effects,
    objects: [{ kind: 'path', name: `/${request.segments.join('/')}`, access: accessOf(effects) }],
    facts: factsOf(request, body, { attributes }),
    unknownBecause: 'unknown' in reading ? [reading.unknown] : [],
  }
}

function refused(request: HttpRequest, body: RequestBody, code: 'unreadable' | 'not_supported', words: string): Operation {
  const attributes = { verb: request.method.toLowerCase(), group: '', version: '', resource: '', subresource: '', namespace: '' }
  const facts = { ...attributes, name: '', rest: [], dryRun: false, fieldSelector: '', labelSelector: '' }
  return {
    ...blank(operationText(request, body).text),
    effects: ['unknown'],
    objects: [],
    facts: factsOf(request, body, { attributes: facts }),
    refused: { code, words },
    unknownBecause: [words],
  }
}

type Blank = Omit<Operation, 'effects' | 'objects' | 'facts' | 'unknownBecause'>

function blank(text: string): Blank {
  return {
    protocol: 'kubernetes',
    text,
    parameters: [],
    fingerprint: null,
    functions: [],
    literals: [],
    runs: [],
    flows: [],
    parts: [],
    refused: null,
  }
}

/** `pods/exec`, `deployments.apps`, `deployments.apps/scale`. */
function kindOf(attributes: RequestAttributes): string {
  const sub = attributes.verb === 'proxy' ? 'proxy' : attributes.subresource
  return sub === '' ? resourceName(attributes) : `${resourceName(attributes)}/${sub}`
}

/** `namespace/name`, `namespace/*`, or of the cluster `name`, or `*` for all there are. */
function nameOf({ namespace, resource }: RequestAttributes, name: string): string {
  const last = name === '' ? '*' : name
  return namespace === '' || resource === 'namespaces' ? last : `${namespace}/${last}`
}

const byWeight = ['execute', 'network', 'dcl', 'ddl', 'write', 'file', 'read'] as const satisfies Effect[]

function accessOf(effects: readonly Effect[]): string {
  return byWeight.find((effect) => effects.includes(effect)) ?? 'unknown'
}

function distinct(objects: readonly ObjectAccess[]): readonly ObjectAccess[] {
  const seen = new Map(objects.map((object) => [`${object.kind} ${object.name} ${object.access}`, object]))
  return [...seen.values()]
}

/** What runs in the container. With a terminal or an input, what is done there is not in the command: a session. */
function commandOf({ query }: HttpRequest, { subresource, resource, group }: RequestAttributes) {
  if (resource !== 'pods' || group !== '' || (subresource !== 'exec' && subresource !== 'attach')) return undefined
  const flag = (name: string) => truth(query.find((parameter) => parameter.name === name)?.value)
  return {
    words: query.filter(({ name }) => name === 'command').map(({ value }) => value),
    interactive: flag('stdin') || flag('tty'),
  }
}

function factsOf(
  request: HttpRequest,
  body: RequestBody,
  {
    attributes,
    read,
    command,
  }: { attributes: RequestAttributes; read?: ReadBody | null; command?: readonly string[] | undefined },
): Operation['facts'] {
  const { rest: _, ...kubernetes } = attributes
  const facts: KubernetesFacts = kubernetes
  const selected = attributes.fieldSelector !== '' || attributes.labelSelector !== ''
  return {
    verbs: [attributes.verb],
    statements: 1,
    unbounded: attributes.verb === 'deletecollection' && !selected,
    destructive: attributes.resource !== '' && isDestructive(attributes),
    columns: [],
    request: {
      method: request.method,
      path: `/${request.segments.join('/')}${request.folder && request.segments.length > 0 ? '/' : ''}`,
      query: request.query,
      operation: null,
      contentType: body.kind === 'none' ? null : mediaType(body.type),
      ...(read && { body: read.value }),
    },
    kubernetes: facts,
    ...(command && { command }),
  }
}
