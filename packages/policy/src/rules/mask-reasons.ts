import {
  actors,
  type ColumnRef,
  type ConnectionDocument,
  type Identity,
  type MaskDocument,
  type Operation,
} from '@hoop/contracts'
import { matchesColumn, parseColumnPattern } from '../masks/columns.ts'
import { parseFieldPattern } from '../masks/field-patterns.ts'
import { connectionMisfit, identityMisfit, inAny } from './selectors.ts'

/** One Mask's part in an operation. */
export interface MaskReason {
  /** `Mask/cardholder-data` */
  readonly rule: string
  /** Why nothing of it holds for who sends the operation through this connection; null: it holds. */
  readonly misfit: string | null
  readonly method: MaskDocument['method']
  /** Null: it names no columns that anything could be asked about. */
  readonly filter: MaskDocument['filter'] | null
  /** `schema.table.column`: those of the operation that it names, shown or not. */
  readonly columns: readonly string[]
  /** Its patterns that are about the documents of the operation. */
  readonly fields: readonly string[]
  /** What it detects by value: kinds, and names of its own patterns. */
  readonly detects: readonly string[]
}

/** Of every Mask, in their order. */
export function maskReasons(
  masks: readonly MaskDocument[],
  identity: Identity,
  connection: ConnectionDocument,
  operation: Operation,
): MaskReason[] {
  const named = columnsOf(operation)
  const tables = connection.protocol === 'postgres'
  return masks.map((mask) => {
    const columns = (tables ? mask.columns : []).map(parseColumnPattern)
    return {
      rule: `Mask/${mask.name}`,
      misfit: misfit(mask, identity, connection),
      method: mask.method,
      filter: columns.length === 0 ? null : mask.filter,
      columns: [...named].flatMap(([name, column]) => (columns.some((each) => matchesColumn(each, column)) ? [name] : [])),
      fields: tables ? [] : mask.fields.filter((field) => isAboutDocuments(field, operation.documents ?? [])),
      detects: [...mask.detect, ...mask.patterns.map(({ name }) => name)],
    }
  })
}

function misfit(mask: MaskDocument, identity: Identity, connection: ConnectionDocument): string | null {
  const elsewhere = connectionMisfit(mask.connections, connection)
  if (elsewhere !== null) return elsewhere
  const all = actors(identity)
  const about = all.filter((actor) => identityMisfit(mask.identities, actor) === null)
  if (about.length === 0) return identityMisfit(mask.identities, identity)
  const { groups } = mask.except ?? { groups: [] }
  if (about.every((actor) => inAny(actor, groups))) return `it excepts ${groups.join(', ')}`
  if (mask.detect.length > 0 || mask.patterns.length > 0) return null
  const carried = connection.protocol === 'postgres' ? mask.columns : mask.fields
  return carried.length > 0 ? null : `it names nothing that ${connection.protocol} has`
}

/** Each by its written name. */
function columnsOf({ parts, filters, flows, literals, parameters }: Operation): ReadonlyMap<string, ColumnRef> {
  const outputs = parts.flatMap((part) => (part.outputs === 'opaque' ? [] : part.outputs))
  const all = [
    ...[...outputs, ...literals, ...parameters].map(({ sources }) => sources),
    ...[flows, filters?.equality ?? [], filters?.other ?? []],
  ]
  const columns = all.flatMap((sources) => (sources === 'opaque' ? [] : sources))
  return new Map(columns.map((column) => [`${column.schema}.${column.table}.${column.column}`, column]))
}

function isAboutDocuments(field: string, documents: readonly string[]): boolean {
  const { resources } = parseFieldPattern(field)
  return documents.some((name) => resources.includes(name))
}
