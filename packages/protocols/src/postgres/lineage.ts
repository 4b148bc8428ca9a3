import type { Output, Sources } from '@hoop/contracts'
import type { CommonTableExpr, Node, RangeVar, SelectStmt, WithClause } from 'libpg-query'
import { type Catalogue, findRelation, hiddenRelation, type OwnRelation, printed, probableRelation } from './catalogue.ts'
import { formOf } from './choices.ts'
import { columnName } from './column-names.ts'
import { readSetsOff } from './consequences.ts'
import {
  type Bodies,
  clauses,
  type NamedStatements,
  outputSources,
  predicate,
  sourcesOf,
  type Walk,
  wholeRow,
} from './expressions.ts'
import { from } from './from-clause.ts'
import { readDelete, readInsert, readMerge, readUpdate } from './modifications.ts'
import { created, writtenName } from './new-relations.ts'
import { parse, StatementUnreadable } from './parser.ts'
import type { Reading } from './reading.ts'
import { type ReadDefinition, readRelation } from './relations.ts'
import { type CommonTable, findByAlias, makeRelation, outermost, rename, type Scope, type ScopeRelation } from './scope.ts'
import { none, union, unionAll } from './sources.ts'
import { type Fields, nameOf } from './syntax-tree.ts'
import { isOfSystemType } from './system-types.ts'

export type Outputs = readonly Output[] | 'opaque'

/** What is around a statement that is walked. */
export type Surroundings = Pick<Walk, 'text' | 'named' | 'outer' | 'bodies'>

const noNames: NamedStatements = {
  prepared: () => null,
  cursor: () => null,
  read: () => {
    throw new StatementUnreadable('a statement inside of what stands by itself', 0)
  },
}

/** What is around a statement that knows no session's names. */
export function unnamed({ outer, bodies }: Pick<Walk, 'outer' | 'bodies'>): Surroundings {
  return { text: '', named: noNames, outer, bodies }
}

/** A walk over one statement that puts what it finds on `reading`. */
export function startWalk(catalogue: Catalogue, reading: Reading, { text, named, outer, bodies }: Surroundings): Walk {
  const walk: Walk = {
    catalogue,
    reading,
    text,
    named,
    outer,
    bodies,
    apart: (other, aside) => startWalk(other, aside, unnamed({ outer: outermost, bodies })),
    query: (statement, scope) => readQuery(walk, statement, scope),
    relation: (range, scope, access = 'read') => rangeVar(walk, range, scope, access),
  }
  return walk
}

function readQuery(walk: Walk, statement: Node, scope: Scope): Outputs {
  if ('SelectStmt' in statement) return readSelect(walk, statement.SelectStmt, scope)
  const inner = (clause: WithClause | undefined) => withCommonTables(walk, clause, scope)
  const tools = { from: (items: readonly Node[] | undefined, parent: Scope) => from(walk, items, parent), targets }
  if ('InsertStmt' in statement) return readInsert(walk, statement.InsertStmt, inner(statement.InsertStmt.withClause), tools)
  if ('UpdateStmt' in statement) return readUpdate(walk, statement.UpdateStmt, inner(statement.UpdateStmt.withClause), tools)
  if ('DeleteStmt' in statement) return readDelete(walk, statement.DeleteStmt, inner(statement.DeleteStmt.withClause), tools)
  if ('MergeStmt' in statement) return readMerge(walk, statement.MergeStmt, inner(statement.MergeStmt.withClause), tools)
  walk.reading.unknown(`hoop does not know the query ${Object.keys(statement)[0]}`)
  return 'opaque'
}

function readSelect(walk: Walk, select: SelectStmt, outer: Scope): Outputs {
  const scope = withCommonTables(walk, select.withClause, outer)
  walk.reading.verbs.add('SELECT')
  walk.reading.effects.add('read')
  if (select.op !== undefined && select.op !== 'SETOP_NONE') return readSetOperation(walk, select, scope)
  if (select.valuesLists) return readValues(walk, select, scope)

  const items = from(walk, select.fromClause, scope)
  const inside: Scope = { ...items.scope, windows: windows(walk, select.windowClause, items.scope) }
  predicate(walk, select.whereClause, inside)
  const outputs = targets(walk, select.targetList, inside, items.columns)
  // Every other clause, whatever its name: it adds calls and relations, never an output.
  const {
    withClause: _w,
    fromClause: _f,
    whereClause: _p,
    targetList: _t,
    windowClause: _d,
    intoClause: into,
    lockingClause: locking,
    ...rest
  } = select
  clauses(walk, rest as Fields, { ...inside, ...(outputs === 'opaque' ? {} : { outputs }) })
  // `SELECT DISTINCT` names nothing: it compares whole rows.
  if (select.distinctClause?.every((node) => Object.keys(node).length === 0)) walk.reading.filter('other', outputSources(outputs))
  if (locking) {
    // The server, too, counts it as a write: a read-only transaction refuses it.
    walk.reading.effects.add('write')
    for (const { name, kind } of walk.reading.objects.filter(({ access }) => access === 'read'))
      walk.reading.object(kind, name, 'lock')
  }
  if (into) {
    walk.reading.effects.add('write').add('ddl')
    walk.reading.changesCatalogue = true
    walk.reading.flow(outputs === 'opaque' ? 'opaque' : unionAll(outputs.map(({ sources }) => sources)))
    if (into.rel) created(walk, into.rel)
  }
  return outputs
}

function windows(walk: Walk, clause: readonly Node[] | undefined, scope: Scope): Sources {
  const mark = walk.reading.mark
  const sources = sourcesOf(walk, clause, scope)
  walk.reading.filter('other', sources)
  walk.reading.forget(mark)
  return sources
}

function readSetOperation(walk: Walk, select: SelectStmt, scope: Scope): Outputs {
  const { withClause: _w, larg, rarg, ...rest } = select
  const left: Outputs = larg ? readSelect(walk, larg, scope) : 'opaque'
  const right: Outputs = rarg ? readSelect(walk, rarg, scope) : 'opaque'
  const outputs = byPosition(left, right)
  // The rows of one side are chosen by the other.
  if (select.op !== 'SETOP_UNION') walk.reading.choose(outputSources(outputs))
  else if (!select.all) walk.reading.filter('other', outputSources(outputs))
  const result = { ...scope, relations: [makeRelation(null, null, outputs)] }
  clauses(walk, rest as Fields, outputs === 'opaque' ? result : { ...result, outputs })
  return outputs
}

function byPosition(left: Outputs, right: Outputs): Outputs {
  if (left === 'opaque' || right === 'opaque' || left.length !== right.length) return 'opaque'
  return left.map(({ name, sources, form, ofSystemType }, position) => {
    const other = right[position]
    return {
      name,
      sources: union(sources, other?.sources ?? 'opaque'),
      form: form === other?.form ? form : undefined,
      ofSystemType: ofSystemType && other?.ofSystemType,
    }
  })
}

function readValues(walk: Walk, select: SelectStmt, scope: Scope): Outputs {
  const { valuesLists = [], withClause: _w, ...rest } = select
  const columns: Output[] = []
  for (const row of valuesLists) {
    const items = 'List' in row ? (row.List.items ?? []) : []
    for (const [position, item] of items.entries()) {
      const { sources = none, ofSystemType = true } = columns[position] ?? {}
      columns[position] = {
        name: `column${position + 1}`,
        sources: union(sources, sourcesOf(walk, item, scope)),
        ofSystemType: ofSystemType && isOfSystemType(walk.catalogue, item, scope),
      }
    }
  }
  clauses(walk, rest as Fields, { ...scope, outputs: columns })
  return columns
}

/** The output columns of a target list or a RETURNING list; `star` is what a bare `*` stands for. */
function targets(walk: Walk, list: readonly Node[] | undefined, scope: Scope, star: Outputs): Outputs {
  const outputs: Output[] = []
  let opaque = false
  for (const node of list ?? []) {
    const target = 'ResTarget' in node ? node.ResTarget : null
    const value = target?.val
    const expanded = value ? expandStar(walk, value, scope, star) : null
    if (expanded === 'opaque') opaque = true
    else if (expanded) {
      for (const output of expanded) walk.reading.touch(output.sources)
      outputs.push(...expanded)
    } else {
      const subselect = (query: Node) => firstName(walk, query)
      outputs.push({
        name: target?.name ?? columnName(value, subselect),
        sources: sourcesOf(walk, value, scope),
        form: formOf(walk.catalogue, value, scope),
        ofSystemType: value && isOfSystemType(walk.catalogue, value, scope),
      })
    }
  }
  return opaque ? 'opaque' : outputs
}

/** What `*`, `t.*` or `(t).*` stands for; null: it is one value. */
function expandStar(walk: Walk, value: Node, scope: Scope, star: Outputs): Outputs | null {
  if ('ColumnRef' in value) {
    const fields = value.ColumnRef.fields ?? []
    const last = fields.at(-1)
    if (!last || !('A_Star' in last)) return null
    const names = nameOf(fields)
    if (names.length === 0) return star
    return relationOutputs(findByAlias(scope, names.at(-2) ?? null, names.at(-1) ?? ''))
  }
  if ('A_Indirection' in value) {
    const last = value.A_Indirection.indirection?.at(-1)
    if (!last || !('A_Star' in last)) return null
    sourcesOf(walk, value.A_Indirection.arg, scope)
    return value.A_Indirection.indirection?.length === 1 ? relationOutputs(wholeRow(value.A_Indirection.arg, scope)) : 'opaque'
  }
  return null
}

function relationOutputs(relation: ScopeRelation | null): Outputs {
  return relation?.columns ?? 'opaque'
}

/** The name of a scalar sub-select's column; what is found on the way was put on the reading before. */
function firstName(walk: Walk, query: Node): string | null {
  if (!('SelectStmt' in query)) return null
  let select: SelectStmt | undefined = query.SelectStmt
  while (select?.larg) select = select.larg
  if (select?.valuesLists) return 'column1'
  const first = select?.targetList?.[0]
  if (!first || !('ResTarget' in first)) return null
  return first.ResTarget.name ?? columnName(first.ResTarget.val, (inner) => firstName(walk, inner))
}

/** The scope with a WITH clause's queries in it. */
function withCommonTables(walk: Walk, clause: WithClause | undefined, scope: Scope): Scope {
  if (!clause?.ctes) return scope
  const expressions = clause.ctes.flatMap((node) => ('CommonTableExpr' in node ? [node.CommonTableExpr] : []))
  let known: readonly CommonTable[] = scope.commonTables
  // RECURSIVE lets each see all of them, the later ones included.
  if (clause.recursive)
    known = [...expressions.map(({ ctename = '' }): CommonTable => ({ name: ctename, outputs: 'opaque' })), ...known]
  for (const expression of expressions) {
    const name = expression.ctename ?? ''
    const see = (outputs: Outputs): Scope => ({ relations: [], commonTables: [{ name, outputs }, ...known], parent: scope })
    const plain: Scope = { relations: [], commonTables: known, parent: scope }
    const outputs = clause.recursive ? recursive(walk, expression, see) : commonTable(walk, expression, plain)
    known = [{ name, outputs }, ...known]
  }
  return { ...scope, commonTables: known }
}

function commonTable(walk: Walk, expression: CommonTableExpr, scope: Scope): Outputs {
  const outputs = expression.ctequery ? walk.query(expression.ctequery, scope) : 'opaque'
  if (outputs === 'opaque') return 'opaque'
  const renamed = rename(outputs, expression.aliascolnames)
  const { search_clause: search, cycle_clause: cycle } = expression
  const any = unionAll(renamed.map(({ sources }) => sources))
  if (cycle) walk.reading.filter('other', any)
  const added = [search?.search_seq_column, cycle?.cycle_mark_column, cycle?.cycle_path_column]
  return [...renamed, ...added.flatMap((name): Output[] => (name === undefined ? [] : [{ name, sources: any }]))]
}

/** More rounds than a query has columns cannot be needed; a query that still changes then is not worth more. */
const rounds = 8

/** A query that reads itself: its sources grow until a round adds nothing. */
function recursive(walk: Walk, expression: CommonTableExpr, see: (outputs: Outputs) => Scope): Outputs {
  const select = expression.ctequery && 'SelectStmt' in expression.ctequery ? expression.ctequery.SelectStmt : null
  const start = select?.larg && !select.withClause ? readSelect(walk, select.larg, see([])) : null
  if (!start || start === 'opaque') return commonTable(walk, expression, see('opaque'))
  let known: Outputs = rename(start, expression.aliascolnames)
  for (let round = 0; round < rounds; round++) {
    const next = commonTable(walk, expression, see(known))
    if (next === 'opaque' || same(known, next)) return next
    known = next
  }
  return commonTable(walk, expression, see('opaque'))
}

function same(a: readonly Output[], b: readonly Output[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ sources }, position) => sources === 'opaque' || sources.length === b[position]?.sources.length)
  )
}

function rangeVar(walk: Walk, range: RangeVar, scope: Scope, access: 'read' | 'write'): ScopeRelation {
  const { relname = '', schemaname = null } = range
  const alias = range.alias?.aliasname ?? relname
  const schema = range.alias ? null : schemaname
  const common = schemaname === null ? scope.commonTables.find(({ name }) => name === relname) : undefined
  if (common)
    return makeRelation(alias, null, common.outputs === 'opaque' ? 'opaque' : rename(common.outputs, range.alias?.colnames))

  walk.reading.effects.add(access)
  const relation = findRelation(walk.catalogue, schemaname, relname)
  const definitions: ReadDefinition = (catalogue, sql, reading) => readDefinition(walk.bodies, catalogue, sql, reading)
  if (!relation) {
    walk.reading.unresolved.add(writtenName(range))
    const probable = probableRelation(walk.catalogue, schemaname, relname)
    const hidden = hiddenRelation(walk.catalogue, schemaname, relname)
    if (hidden) ofSession(walk.reading, relname, hidden, access)
    if (probable) {
      walk.reading.object('table', `${probable.schema}.${probable.name}`, access)
      // What runs besides may have been replaced since: that is not looked for where it was.
      readSetsOff(walk, probable)
      const { reading } = readRelation(walk.catalogue, probable, definitions)
      walk.reading.include(reading, 'view')
      if (access === 'write')
        for (const object of reading.objects)
          if (object.kind !== 'function') walk.reading.object(object.kind, object.name, 'write')
    } else if (!hidden) walk.reading.object('table', writtenName(range), access)
    return makeRelation(alias, schema, 'opaque')
  }
  walk.reading.object(
    relation.kind === 'partitioned table' ? 'table' : relation.kind,
    `${relation.schema}.${relation.name}`,
    access,
  )
  readSetsOff(walk, relation)
  const { outputs, reading } = readRelation(walk.catalogue, relation, definitions)
  walk.reading.include(reading, 'view')
  // A view passes a write on to what it reads.
  if (access === 'write' && relation.kind === 'view')
    for (const object of reading.objects) walk.reading.object(object.kind, object.name, 'write')
  const read = makeRelation(alias, range.alias ? null : relation.schema, rename(outputs, range.alias?.colnames))
  return relation.definition === null ? { ...read, stored: true } : read
}

/** What only the session sees, and what it reads where it is a view: a write is passed on to that. */
function ofSession(reading: Reading, name: string, own: OwnRelation, access: 'read' | 'write'): void {
  reading.object('table', `pg_temp.${name}`, access)
  for (const effect of own.effects) reading.effects.add(effect)
  for (const words of own.unknownBecause) reading.unknown(words)
  for (const object of own.objects) {
    reading.object(object.kind, object.name, object.access)
    if (access === 'write' && object.access === 'read') reading.object(object.kind, object.name, 'write')
  }
}

/** A view's definition, whose names are all qualified, or not found on the path that it was printed with. */
function readDefinition(bodies: Bodies, catalogue: Catalogue, sql: string, reading: Reading): Outputs {
  const walk = startWalk(printed(catalogue), reading, unnamed({ outer: outermost, bodies }))
  try {
    const [statement, ...others] = parse(sql)
    if (!statement?.stmt || others.length > 0) throw new StatementUnreadable('not one statement', 0)
    return walk.query(statement.stmt, outermost)
  } catch (error) {
    if (!(error instanceof StatementUnreadable)) throw error
    reading.unknown(`a view's definition cannot be read: ${error.message}`)
    return 'opaque'
  }
}
