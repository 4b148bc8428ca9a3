import type { HttpFacts, KubernetesFacts } from '@hoop/contracts'

/** A request over HTTP; of an operation that is none, all of it is empty. */
export class RequestVariable {
  static readonly fields = {
    method: 'string',
    path: 'string',
    query: 'map<string, list<string>>',
    operation: 'string',
    contentType: 'string',
    body: 'dyn',
  }
  readonly method: string
  readonly path: string
  /** All values of a name, in their order. */
  readonly query: ReadonlyMap<string, readonly string[]>
  readonly operation: string
  readonly contentType: string
  /** As JSON.parse gives it: numbers are CEL's double, as in google.protobuf.Value, and equal to ints of the same value. Null: there is none. */
  readonly body: unknown
  constructor(facts: HttpFacts | undefined) {
    this.method = facts?.method ?? ''
    this.path = facts?.path ?? ''
    this.query = valuesByName(facts?.query ?? [])
    this.operation = facts?.operation ?? ''
    this.contentType = facts?.contentType ?? ''
    this.body = facts?.body ?? null
  }
}

function valuesByName(query: HttpFacts['query']): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>()
  for (const { name, value } of query) {
    const known = values.get(name)
    if (known === undefined) values.set(name, [value])
    else known.push(value)
  }
  return values
}

/** A request to Kubernetes; of an operation that is none, all of it is empty. */
export class KubernetesVariable {
  static readonly fields = {
    verb: 'string',
    group: 'string',
    version: 'string',
    resource: 'string',
    subresource: 'string',
    namespace: 'string',
    name: 'string',
    dryRun: 'bool',
    fieldSelector: 'string',
    labelSelector: 'string',
  }
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly dryRun: boolean
  readonly fieldSelector: string
  readonly labelSelector: string
  constructor(facts: KubernetesFacts | undefined) {
    this.verb = facts?.verb ?? ''
    this.group = facts?.group ?? ''
    this.version = facts?.version ?? ''
    this.resource = facts?.resource ?? ''
    this.subresource = facts?.subresource ?? ''
    this.namespace = facts?.namespace ?? ''
    this.name = facts?.name ?? ''
    this.dryRun = facts?.dryRun ?? false
    this.fieldSelector = facts?.fieldSelector ?? ''
    this.labelSelector = facts?.labelSelector ?? ''
  }
}

export const noRequest = new RequestVariable(undefined)
export const noKubernetes = new KubernetesVariable(undefined)
