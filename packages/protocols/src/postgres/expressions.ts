import type { Output, Sources } from '@hoop/contracts'
import type { ColumnRef as ColumnNode, CreateFunctionStmt, FuncCall, Node, RangeVar, TypeName } from 'libpg-query'
import type { Fired } from './body-pass.ts'
import {
  type Catalogue,
  type CatalogueFunction,
  type CatalogueRelation,
  type CatalogueType,
  findType,
  printed,
} from './catalogue.ts'
import { conditions, tellsNothing } from './choices.ts'
import { ask, askEqual, decides, isTotalCall, isTotalCast, isTotalOperator, mayFail, namedOutputs, questions } from './filters.ts'
import { type FunctionReading, isSystemFunction, readFunction } from './functions.ts'
import type { Statement } from './operations.ts'
import type { Reading } from './reading.ts'
import { findByAlias, lookUp, lookUpQualified, type Scope, type ScopeRelation } from './scope.ts'
import { sequenceFunctions, touchSequence } from './sequences.ts'
import { hasMeaning, settingRefused } from './settings.ts'
import { none, union, unionAll } from './sources.ts'
import { type Fields, isObject, nameOf, qualifiedName, stringOf, tagged } from './syntax-tree.ts'
import { isOfSystemType, noteQuery } from './system-types.ts'

/** Statements that a session has under names, and how one inside of another is read. */
export interface NamedStatements {
  prepared(name: string): Statement | null
  cursor(name: string): Statement | null
  read(text: string): Statement
}

/** What running a function does. */
export interface Body {
  readonly reading: Reading
  /** It answers with what it was given, and reads nothing else. */
  readonly pure: boolean
  /** What the rows that it answers with may tell of. */
  readonly tells: Sources
  /** It answers with any number of rows. */
  readonly rows: boolean
  /** It runs SQL that is made of what is not known; what a call gives may tell. */
  readonly builds: boolean
}

/** The bodies of functions; given down, as statements stand in them. */
export interface Bodies {
  /** Null: it cannot be read. `given`: the texts that its first arguments are, null where that is not known. */
  routine(catalogue: Catalogue, routine: CatalogueFunction, given: readonly (string | null)[]): Body | null
  /** That of a function that a trigger runs on a table; `rows`: what its transition tables are called. */
  trigger(catalogue: Catalogue, routine: CatalogueFunction, table: CatalogueRelation | null, rows: readonly string[]): Body | null
  /** That of a DO statement. */
  block(catalogue: Catalogue, language: string, body: string): Body
  /** That of a function which the statement, whose text it is, creates. */
  created(catalogue: Catalogue, statement: CreateFunctionStmt, text: string, fired?: Fired): Body
  /** Reads what runs under that name, unless it is being read already: then answers false. */
  once(name: string, read: () => void): boolean
}

/** What an expression needs of the rest: given down, so that imports point one way. */
export interface Walk {
  readonly catalogue: Catalogue
  readonly reading: Reading
  /** The text of the statement that is walked. */
  readonly text: string
  readonly named: NamedStatements
  /** What the statement sees from outside: the variables of a body. */
  readonly outer: Scope
  readonly bodies: Bodies
  /** A walk over what stands by itself. */
  apart(catalogue: Catalogue, reading: Reading): Walk
  /** The outputs of a SELECT, INSERT, UPDATE, DELETE or MERGE. */
  query(statement: Node, scope: Scope): readonly Output[] | 'opaque'
  /** A relation by its name: a WITH query or one of the database; it is read unless told otherwise. */
  relation(range: RangeVar, scope: Scope, access?: 'read' | 'write'): ScopeRelation
}

/** Nodes of an expression that have no meaning of their own here: their value is made of what is inside them. */
const transparent = new Set(
  [
    'A_ArrayExpr A_Indices A_Star Alias BitString Boolean BoolExpr BooleanTest CaseExpr CaseWhen CoalesceExpr CollateClause DefElem Float',
    'GroupingFunc GroupingSet IndexElem Integer List MergeSupportFunc MinMaxExpr MultiAssignRef NamedArgExpr NullTest ResTarget RoleSpec',
    'RowExpr SetToDefault SortBy SQLValueFunction String WindowDef XmlExpr XmlSerialize',
    'JsonAggConstructor JsonArgument JsonArrayAgg JsonArrayConstructor JsonArrayQueryConstructor JsonBehavior JsonFormat JsonFuncExpr',
    'JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor JsonOutput JsonParseExpr JsonReturning JsonScalarExpr',
    'JsonSerializeExpr JsonTableColumn JsonTablePathSpec JsonValueExpr RangeTableFuncCol',
  ].flatMap((tags) => tags.split(' ')),
)
const queries = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/**
 * What a value is made of: every column named anywhere inside it. Walks all that is there, known or not, and puts each call, each
 * relation and each constant that it meets on the reading.
 */
export function sourcesOf(walk: Walk, value: unknown, scope: Scope): Sources {
  if (Array.isArray(value)) return unionAll(value.map((item) => sourcesOf(walk, item, scope)))
  if (!isObject(value)) return none
  const node = tagged(value)
  return node ? ofNode(walk, node[0], node[1], value as Node, scope) : ofFields(walk, value, scope)
}

function ofNode(walk: Walk, tag: string, fields: Fields, node: Node, scope: Scope): Sources {
  if ('A_Const' in node) {
    const { location } = node.A_Const
    if (location !== undefined && location > 0) walk.reading.constantAt(location)
    return none
  }
  if ('ColumnRef' in node) return ofColumn(walk, node.ColumnRef, scope)
  if ('ParamRef' in node) {
    walk.reading.parameter(node.ParamRef.number ?? 0)
    return none
  }
  const mark = walk.reading.mark
  let sources: Sources
  if ('FuncCall' in node) sources = ofCall(walk, node.FuncCall, scope)
  else if ('A_Expr' in node) {
    const { name, kind = '', lexpr, rexpr } = node.A_Expr
    const right = sourcesOf(walk, rexpr, scope)
    sources = union(sourcesOf(walk, lexpr, scope), right)
    if (kind === 'AEXPR_NULLIF' && lexpr && rexpr) askEqual(walk.reading, lexpr, [rexpr], sources, scope)
    else if (!isTotalOperator(nameOf(name).at(-1) ?? '', kind, right)) walk.reading.filter('other', sources)
    sources = union(sources, ofOperator(walk, nameOf(name), kind, [lexpr, rexpr], scope))
  } else if ('TypeCast' in node) {
    const { arg, typeName } = node.TypeCast
    sources = union(sourcesOf(walk, arg, scope), ofType(walk, typeName, scope, arg))
    if (!isTotalCast(node)) walk.reading.filter('other', sources)
  } else if ('A_Indirection' in node)
    sources = ofIndirection(walk, node.A_Indirection.arg, node.A_Indirection.indirection ?? [], scope)
  else if ('SubLink' in node) {
    const { testexpr, subselect, operName } = node.SubLink
    sources = unionAll([sourcesOf(walk, testexpr, scope), sourcesOf(walk, subselect, scope)])
    if (operName && !isTotalOperator(nameOf(operName).at(-1) ?? '', '', sources)) walk.reading.filter('other', sources)
    // `IN` is `= ANY`, without the words.
    if (testexpr)
      sources = union(sources, ofOperator(walk, operName ? nameOf(operName) : ['='], 'AEXPR_OP', [testexpr, node], scope))
  } else if (queries.has(tag)) {
    const outputs = walk.query(node, scope)
    noteQuery(node, outputs)
    sources = outputSources(outputs)
  } else if ('RangeVar' in node) return walk.relation(node.RangeVar, scope).any
  else if ('TypeName' in node) return ofType(walk, node.TypeName, scope)
  // Where a cursor stands was read when it was declared.
  else if ('CurrentOfExpr' in node) return none
  else if (transparent.has(tag)) {
    sources = transparentSources(walk, fields, node, scope)
    if (mayFail(tag)) walk.reading.filter('other', sources)
    if ('CaseExpr' in node && node.CaseExpr.arg) {
      const tests = (node.CaseExpr.args ?? []).map((when) => ('CaseWhen' in when ? when.CaseWhen.expr : when))
      sources = union(sources, ofOperator(walk, ['='], 'AEXPR_OP', [node.CaseExpr.arg, ...tests], scope))
    }
    if ('SortBy' in node && node.SortBy.useOp)
      sources = union(sources, ofOperator(walk, nameOf(node.SortBy.useOp), 'AEXPR_OP', [node.SortBy.node], scope))
  } else {
    walk.reading.unknown(`hoop does not know the construct ${tag}`)
    children(walk, fields, scope)
    sources = 'opaque'
  }
  // AND and OR join comparisons that have nothing to do with each other.
  if (tag !== 'BoolExpr' && tag !== 'List') walk.reading.settle(mark, sources)
  return sources
}

/** What is evaluated may depend on what comes before it: each such value is asked about. */
function transparentSources(walk: Walk, fields: Fields, node: Node, scope: Scope): Sources {
  if ('BoolExpr' in node) return asked(walk, node, scope)
  if ('CoalesceExpr' in node) {
    const { args = [] } = node.CoalesceExpr
    return unionAll(
      args.map((arg, position) => {
        const sources = sourcesOf(walk, arg, scope)
        if (position < args.length - 1 && decides(arg)) walk.reading.filter('other', sources)
        return sources
      }),
    )
  }
  if ('CaseExpr' in node) {
    const { arg, args = [], defresult } = node.CaseExpr
    const tests: Node[] = []
    let compared = sourcesOf(walk, arg, scope)
    let results: Sources = none
    for (const when of args) {
      if (!('CaseWhen' in when)) continue
      const { expr, result } = when.CaseWhen
      if (expr) tests.push(expr)
      compared = union(compared, arg ? sourcesOf(walk, expr, scope) : asked(walk, expr, scope))
      results = union(results, sourcesOf(walk, result, scope))
    }
    if (arg) askEqual(walk.reading, arg, tests, compared, scope)
    return unionAll([compared, results, sourcesOf(walk, defresult, scope)])
  }
  if ('JsonAggConstructor' in node) {
    const { agg_filter: filter, agg_order: order, over, ...rest } = node.JsonAggConstructor
    return union(children(walk, rest as Fields, scope), aggregated(walk, { filter, order, over }, scope))
  }
  return children(walk, fields, scope)
}

/** What a condition is made of; each of its questions is put on the reading. */
export function asked(walk: Walk, condition: unknown, scope: Scope): Sources {
  return unionAll(
    questions(condition).map((question) => {
      const sources = sourcesOf(walk, question, scope)
      ask(walk.reading, question, sources, scope)
      return sources
    }),
  )
}

/** The rows that an aggregate or a window function takes, and their order. */
function aggregated(
  walk: Walk,
  { filter, order, over }: { filter?: Node | undefined; order?: readonly Node[] | undefined; over?: object | undefined },
  scope: Scope,
): Sources {
  const ordered = sourcesOf(walk, [order, over], scope)
  walk.reading.filter('other', ordered)
  return filter ? union(ordered, asked(walk, filter, scope)) : ordered
}

/** Fields that the grammar types without a tag. */
function ofFields(walk: Walk, fields: Fields, scope: Scope): Sources {
  if ('relname' in fields) return walk.relation(fields as RangeVar, scope).any
  if ('funcname' in fields) return ofCall(walk, fields as FuncCall, scope)
  if ('names' in fields && 'typemod' in fields) return ofType(walk, fields as TypeName, scope)
  if ('limitOption' in fields) return outputSources(walk.query({ SelectStmt: fields } as Node, scope))
  return children(walk, fields, scope)
}

/** Everything inside, whatever field it stands in. */
export function children(walk: Walk, fields: Fields, scope: Scope): Sources {
  let sources: Sources = none
  for (const field in fields) {
    const value = fields[field]
    if (typeof value === 'object') sources = union(sources, sourcesOf(walk, value, scope))
  }
  return sources
}

/** Clauses that only decide which rows there are, and in which order. */
export function clauses(walk: Walk, fields: Fields, scope: Scope): void {
  for (const field in fields) {
    for (const condition of conditions(fields[field])) {
      const mark = walk.reading.mark
      const named = naming.has(field) ? namedOutputs(condition, scope) : none
      const inside = filtering.has(field) ? asked(walk, condition, scope) : sourcesOf(walk, condition, scope)
      const sources = union(inside, named)
      if (!filtering.has(field)) walk.reading.filter('other', sources)
      walk.reading.forget(mark)
      const tells = counting.has(field) || !tellsNothing(walk.catalogue, condition, scope)
      if (tells) walk.reading.tell(sources)
    }
  }
}
/** Clauses whose value is a number of rows. */
const counting = new Set(['limitCount', 'limitOffset'])
/** Clauses that may name an output by its position. */
const naming = new Set(['sortClause', 'groupClause', 'distinctClause'])
/** Clauses whose value says yes or no of each row. */
const filtering = new Set(['where', 'havingClause'])

/** A condition: it decides about rows, its constants belong to what it compares. */
export function predicate(walk: Walk, where: Node | undefined, scope: Scope): void {
  clauses(walk, { where }, scope)
}

export function outputSources(outputs: readonly Output[] | 'opaque'): Sources {
  return outputs === 'opaque' ? 'opaque' : unionAll(outputs.map(({ sources }) => sources))
}

function ofColumn(walk: Walk, column: ColumnNode, scope: Scope): Sources {
  const names = nameOf(column.fields)
  const star = names.length < (column.fields?.length ?? 0)
  const sources = star ? ofStar(names, scope) : ofName(walk, names, scope)
  walk.reading.touch(sources)
  return sources
}

function ofStar(names: readonly string[], scope: Scope): Sources {
  if (names.length === 0) return unionAll(scope.relations.filter((relation) => !relation.qualifiedOnly).map(({ any }) => any))
  return findByAlias(scope, names.at(-2) ?? null, names.at(-1) ?? '')?.any ?? 'opaque'
}

function ofName(walk: Walk, names: readonly string[], scope: Scope): Sources {
  const [last = '', qualifier, schema = null] = [...names].reverse()
  if (qualifier === undefined) {
    const known = lookUp(scope, last)
    if (known === null) walk.reading.unresolved.add(last)
    return known ?? 'opaque'
  }
  const found = lookUpQualified(scope, schema, qualifier, last)
  if (found) return found.call === null ? found.sources : union(found.sources, ofAttribute(walk, qualifier, found.call))
  // No relation of that name is in sight: the server will refuse it, or the scope was misread.
  return 'opaque'
}

/** `c.name` where c has no such column: a function of c by that name, or a mistake, which is told as one. */
function ofAttribute(walk: Walk, owner: string | null, name: string): Sources {
  if (readFunction(walk.catalogue, null, name).candidates.length > 0) return callByName(walk, null, name)
  const column = owner === null ? name : `${owner}.${name}`
  walk.reading.missing('42703', `there is no column ${column}`)
  walk.reading.unresolved.add(column)
  return 'opaque'
}

/** `(c).email`, `(f(x)).a`, `array[1]` */
function ofIndirection(walk: Walk, arg: Node | undefined, indirection: readonly Node[], scope: Scope): Sources {
  const subscripts = unionAll(indirection.map((step) => ('A_Indices' in step ? sourcesOf(walk, step, scope) : none)))
  const [first] = indirection
  const relation = wholeRow(arg, scope)
  const field = first && 'String' in first ? (first.String.sval ?? '') : null
  const fields = indirection.flatMap((step) => ('String' in step ? [step.String.sval ?? ''] : []))
  if (!relation?.columns || field === null) {
    const inside = union(sourcesOf(walk, arg, scope), subscripts)
    return unionAll([inside, ...fields.map((name) => ofField(walk, name, inside))])
  }
  const column = relation.columns.find(({ name }) => name === field)
  const sources = column?.sources ?? union(relation.any, ofAttribute(walk, null, field))
  walk.reading.touch(sources)
  return unionAll([sources, subscripts, ...fields.slice(1).map((name) => ofField(walk, name, sources))])
}

/** `(x).name`, where the type of x is not known here: a part of it, or a call of a function of x by that name. */
function ofField(walk: Walk, name: string, inside: Sources): Sources {
  const { candidates, effects } = readFunction(walk.catalogue, null, name)
  return candidates.some((candidate) => fits(candidate, 1)) && effects.length > 0 ? callByName(walk, null, name, inside, 1) : none
}

/** The relation whose whole row an expression is; null if it is anything else. A column of that name comes first. */
export function wholeRow(node: Node | undefined, scope: Scope): ScopeRelation | null {
  if (!node || !('ColumnRef' in node)) return null
  const fields = node.ColumnRef.fields ?? []
  const [name] = nameOf(fields)
  if (name === undefined || fields.length !== 1) return null
  for (let level: Scope | null = scope; level; level = level.parent) {
    if (level.relations.some(({ columns, qualifiedOnly }) => !qualifiedOnly && columns?.some((column) => column.name === name)))
      return null
    const relation = level.relations.find(({ alias }) => alias === name)
    if (relation) return relation
  }
  return null
}

function ofCall(walk: Walk, call: FuncCall, scope: Scope): Sources {
  const { schema, name } = qualifiedName(call.funcname)
  const { funcname: _, agg_filter: filter, agg_order: order, over, ...rest } = call
  const named = call.over?.name !== undefined || call.over?.refname !== undefined
  const args = children(walk, rest as Fields, scope)
  if (call.agg_distinct || !isTotalCall(name, call.args ?? [])) walk.reading.filter('other', args)
  const inside = unionAll([args, aggregated(walk, { filter, order, over }, scope), named ? (scope.windows ?? none) : none])
  const [first] = call.args ?? []
  const only = call.args?.length === 1
  if (only && schema === null && first) {
    // `email(c)` is a way to write `c.email`, and `date(x)` to write `x::date`.
    const column = wholeRow(first, scope)?.columns?.find((candidate) => candidate.name === name)
    const known = readFunction(walk.catalogue, schema, name).candidates.length > 0
    if (!known && column) return column.sources
    const type = known ? null : findType(walk.catalogue, null, name)
    if (type) valueRuns(walk, type)
    if (type) return castRuns(walk, type, first, scope) ? castByUser(walk, `${type.schema}.${type.name}`) : inside
  }
  const own = callByName(walk, schema, name, inside, call.args?.length ?? 0, textArguments(call))
  if (name === 'set_config' && isSystemCall(walk, schema, name)) {
    // The name that a session goes by is rewritten where it is set, which must be seen.
    const setting = stringOf(first)?.toLowerCase() ?? null
    const refused =
      setting === 'application_name'
        ? 'changing application_name but by SET'
        : settingRefused(stringOf(first), stringOf(call.args?.[1]))
    if (walk.reading.certainCalls.has(call)) return union(inside, own)
    if (refused) walk.reading.refuse(refused)
    if (setting === null || hasMeaning(setting)) walk.reading.configures = true
  }
  const access = Object.hasOwn(sequenceFunctions, name) ? sequenceFunctions[name] : undefined
  if (access && isSystemCall(walk, schema, name)) touchSequence(walk, first, access)
  if (secretFunctions.test(name)) walk.reading.secret = true
  if (returnsRows.test(name)) walk.reading.choose(inside)
  return union(inside, own)
}

/** The arguments of a call that are plain texts, by position; null: anything else. */
export function textArguments({ args = [], func_variadic: variadic }: FuncCall): readonly (string | null)[] {
  return variadic || args.some((arg) => 'NamedArgExpr' in arg) ? [] : args.map(stringOf)
}

/** Functions that answer with as many rows as their arguments say. */
const returnsRows =
  /^(generate_(series|subscripts)|unnest|(regexp_split|string)_to_table|regexp_matches|jsonb?_(array_elements|each|object_keys|path_query|populate_recordset|to_recordset)\w*|ts_(debug|parse|token_type)|xpath_table|_pg_expandarray)$/
/** Their arguments are connection strings. */
const secretFunctions = /^dblink/

function isSystemCall(walk: Walk, schema: string | null, name: string): boolean {
  return readFunction(walk.catalogue, schema, name).candidates.every(isSystemFunction)
}

/**
 * Puts a call on the reading; answers what its result may hold besides its arguments. `count`: how many of them; null: any. `given`: the
 * texts that they are, null where that is not known.
 */
export function callByName(
  walk: Walk,
  schema: string | null,
  name: string,
  args: Sources = none,
  count: number | null = null,
  given: readonly (string | null)[] = [],
): Sources {
  let found = readFunction(walk.catalogue, schema, name)
  const fitting = found.candidates.filter((candidate) => fits(candidate, count))
  if (fitting.length > 0 && fitting.every(isSystemFunction))
    found = readFunction(walk.catalogue, fitting[0]?.schema ?? schema, name)
  const called = bodiesOf(walk, fitting, given)
  return called === null ? callRead(walk, found, args) : callOfUser(walk, fitting, called, args)
}

function callRead({ reading }: Walk, found: FunctionReading, args: Sources): Sources {
  reading.functions.add(found.name)
  for (const effect of found.effects) reading.effects.add(effect)
  if (found.candidates.length === 0) reading.missing('42883', `there is no function ${found.name}()`)
  else if (found.unknownBecause !== null) reading.unknown(found.unknownBecause)
  else if (found.effects.includes('unknown')) reading.unknown(`what ${found.name}() does is not known`)
  if (found.notSupported !== null) reading.refuse(found.notSupported)
  if (found.effects.includes('execute')) reading.object('function', found.name, 'execute')
  if (found.candidates.length === 0) reading.unresolved.add(found.name)
  if (found.stores) {
    reading.flow(args)
    reading.stores = true
  }
  return found.opaque ? 'opaque' : none
}

function fits({ arguments: known }: CatalogueFunction, count: number | null): boolean {
  return known === null || count === null || (count >= known.least && count <= known.most)
}

/** The bodies of all functions that may be meant; null: one of them is not known, or there is none. */
function bodiesOf(
  walk: Walk,
  fitting: readonly CatalogueFunction[],
  given: readonly (string | null)[],
): readonly Called[] | null {
  if (fitting.every(isSystemFunction)) return null
  const called: Called[] = []
  for (const routine of fitting) {
    if (isSystemFunction(routine)) continue
    const body = walk.bodies.routine(walk.catalogue, routine, given)
    if (body === null) return null
    called.push({ routine, body })
  }
  return called
}
interface Called {
  readonly routine: CatalogueFunction
  readonly body: Body
}

/** A call of functions that somebody wrote: what any of them does. */
function callOfUser(walk: Walk, fitting: readonly CatalogueFunction[], called: readonly Called[], args: Sources): Sources {
  const { reading } = walk
  let result: Sources = none
  for (const { routine, body } of called) {
    const name = `${routine.schema}.${routine.name}`
    reading.functions.add(name)
    reading.effects.add('execute')
    reading.object('function', name, 'execute')
    reading.include(body.reading, 'body')
    if (routine.volatility !== 'volatile' && !onlyReads(body.reading))
      reading.unknown(`${name}() does more than it is declared for, and may run while a statement is planned`)
    if (body.reading.stores) reading.flow(args)
    reading.asks(body.reading.filters)
    if (body.rows) reading.tell(union(body.tells, args))
    if (!body.pure) result = 'opaque'
  }
  // One of PostgreSQL itself may be meant as well.
  const own = fitting.find(isSystemFunction)
  return own ? union(result, callRead(walk, readFunction(walk.catalogue, own.schema, own.name, isSystemFunction), args)) : result
}

/** Whether nothing is changed by what it does. */
export function onlyReads({ effects }: Reading): boolean {
  return [...effects].every((effect) => effect === 'read' || effect === 'execute')
}

/** Operators that hide behind other words. */
const meant: Readonly<Record<string, readonly string[]>> = {
  AEXPR_BETWEEN: ['>=', '<='],
  AEXPR_NOT_BETWEEN: ['<', '>'],
  AEXPR_BETWEEN_SYM: ['>=', '<='],
  AEXPR_NOT_BETWEEN_SYM: ['<', '>'],
}

/** An operator is a function: one that is not PostgreSQL's own does what nobody here knows. */
function ofOperator(
  walk: Walk,
  names: readonly string[],
  kind: string,
  operands: readonly (Node | undefined)[],
  scope: Scope,
): Sources {
  if (walk.catalogue.userOperators.size === 0) return none
  const ofTheirs = (): boolean => operands.some((node) => node !== undefined && !isOfSystemType(walk.catalogue, node, scope))
  const [operator = '', schema] = [...names].reverse()
  for (const name of meant[kind] ?? [operator]) if (userOperator(walk, schema, name, ofTheirs)) return 'opaque'
  return none
}

/** Puts an operator on the reading if it may be one that somebody defined; `ofTheirs`: whether a value of a type of theirs is at hand. */
export function userOperator(walk: Walk, schema: string | undefined, name: string, ofTheirs: () => boolean): boolean {
  const found = (walk.catalogue.userOperators.get(name) ?? []).find((candidate) =>
    schema === undefined ? walk.catalogue.searchPath.includes(candidate.schema) : candidate.schema === schema,
  )
  if (found === undefined || (schema === undefined && found.applies === 'own' && !ofTheirs())) return false
  walk.reading.effects.add('execute')
  walk.reading.functions.add(`operator ${found.schema}.${name}`)
  walk.reading.unknown(`the operator ${found.schema}.${name} is not one of PostgreSQL itself`)
  return true
}

/** Names that CREATE TABLE knows and the catalogue does not. */
const serials = new Set(['serial', 'bigserial', 'smallserial', 'serial2', 'serial4', 'serial8'])

function ofType(walk: Walk, type: TypeName | undefined, scope: Scope, value?: Node): Sources {
  if (!type) return none
  const found = namedType(walk, type, scope)
  if (found === 'serial') return none
  if (found === null) return 'opaque'
  return castRuns(walk, found, value, scope) ? castByUser(walk, `${found.schema}.${found.name}`) : none
}

/**
 * A type of which there are, or will be, values, and no value is cast to it in so many words: what is done without being told to runs. Null: there
 * is none of that name.
 */
export function namedType(walk: Walk, type: TypeName, scope: Scope): CatalogueType | 'serial' | null {
  sourcesOf(walk, type.typmods, scope)
  const { schema, name } = qualifiedName(type.names)
  if (type.pct_type || serials.has(name)) return 'serial'
  const found = findType(walk.catalogue, schema, name)
  if (found) valueRuns(walk, found)
  else {
    const written = schema === null ? name : `${schema}.${name}`
    walk.reading.unresolved.add(written)
    walk.reading.missing('42704', `there is no type ${written}`)
  }
  return found
}

/** What a value of the type runs without being told to. */
export function valueRuns(walk: Walk, { runs }: CatalogueType): void {
  for (const { schema, name } of runs) callByName({ ...walk, catalogue: printed(walk.catalogue) }, schema, name)
}

/** Whether a cast to the type may run somebody's function: one from a type of theirs does not apply to a value that is of none. */
function castRuns(walk: Walk, { userCasts }: CatalogueType, value: Node | undefined, scope: Scope): boolean {
  if (userCasts !== 'own') return userCasts === 'any'
  return value === undefined || !isOfSystemType(walk.catalogue, value, scope)
}

function castByUser(walk: Walk, type: string): Sources {
  walk.reading.effects.add('execute')
  walk.reading.unknown(`a cast to ${type} may run a function that is not one of PostgreSQL itself`)
  return 'opaque'
}
