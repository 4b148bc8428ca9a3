import { z } from 'zod'

/** What an operation does to the backend, whatever its verb says. `unknown` is allowed only by a rule that names it. */
export const Effect = z.enum(['read', 'write', 'ddl', 'dcl', 'execute', 'session', 'file', 'network', 'replication', 'unknown'])
export type Effect = z.infer<typeof Effect>

/** One object of the backend and how it is used: `{kind: 'table', name: 'public.users', access: 'read'}`. */
export const ObjectAccess = z.object({ kind: z.string(), name: z.string(), access: z.string() })
export type ObjectAccess = z.infer<typeof ObjectAccess>

/** One base column, by the name the catalogue resolved it to, never by the name the caller wrote. */
export interface ColumnRef {
  readonly schema: string
  readonly table: string
  readonly column: string
}

/** The base columns that a value was made from (none: a constant). `opaque`: it may be made from anything the backend role can read. */
export type Sources = readonly ColumnRef[] | 'opaque'

/** One value of each result row. */
export interface Output {
  readonly name: string | null
  readonly sources: Sources
  /** `stored`: a column's value as it stands there; `function`: computed of one such value and constants; absent: anything else. */
  readonly form?: 'stored' | 'function' | undefined
  /** Its type comes with the engine: no operator and no cast that a user defined for types of their own applies to it. */
  readonly ofSystemType?: boolean | undefined
}

/** A constant in the operation's text, or a comment or a name that may hold a value: `[start, end)` in UTF-16 units, quotes included, and the columns it is compared with or stored in. */
export interface Literal {
  readonly start: number
  readonly end: number
  readonly sources: Sources
  /** A password or the like: masked in every record, whatever the masks say. */
  readonly secret: boolean
  /** Where it stands in a document of the kind that masks know by this name; with `opaque` sources, anything from there on may be in it. */
  readonly field?: LiteralField | undefined
}

export interface LiteralField {
  readonly resource: string
  /** Other names by which masks may know the same kind of document: a path beside its template. */
  readonly others?: readonly string[] | undefined
  /** A number may also be the name of a member, as in a JSON Pointer. */
  readonly path: readonly (string | number)[]
  /** What looks like an index may be that of any element: a JSON patch counts from the end, and after what it has added and removed before. */
  readonly shifting?: boolean | undefined
  /** What it says (null: a null), where that is not what it says as JSON: base64, YAML. */
  readonly value?: string | null | undefined
}

/** A value that an operation takes from a field without naming it; `to`: where it is stored; null: its answer tells whether a guess at the value is right. */
export interface FieldFlow {
  readonly from: LiteralField
  readonly to: LiteralField | null
}

/** A bound value, decoded to text where its type is known and to `\x…` otherwise; `sources` as for a literal. */
export interface Parameter {
  readonly type: string | null
  readonly value: string | null
  readonly sources: Sources
}

/** One statement of an operation that carries several. */
export interface Part {
  readonly start: number
  readonly end: number
  readonly verb: string
  readonly effects: readonly Effect[]
  /** `opaque`: the number and the sources of the result's columns could not be derived. */
  readonly outputs: readonly Output[] | 'opaque'
}

/** Columns whose values an operation asks about, whether it shows them or not: by which rows there are, their order and groups, or an error. */
export interface Filters {
  /** Whole values are compared by `=` or IN, with what the caller wrote or with other stored values; or asked whether they are null. */
  readonly equality: Sources
  /** In any other way. */
  readonly other: Sources
}

/** What rules may ask about an operation beyond its effects and objects. */
export interface Facts {
  readonly verbs: readonly string[]
  readonly statements: number
  /** A write without a predicate: it touches every row. */
  readonly unbounded: boolean
  /** Destroys what cannot be taken back by another statement: DROP, TRUNCATE, an unbounded DELETE. */
  readonly destructive: boolean
  /** Every base column the operation names or reads through `*`, as `schema.table.column`. */
  readonly columns: readonly string[]
  /** Of a request over HTTP. */
  readonly request?: HttpFacts | undefined
  /** Of a request to Kubernetes. */
  readonly kubernetes?: KubernetesFacts | undefined
  /** The program and its arguments, where one is run: `kubectl exec -- ls -l` is `['ls', '-l']`. */
  readonly command?: readonly string[] | undefined
}

export interface HttpFacts {
  /** In capitals. */
  readonly method: string
  /** Decoded: what the backend routes by. */
  readonly path: string
  /** In their order; repeated names stand there repeatedly. */
  readonly query: readonly { readonly name: string; readonly value: string }[]
  /** The operation's name, as the connection's templates or its OpenAPI document call it; null: none of them fits. */
  readonly operation: string | null
  /** Without its parameters, in lower case; null: there is no body, or it says nothing of its type. */
  readonly contentType: string | null
  /** The body, parsed, where it is JSON (and was read before the judgement); undefined: it is none, or too large for that. */
  readonly body?: unknown
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authorization/#review-your-request-attributes */
export interface KubernetesFacts {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; of what is no resource, the method in lower case. */
  readonly verb: string
  /** Empty: the core group. */
  readonly group: string
  readonly version: string
  /** Plural, as in the path; empty: no resource (`/version`, `/metrics`). */
  readonly resource: string
  readonly subresource: string
  /** Empty: of the cluster, or of all namespaces. */
  readonly namespace: string
  /** Empty: a collection, or a name that the server makes. */
  readonly name: string
  readonly dryRun: boolean
  readonly fieldSelector: string
  readonly labelSelector: string
}

/** One thing the caller asks of the backend: what the gate admits or refuses. */
export interface Operation {
  readonly protocol: string
  /** As sent, whole. */
  readonly text: string
  readonly parameters: readonly Parameter[]
  /** Equal for texts that differ in constants only; null where the engine offers none. */
  readonly fingerprint: string | null
  readonly effects: readonly Effect[]
  readonly objects: readonly ObjectAccess[]
  readonly functions: readonly string[]
  readonly facts: Facts
  readonly literals: readonly Literal[]
  /** Statements that it runs by their names: `EXECUTE p` runs what was prepared as p, `FETCH` goes on with a cursor's query. */
  readonly runs: readonly { readonly name: string; readonly text: string; readonly literals: readonly Literal[] }[]
  /** Columns whose values this operation stores somewhere else in the backend (INSERT … SELECT, CTAS, UPDATE … FROM). */
  readonly flows: Sources
  /** The same of fields in documents. */
  readonly fieldFlows?: readonly FieldFlow[] | undefined
  /** Absent: it cannot ask about columns. */
  readonly filters?: Filters | undefined
  readonly parts: readonly Part[]
  /** Each name by which masks know the documents that it is answered with; absent: it is answered with none. */
  readonly documents?: readonly string[] | undefined
  /**
   * Why it is refused whatever the rules say: a construct that is not built yet, a text that the engine's parser rejects, or one whose names
   * cannot be looked up at the moment.
   */
  readonly refused: { readonly code: 'not_supported' | 'unreadable' | 'unavailable'; readonly words: string } | null
  /** Why `unknown` is among the effects: words for the refusal, in the engine's terms. */
  readonly unknownBecause: readonly string[]
}
