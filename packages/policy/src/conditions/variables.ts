import type { ConnectionDocument, Identity, ObjectAccess, Operation } from '@hoop/contracts'
import { KubernetesVariable, noKubernetes, noRequest, RequestVariable } from './request-variables.ts'

/*
 * What a condition may read. Each class is a CEL message type: its fields are checked when a document is saved, and no value is copied
 * at evaluation. CEL's int is a bigint; where a fact is missing (no e-mail, no reason, SQL NULL) the text is empty.
 */

export class IdentityVariable {
  static readonly fields = {
    id: 'string',
    kind: 'string',
    name: 'string',
    email: 'string',
    groups: 'list<string>',
    onBehalfOf: 'string',
  }
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly email: string
  readonly groups: readonly string[]
  /** The id of the person for whom it acts. */
  readonly onBehalfOf: string
  constructor(identity: Identity) {
    this.id = identity.id
    this.kind = identity.kind
    this.name = identity.name
    this.email = identity.email ?? ''
    this.groups = identity.groups
    this.onBehalfOf = identity.onBehalfOf?.id ?? ''
  }
}

export class ConnectionVariable {
  static readonly fields = { name: 'string', protocol: 'string', labels: 'map<string, string>' }
  readonly name: string
  readonly protocol: string
  readonly labels: ReadonlyMap<string, string>
  constructor(connection: ConnectionDocument) {
    this.name = connection.name
    this.protocol = connection.protocol
    this.labels = new Map(Object.entries(connection.labels))
  }
}

export class ObjectVariable {
  static readonly fields = { kind: 'string', name: 'string', access: 'string' }
  readonly kind: string
  readonly name: string
  readonly access: string
  constructor(object: ObjectAccess) {
    this.kind = object.kind
    this.name = object.name
    this.access = object.access
  }
}

export class ParameterVariable {
  static readonly fields = { type: 'string', value: 'string' }
  readonly type: string
  readonly value: string
  constructor(parameter: { readonly type: string | null; readonly value: string | null }) {
    this.type = parameter.type ?? ''
    this.value = parameter.value ?? ''
  }
}

export class OperationVariable {
  static readonly fields = {
    protocol: 'string',
    text: 'string',
    effects: 'list<string>',
    objects: 'list<Object>',
    functions: 'list<string>',
    verbs: 'list<string>',
    statements: 'int',
    unbounded: 'bool',
    destructive: 'bool',
    columns: 'list<string>',
    parameters: 'list<Parameter>',
    request: 'Request',
    kubernetes: 'Kubernetes',
    command: 'list<string>',
  }
  readonly protocol: string
  readonly text: string
  readonly effects: readonly string[]
  readonly objects: readonly ObjectVariable[]
  readonly functions: readonly string[]
  /** In capitals, whatever the protocol's own way is. */
  readonly verbs: readonly string[]
  readonly statements: bigint
  readonly unbounded: boolean
  readonly destructive: boolean
  readonly columns: readonly string[]
  readonly parameters: readonly ParameterVariable[]
  readonly request: RequestVariable
  readonly kubernetes: KubernetesVariable
  /** A program and its arguments; empty: none is run. */
  readonly command: readonly string[]
  constructor(operation: Operation) {
    this.protocol = operation.protocol
    this.text = operation.text
    this.effects = operation.effects
    this.objects = operation.objects.map((object) => new ObjectVariable(object))
    this.functions = operation.functions
    this.verbs = operation.facts.verbs.map((verb) => verb.toUpperCase())
    this.statements = BigInt(operation.facts.statements)
    this.unbounded = operation.facts.unbounded
    this.destructive = operation.facts.destructive
    this.columns = operation.facts.columns
    this.parameters = operation.parameters.map((parameter) => new ParameterVariable(parameter))
    const { request, kubernetes, command } = operation.facts
    this.request = request === undefined ? noRequest : new RequestVariable(request)
    this.kubernetes = kubernetes === undefined ? noKubernetes : new KubernetesVariable(kubernetes)
    this.command = command ?? []
  }
}

export class SessionVariable {
  static readonly fields = { id: 'string', reason: 'string' }
  readonly id: string
  readonly reason: string
  constructor(session: { readonly id: string; readonly reason: string | null }) {
    this.id = session.id
    this.reason = session.reason ?? ''
  }
}

/** The message types of conditions, by the name that they have in CEL. */
export const messageTypes = {
  Object: ObjectVariable,
  Parameter: ParameterVariable,
  Request: RequestVariable,
  Kubernetes: KubernetesVariable,
  Identity: IdentityVariable,
  Connection: ConnectionVariable,
  Operation: OperationVariable,
  Session: SessionVariable,
} as const

/** The variables of conditions and their CEL types. */
export const variableTypes = {
  identity: 'Identity',
  connection: 'Connection',
  operation: 'Operation',
  session: 'Session',
  now: 'google.protobuf.Timestamp',
} as const

/** The values of all variables for one evaluation. */
export interface Variables {
  readonly identity: IdentityVariable
  readonly connection: ConnectionVariable
  readonly operation: OperationVariable
  readonly session: SessionVariable
  readonly now: Date
}

/** The variable of a Trust's condition: what the token says, by claim. */
export const claimTypes = { claims: 'map<string, dyn>' } as const
export interface ClaimVariables {
  readonly claims: Readonly<Record<string, unknown>>
}
