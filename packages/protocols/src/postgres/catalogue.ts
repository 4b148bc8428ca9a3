import type { ColumnRef, Operation, Output, Sources } from '@hoop/contracts'
import { z } from 'zod'
import { CatalogueRows } from './catalogue-queries.ts'
import { buildDependents, type Dependents } from './dependents.ts'
import { type SearchPath, schemasOf } from './search-path.ts'
import { unionAll } from './sources.ts'

export { catalogueQueries } from './catalogue-queries.ts'

export interface Column {
  readonly attnum: number
  readonly name: string
  readonly typeOid: number
  /** The column under its own name, without what it may be made of. */
  readonly self: ColumnRef
  /** The expression of a generated column; empty while somebody alters its table. */
  readonly generated: string | null
}

export type RelationKind = 'table' | 'partitioned table' | 'view' | 'materialized view' | 'foreign table' | 'sequence'

export interface CatalogueRelation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  /** In order of attnum, dropped ones left out. */
  readonly columns: readonly Column[]
  /** What a view selects, every name in it qualified; empty while somebody alters it or what it reads; null for all else and for the system's own views. */
  readonly definition: string | null
  /** Tables that this one inherits from or is a partition of, and those that inherit from it: a value may be read under any of their names. */
  readonly kin: readonly CatalogueRelation[]
  /** CREATE TRIGGER of those that fire, as the server prints it; empty while somebody alters the table. */
  readonly triggers: readonly string[]
  readonly rules: readonly Rule[]
  readonly attached: readonly Attached[]
  readonly referencedBy: readonly Reference[]
}

/** What the server does besides, or in place of, a write to a relation. */
export interface Rule {
  readonly name: string
  /** CREATE RULE as the server prints it; empty while somebody alters what it is about. */
  readonly definition: string
}

/** What runs, or is written to, when a table is used. */
export interface Attached {
  /**
   * `write`: to compute or check what is stored; `policy`: to decide about rows; `statistics`: to gather them; `value`: by the type of a column.
   */
  readonly occasion: 'default' | 'write' | 'policy' | 'statistics' | 'value'
  /** Null: any. */
  readonly column: string | null
  readonly kind: 'function' | 'sequence' | 'relation'
  readonly schema: string
  readonly name: string
}

/** A foreign key of another table, and what becomes of its rows; in letters of pg_constraint. */
export interface Reference {
  readonly table: number
  readonly onDelete: string
  readonly onUpdate: string
  /** Columns of the table that is referred to. */
  readonly columns: readonly string[]
}

export interface CatalogueFunction {
  readonly schema: string
  readonly name: string
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window'
  readonly language: string
  /** The names of its result's columns in FROM; `scalar` is one column, null is not known before it is called. */
  readonly result: 'scalar' | readonly string[] | null
  /** CREATE FUNCTION as the server prints it; null where nobody here reads it: the system's own, other languages, a body that is too long. */
  readonly definition: string | null
  /** How many arguments a call may have; null: any number, as it came with the server. */
  readonly arguments: { readonly least: number; readonly most: number } | null
  /** Another one after each change of it, whatever its language; null for the system's own. */
  readonly version: string | null
}

export interface CatalogueType {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: string
  /** Whether a cast to it may run a function that somebody wrote: from types of theirs only (`own`), or from one of PostgreSQL itself too. */
  readonly userCasts: 'none' | 'own' | 'any'
  /** Functions, not PostgreSQL's own, that a value of it may run without being told to. */
  readonly runs: readonly { readonly schema: string; readonly name: string }[]
}

export interface UserOperator {
  readonly schema: string
  /** `own`: to values of types outside pg_catalog only; PostgreSQL itself has an operator of that name for the others. */
  readonly applies: 'own' | 'any'
}

export interface Index {
  readonly oid: number
  /** The oid of what it is an index of. */
  readonly table: number
}

/** What is known of a relation that only its own session sees: what using it does, as it was when it was made. */
export type OwnRelation = Pick<Operation, 'effects' | 'objects' | 'unknownBecause'>
/** A table does nothing when it is used. */
export const ownTable: OwnRelation = Object.freeze({ effects: [], objects: [], unknownBecause: [] })

/** What the names in a statement mean in one database, for one login role, at one time. */
export interface Catalogue {
  /** `server_version_num` */
  readonly version: string
  /** Where unqualified names are looked for, in order; `pg_catalog` is among them. */
  readonly searchPath: readonly string[]
  /** Where bodies of functions look for names when they run, if that is another path than the one that this text was printed with. */
  readonly callerPath?: readonly string[]
  /** The setting itself, `$user` and schemas that are not there among it. */
  readonly defaultPath: readonly string[]
  readonly schemas: ReadonlySet<string>
  readonly relationsByOid: ReadonlyMap<number, CatalogueRelation>
  /** By schema, then name. */
  readonly relations: ReadonlyMap<string, ReadonlyMap<string, CatalogueRelation>>
  /** By schema, then name. */
  readonly indexes: ReadonlyMap<string, ReadonlyMap<string, Index>>
  /** Extended statistics: the oid of the table that they are of, by schema, then name. */
  readonly statistics: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly dependents: Dependents
  readonly functions: ReadonlyMap<string, ReadonlyMap<string, readonly CatalogueFunction[]>>
  readonly types: ReadonlyMap<string, ReadonlyMap<string, CatalogueType>>
  readonly typesByOid: ReadonlyMap<number, CatalogueType>
  /** Operators outside pg_catalog, by name. */
  readonly userOperators: ReadonlyMap<string, readonly UserOperator[]>
  /** Functions, not PostgreSQL's own, of operator classes that have any: by schema, then name. */
  readonly operatorClasses: ReadonlyMap<string, ReadonlyMap<string, CatalogueType['runs']>>
  /** Functions that run when definitions change. */
  readonly eventTriggers: readonly { readonly schema: string; readonly name: string }[]
  /** Relations that only one session sees, by the name that means them where no schema, or pg_temp, is written. */
  readonly hidden?: ReadonlyMap<string, OwnRelation>
  /** What names meant before they became uncertain: rules are about these as long as nothing else is known. */
  readonly probable?: Catalogue
}

const relationKinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  S: 'sequence',
}
const volatilities = { i: 'immutable', s: 'stable', v: 'volatile' } as const
const functionKinds = { f: 'function', p: 'procedure', a: 'aggregate', w: 'window' } as const

/** Builds the catalogue from the answers to `catalogueQueries`. Throws a ZodError if they are not of that shape. */
export function buildCatalogue(rows: unknown): Catalogue {
  const answers = CatalogueRows.parse(rows)
  const [session] = answers.session
  const searchPath = parseNames(session?.[1] ?? null)
  if (!session || !searchPath) throw new Error('The server did not tell its version and search path')

  const columns = columnsByRelation(answers)
  const kin = new Map<number, CatalogueRelation[]>()
  const triggers = new Map<number, string[]>()
  for (const [table, definition] of answers.triggers) inner(triggers, Number(table), () => []).push(definition)
  const rules = new Map<number, Rule[]>()
  for (const [table, name, definition] of answers.rules) inner(rules, Number(table), () => []).push({ name, definition })
  const attached = new Map<number, Attached[]>()
  for (const [table, occasion, column, kind, schema, name] of answers.attached)
    inner(attached, Number(table), () => []).push({ occasion, column, kind, schema, name })
  const runs = new Map(answers.types.map((type) => [Number(type[0]), parseRuns(type[5])]))
  for (const [table, own] of columns)
    for (const { name: column, typeOid } of own)
      for (const called of runs.get(typeOid) ?? [])
        inner(attached, table, () => []).push({ occasion: 'value', column, kind: 'function', ...called })
  const references = new Map<number, Reference[]>()
  for (const [referenced, table, onDelete, onUpdate, names] of answers.foreignKeys)
    inner(references, Number(referenced), () => []).push({
      table: Number(table),
      onDelete,
      onUpdate,
      columns: parseNames(names) ?? [],
    })
  const relationsByOid = new Map<number, CatalogueRelation>()
  const relations = new Map<string, Map<string, CatalogueRelation>>()
  for (const [oidText, schema, name, relkind, definition] of answers.relations) {
    const oid = Number(oidText)
    const kind = relationKinds[relkind]
    if (!kind) continue
    const own = (columns.get(oid) ?? []).map((column) => withOwnName(column, schema, name))
    const related: CatalogueRelation[] = []
    kin.set(oid, related)
    const setOff = {
      triggers: triggers.get(oid) ?? [],
      rules: rules.get(oid) ?? [],
      attached: attached.get(oid) ?? [],
      referencedBy: references.get(oid) ?? [],
    }
    const relation: CatalogueRelation = { oid, schema, name, kind, columns: own, definition, kin: related, ...setOff }
    relationsByOid.set(oid, relation)
    inner(relations, schema, () => new Map()).set(name, relation)
  }
  connectKin(answers.inheritance, relationsByOid, kin)

  const functions = new Map<string, Map<string, CatalogueFunction[]>>()
  for (const [schema, name, volatility, kind, language, result, definition, least, most, version] of answers.functions) {
    const known: CatalogueFunction = {
      schema,
      name,
      // A letter of a later version is taken for the worst.
      volatility: volatilities[volatility as keyof typeof volatilities] ?? 'volatile',
      kind: functionKinds[kind as keyof typeof functionKinds] ?? 'procedure',
      language,
      result: resultColumns(result, columns),
      definition,
      arguments: least === null ? null : { least: Number(least), most: most === null ? Number.POSITIVE_INFINITY : Number(most) },
      version,
    }
    inner(
      inner(functions, schema, () => new Map<string, CatalogueFunction[]>()),
      name,
      () => [],
    ).push(known)
  }

  const types = new Map<string, Map<string, CatalogueType>>()
  const typesByOid = new Map<number, CatalogueType>()
  for (const [oid, schema, name, kind, userCasts] of answers.types) {
    const type = { oid: Number(oid), schema, name, kind, userCasts, runs: runs.get(Number(oid)) ?? [] }
    typesByOid.set(type.oid, type)
    inner(types, schema, () => new Map()).set(name, type)
  }
  const userOperators = new Map<string, UserOperator[]>()
  for (const [schema, name, applies] of answers.operators) inner(userOperators, name, () => []).push({ schema, applies })
  const operatorClasses = new Map<string, Map<string, CatalogueType['runs']>>()
  for (const [schema, name, runs] of answers.operatorClasses)
    inner(operatorClasses, schema, () => new Map()).set(name, parseRuns(runs))
  const indexes = new Map<string, Map<string, Index>>()
  for (const [schema, name, table, oid] of answers.indexes)
    inner(indexes, schema, () => new Map()).set(name, { oid: Number(oid), table: Number(table) })
  const statistics = new Map<string, Map<string, number>>()
  for (const [schema, name, table] of answers.statistics) inner(statistics, schema, () => new Map()).set(name, Number(table))
  const schemas = new Set(answers.schemas.map(([name]) => name))
  return {
    version: session[0],
    searchPath,
    defaultPath: schemasOf(session[2]) ?? [],
    schemas,
    relationsByOid,
    relations,
    indexes,
    statistics,
    dependents: buildDependents(answers.dependents),
    functions,
    types,
    typesByOid,
    userOperators,
    operatorClasses,
    eventTriggers: answers.eventTriggers.map(([schema, name]) => ({ schema, name })),
  }
}

/**
 * The column that the server names as a result column's origin: `whole-row` for a row of the table, null where it names none
 * (an expression), a system column, or a table that the catalogue does not have.
 */
export function originOf(catalogue: Catalogue, tableOid: number, attnum: number): ColumnRef | 'whole-row' | null {
  if (tableOid === 0) return null
  if (attnum === 0) return 'whole-row'
  return catalogue.relationsByOid.get(tableOid)?.columns.find((column) => column.attnum === attnum)?.self ?? null
}

/** The type of an output that is a column as it stands; null for all else. */
export function storedType(catalogue: Catalogue, { sources, form }: Output): number | null {
  const [source] = sources === 'opaque' || form !== 'stored' ? [] : sources
  if (source === undefined) return null
  const relation = catalogue.relations.get(source.schema)?.get(source.table)
  return relation?.columns.find(({ name }) => name === source.column)?.typeOid ?? null
}

/**
 * What is still known once a transaction has changed definitions that only it can see: the system's own schemas. All other names
 * are unresolved until the catalogue can be read again.
 */
export function uncertainCatalogue(catalogue: Catalogue): Catalogue {
  const system = <Value>(bySchema: ReadonlyMap<string, Value>) =>
    new Map([...bySchema].filter(([schema]) => schema === 'pg_catalog' || schema === 'information_schema'))
  return {
    ...catalogue,
    probable: catalogue.probable ?? catalogue,
    relations: system(catalogue.relations),
    relationsByOid: new Map(),
    functions: system(catalogue.functions),
  }
}

/** The catalogue as a session sees it that has this search path; the same object where that makes no difference. */
export function withSearchPath(catalogue: Catalogue, { schemas, user }: SearchPath): Catalogue {
  if (schemas === 'unseen') return { ...catalogue, searchPath: ['pg_catalog'], probable: catalogue.probable ?? catalogue }
  const path = (schemas ?? catalogue.defaultPath).map((schema) => (schema === '$user' ? user : schema))
  const known = path.filter((schema) => catalogue.schemas.has(schema))
  const searchPath = known.includes('pg_catalog') ? known : ['pg_catalog', ...known]
  const same = searchPath.length === catalogue.searchPath.length && searchPath.every((s, i) => s === catalogue.searchPath[i])
  return same ? catalogue : { ...catalogue, searchPath }
}

/** The catalogue as a text has it that was printed with every name qualified; bodies of functions look where its caller does. */
export function printed(catalogue: Catalogue): Catalogue {
  return { ...catalogue, searchPath: ['pg_catalog'], callerPath: catalogue.callerPath ?? catalogue.searchPath }
}

/** The catalogue with types that only a session's open transaction has; nothing is cast to them by anybody's function yet. */
export function withTypes(
  catalogue: Catalogue,
  made: Iterable<{ readonly schema: string | null; readonly name: string }>,
): Catalogue {
  const types = new Map(catalogue.types)
  for (const { schema, name } of made) {
    const own = schema ?? catalogue.searchPath.find((candidate) => candidate !== 'pg_catalog')
    if (own === undefined) continue
    types.set(own, new Map(types.get(own)).set(name, { oid: 0, schema: own, name, kind: 'b', userCasts: 'none', runs: [] }))
  }
  return { ...catalogue, types }
}

/** A relation by the name that a statement uses, null if there is none. */
export function findRelation(catalogue: Catalogue, schema: string | null, name: string): CatalogueRelation | null {
  return isHidden(catalogue, schema, name) ? null : onPath(catalogue, schema, name)
}

/** Whether the name may mean what only one session sees. */
export function isHidden(catalogue: Catalogue, schema: string | null, name: string): boolean {
  return hiddenRelation(catalogue, schema, name) !== null
}

/** What the name may mean to its own session only; null: nothing. */
export function hiddenRelation({ hidden }: Catalogue, schema: string | null, name: string): OwnRelation | null {
  return (schema === null || isTemporary(schema) ? hidden?.get(name) : undefined) ?? null
}

/** Whether a schema is where a session keeps what is its own. */
export function isTemporary(schema: string): boolean {
  return /^pg_temp(_\d+)?$/.test(schema)
}

/** The catalogue as a session sees it that has relations of its own. */
export function withHidden(catalogue: Catalogue, own: ReadonlyMap<string, OwnRelation>): Catalogue {
  if (own.size === 0) return catalogue
  const hidden = new Map(catalogue.hidden)
  for (const [name, relation] of own) remember(hidden, name, relation)
  return { ...catalogue, hidden }
}

/** A name may mean what it meant before, if a transaction is rolled back: both count. */
export function remember(own: Map<string, OwnRelation>, name: string, made: OwnRelation): void {
  const before = own.get(name)
  if (before === undefined || before === ownTable) own.set(name, made)
  else if (made !== ownTable)
    own.set(name, {
      effects: [...new Set([...before.effects, ...made.effects])],
      objects: [...new Map([...before.objects, ...made.objects].map((object) => [JSON.stringify(object), object])).values()],
      unknownBecause: [...new Set([...before.unknownBecause, ...made.unknownBecause])],
    })
}

/**
 * A relation as it was known last, or that a session's own hides; null if there was none. What it holds is not to be relied upon where
 * `findRelation` has none: it is what rules are about until more is known.
 */
export function probableRelation(catalogue: Catalogue, schema: string | null, name: string): CatalogueRelation | null {
  return onPath(catalogue, schema, name) ?? (catalogue.probable ? onPath(catalogue.probable, schema, name) : null)
}

function onPath(catalogue: Catalogue, schema: string | null, name: string): CatalogueRelation | null {
  for (const candidate of schema === null ? catalogue.searchPath : [schema]) {
    const found = catalogue.relations.get(candidate)?.get(name)
    if (found) return found
  }
  return null
}

/** An index by the name that a statement uses, with the schema that it is in; null if there is none. */
export function findIndex(
  catalogue: Catalogue,
  schema: string | null,
  name: string,
): (Index & { readonly schema: string }) | null {
  const { indexes } = catalogue.probable ?? catalogue
  for (const candidate of schema === null ? catalogue.searchPath : [schema]) {
    const found = indexes.get(candidate)?.get(name)
    if (found) return { ...found, schema: candidate }
  }
  return null
}

/** Every function that a call by this name could mean: overloads are told apart by types, which are not known here. */
export function findFunctions(catalogue: Catalogue, schema: string | null, name: string): readonly CatalogueFunction[] {
  const schemas = schema === null ? catalogue.searchPath : [schema]
  return schemas.flatMap((candidate) => catalogue.functions.get(candidate)?.get(name) ?? [])
}

/** A type by the name that a statement uses, null if there is none. */
export function findType(catalogue: Catalogue, schema: string | null, name: string): CatalogueType | null {
  for (const candidate of schema === null ? catalogue.searchPath : [schema]) {
    const found = catalogue.types.get(candidate)?.get(name)
    if (found) return found
  }
  return null
}

/** A column's value under every name that a rule may know it by: its own, and its namesakes' in the tables of the same inheritance tree. */
export function ownSources(relation: CatalogueRelation, column: Column): Sources {
  const kin: Sources[] = relation.kin.map((other) => other.columns.filter((c) => c.name === column.name).map((c) => c.self))
  return kin.length === 0 ? [column.self] : unionAll([[column.self], ...kin])
}

function columnsByRelation(answers: CatalogueRows): Map<number, Omit<Column, 'self'>[]> {
  const byRelation = new Map<number, Omit<Column, 'self'>[]>()
  for (const [relation, attnum, name, typeOid, generated] of answers.columns) {
    inner(byRelation, Number(relation), () => []).push({ attnum: Number(attnum), name, typeOid: Number(typeOid), generated })
  }
  return byRelation
}

function withOwnName(column: Omit<Column, 'self'>, schema: string, table: string): Column {
  return { ...column, self: Object.freeze({ schema, table, column: column.name }) }
}

function connectKin(
  inheritance: CatalogueRows['inheritance'],
  relations: ReadonlyMap<number, CatalogueRelation>,
  kin: ReadonlyMap<number, CatalogueRelation[]>,
): void {
  const parents = new Map<number, number[]>()
  for (const [child, parent] of inheritance) inner(parents, Number(child), () => []).push(Number(parent))
  for (const child of parents.keys()) {
    const childRelation = relations.get(child)
    const seen = new Set<number>()
    const open = [...(parents.get(child) ?? [])]
    for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
      const ancestor = relations.get(parent)
      if (seen.has(parent)) continue
      seen.add(parent)
      open.push(...(parents.get(parent) ?? []))
      if (!childRelation || !ancestor) continue
      kin.get(child)?.push(ancestor)
      kin.get(parent)?.push(childRelation)
    }
  }
}

function resultColumns(
  result: string | null,
  columns: ReadonlyMap<number, readonly { readonly name: string }[]>,
): CatalogueFunction['result'] {
  if (result === null || result === 'scalar') return result
  const names = result.startsWith('[') ? parseNames(result) : columns.get(Number(result))?.map((column) => column.name)
  // One OUT parameter alone takes the alias of its function: not a name to rely on.
  return names && names.length > 1 ? names : null
}

function parseNames(json: string | null): readonly string[] | null {
  if (json === null) return null
  const names: unknown = JSON.parse(json)
  return Array.isArray(names) && names.every((name): name is string => typeof name === 'string') ? names : null
}

const Runs = z.array(z.tuple([z.string(), z.string()]))

function parseRuns(json: string | null): CatalogueType['runs'] {
  return json === null ? [] : Runs.parse(JSON.parse(json)).map(([schema, name]) => ({ schema, name }))
}

function inner<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
