import type {
  CreateFunctionStmt,
  CreateSchemaStmt,
  CreateTableAsStmt,
  DoStmt,
  ExplainStmt,
  LockStmt,
  Node,
  RangeVar,
  RenameStmt,
  TransactionStmt,
  ViewStmt,
} from 'libpg-query'
import { findRelation, hiddenRelation, isTemporary, ownTable, printed } from './catalogue.ts'
import { tablesThatFire } from './consequences.ts'
import { optionText, readCopy } from './copy-statement.ts'
import { readDefinition } from './definition-statements.ts'
import { definitions } from './definitions.ts'
import { callByName, children, outputSources, sourcesOf, textArguments, type Walk } from './expressions.ts'
import { startWalk, unnamed } from './lineage.ts'
import { maintains } from './maintenance.ts'
import { kindOf } from './named-objects.ts'
import { created, hides, targetNames } from './new-relations.ts'
import { Reading } from './reading.ts'
import { outermost } from './scope.ts'
import { declareCursor, defaultSetting, discard, execute, fetch, prepare, setting } from './session-statements.ts'
import { none } from './sources.ts'
import { plain, type StatementKind } from './statement-kind.ts'
import { type Fields, isObject, qualifiedName, stringOf, tagged } from './syntax-tree.ts'

/** Reads one statement of any kind. */
export function readAnyStatement(walk: Walk, node: Node): StatementKind {
  const { reading } = walk
  const kind = readKind(walk, node)
  reading.verbs.add(kind.verb)
  return kind
}

function readKind(walk: Walk, node: Node): StatementKind {
  const { reading } = walk
  if ('SelectStmt' in node)
    return { ...plain, verb: 'SELECT', returnsRows: !node.SelectStmt.intoClause, outputs: walk.query(node, walk.outer) }
  if ('InsertStmt' in node) return modification(walk, node, 'INSERT', node.InsertStmt.returningClause !== undefined)
  if ('UpdateStmt' in node) return modification(walk, node, 'UPDATE', node.UpdateStmt.returningClause !== undefined)
  if ('DeleteStmt' in node) return modification(walk, node, 'DELETE', node.DeleteStmt.returningClause !== undefined)
  if ('MergeStmt' in node) return modification(walk, node, 'MERGE', node.MergeStmt.returningClause !== undefined)
  if ('CopyStmt' in node) return { ...plain, verb: 'COPY', copy: readCopy(walk, node.CopyStmt, walk.outer) }
  if ('ExplainStmt' in node) return explain(walk, node.ExplainStmt)
  if ('TransactionStmt' in node) return transaction(walk, node.TransactionStmt)
  if ('VariableSetStmt' in node) return setting(walk, node.VariableSetStmt)
  if ('VariableShowStmt' in node) {
    reading.effects.add('read')
    const name = node.VariableShowStmt.name ?? ''
    const names = name === 'all' ? ['name', 'setting', 'description'] : [name]
    return { ...plain, verb: 'SHOW', returnsRows: true, outputs: names.map((output) => ({ name: output, sources: none })) }
  }
  if ('CreateTableAsStmt' in node) return createTableAs(walk, node.CreateTableAsStmt)
  if ('ViewStmt' in node) return createView(walk, node.ViewStmt)
  if ('RefreshMatViewStmt' in node) {
    const { relation } = node.RefreshMatViewStmt
    // What it stores stays when a view that it was read from comes to mean something else.
    if (relation) reading.flow(walk.relation(relation, walk.outer, 'write').any)
    maintains(walk, node)
    return { ...plain, verb: 'REFRESH' }
  }
  if ('LockStmt' in node) return lock(walk, node.LockStmt)
  if ('CallStmt' in node) return call(walk, node)
  if ('DoStmt' in node) return block(walk, node.DoStmt)
  if ('CreateFunctionStmt' in node) return createFunction(walk, node.CreateFunctionStmt)
  if ('PrepareStmt' in node) return prepare(walk, node.PrepareStmt, readAnyStatement)
  if ('ExecuteStmt' in node) return execute(walk, node.ExecuteStmt)
  if ('DeclareCursorStmt' in node) return declareCursor(walk, node.DeclareCursorStmt, readAnyStatement)
  if ('FetchStmt' in node) return fetch(walk, node.FetchStmt)

  const [tag = 'nothing', fields = {}] = tagged(node) ?? []
  const definition = definitions[tag]
  if (!definition) {
    reading.unknown(`hoop does not know the statement ${tag}`)
    sourcesOf(walk, node, walk.outer)
    return { ...plain, verb: tag, returnsRows: true, outputs: 'opaque' }
  }
  readDefinition(walk, node, definition, fields)
  if ('CreateSchemaStmt' in node) schemaElements(walk, node.CreateSchemaStmt)
  discard(reading, node)
  const type = createdType(node)
  if (type) reading.types.push(type)
  if (isObject(fields.setstmt)) defaultSetting(reading, fields.setstmt)
  if ('RenameStmt' in node) renamed(walk, node.RenameStmt)
  if ('AlterObjectSchemaStmt' in node) moved(walk, node.AlterObjectSchemaStmt.relation)
  return { ...plain, verb: definition.verb }
}

function modification(walk: Walk, node: Node, verb: string, returnsRows: boolean): StatementKind {
  return { ...plain, verb, returnsRows, outputs: walk.query(node, walk.outer) }
}

/** ANALYZE runs the statement; without it, it is only planned: what it would write is read at most. */
function explain(walk: Walk, statement: ExplainStmt): StatementKind {
  const result = { ...plain, verb: 'EXPLAIN', returnsRows: true, outputs: [{ name: 'QUERY PLAN', sources: none }] }
  if (!statement.query) return result
  let runs = false
  for (const option of statement.options ?? []) {
    if ('DefElem' in option && option.DefElem.defname === 'analyze')
      runs = !/^(false|off|0)$/i.test(optionText(option.DefElem.arg))
  }
  const inner = new Reading()
  readAnyStatement(startWalk(walk.catalogue, inner, walk), statement.query)
  // It declares no cursor, even where it runs the query of one.
  const declared = inner.session.filter(({ kind }) => kind === 'declare')
  for (const change of declared) inner.session.splice(inner.session.indexOf(change), 1)
  walk.reading.effects.add('read')
  walk.reading.include(inner, runs ? 'part' : 'plan')
  return result
}

const savepoints = { SAVEPOINT: 'savepoint', RELEASE: 'release', ROLLBACK_TO: 'rollback-to' } as const

function transaction({ reading }: Walk, statement: TransactionStmt): StatementKind {
  const kind = (statement.kind ?? '').replace('TRANS_STMT_', '')
  switch (kind) {
    case 'BEGIN':
    case 'START':
      return { ...plain, verb: 'BEGIN', transaction: 'begin' }
    case 'COMMIT':
      return { ...plain, verb: 'COMMIT', transaction: 'commit' }
    case 'ROLLBACK':
      return { ...plain, verb: 'ROLLBACK', transaction: 'rollback' }
    case 'SAVEPOINT':
    case 'RELEASE':
    case 'ROLLBACK_TO':
      reading.session.push({ kind: savepoints[kind], name: statement.savepoint_name ?? '' })
      return { ...plain, verb: kind === 'ROLLBACK_TO' ? 'ROLLBACK' : kind, transaction: 'savepoint' }
    case 'PREPARE':
      reading.effects.add('write')
      reading.object('prepared transaction', statement.gid ?? '', 'write')
      return { ...plain, verb: 'PREPARE TRANSACTION', transaction: 'commit' }
    case 'COMMIT_PREPARED':
    case 'ROLLBACK_PREPARED':
      reading.effects.add('write')
      reading.object('prepared transaction', statement.gid ?? '', 'write')
      // What it was judged for when it was prepared may have been a definition.
      reading.changesCatalogue = true
      return { ...plain, verb: kind.replace('_', ' ') }
    default:
      reading.unknown(`hoop does not know the transaction command ${kind}`)
      return { ...plain, verb: kind }
  }
}

/** CREATE TABLE AS, CREATE MATERIALIZED VIEW: values leave the columns that rules know them by. */
function createTableAs(walk: Walk, statement: CreateTableAsStmt): StatementKind {
  const { query, into, objtype } = statement
  const inner = new Reading()
  const outputs = query ? readAnyStatement(startWalk(walk.catalogue, inner, walk), query).outputs : 'opaque'
  walk.reading.include(inner, into?.skipData ? 'plan' : 'part')
  walk.reading.effects.add('write')
  if (into?.rel) created(walk, into.rel, objtype === 'OBJECT_MATVIEW' ? 'materialized view' : 'table')
  if (!into?.skipData) walk.reading.flow(outputSources(outputs))
  return { ...plain, verb: 'CREATE' }
}

/** A view is read down to its base tables whenever it is used; functions that it calls wait for whoever does, and count already. */
function createView(walk: Walk, statement: ViewStmt): StatementKind {
  const inner = new Reading()
  if (statement.query) startWalk(walk.catalogue, inner, unnamed(walk)).query(statement.query, walk.outer)
  walk.reading.include(inner, 'part')
  if (!statement.view) return { ...plain, verb: 'CREATE' }
  // A view of something temporary is temporary itself, whatever the statement says.
  const { relname = '', relpersistence, schemaname } = statement.view
  const ofTemporary = inner.objects.some(({ name }) => name.startsWith('pg_temp.'))
  if (inner.unresolved.size > 0 || ofTemporary || relpersistence === 't' || isTemporary(schemaname ?? ''))
    hides(walk, relname, { effects: [...inner.effects], objects: inner.objects, unknownBecause: [...inner.unknownBecause] })
  if (ofTemporary) walk.reading.object('view', `pg_temp.${relname}`, 'ddl')
  created(walk, statement.view, 'view')
  return { ...plain, verb: 'CREATE' }
}

/** What CREATE SCHEMA makes at once stands in that schema, and looks there first. */
function schemaElements(walk: Walk, { schemaname, authrole, schemaElts = [] }: CreateSchemaStmt): void {
  if (schemaElts.length === 0) return
  const schema = schemaname ?? authrole?.rolename
  if (schema === undefined) return walk.reading.unknown('the schema that is made has the name of whoever makes it')
  const made = new Set(schemaElts.map((element) => madeBy(tagged(element)?.[1] ?? {})))
  const without = <Value>(byName: ReadonlyMap<string, Value>) => new Map([...byName].filter(([name]) => !made.has(name)))
  const relations = new Map([...walk.catalogue.relations].map(([other, byName]) => [other, without(byName)]))
  const catalogue = { ...walk.catalogue, relations, searchPath: [schema, ...walk.catalogue.searchPath] }
  for (const element of schemaElts) {
    const inner = new Reading()
    readAnyStatement(startWalk(catalogue, inner, walk), element)
    walk.reading.include(inner, 'part')
  }
}

/** The name of what an element of CREATE SCHEMA makes: to the others, nothing outside of the schema has that name. */
function madeBy({ relation, view, sequence }: Fields): string {
  const made = [relation, view, sequence].find(isObject)
  return typeof made?.relname === 'string' ? made.relname : ''
}

function createdType(node: Node): { schema: string | null; name: string } | null {
  if ('CreateEnumStmt' in node) return qualifiedName(node.CreateEnumStmt.typeName)
  if ('CreateDomainStmt' in node) return qualifiedName(node.CreateDomainStmt.domainname)
  if ('CreateRangeStmt' in node) return qualifiedName(node.CreateRangeStmt.typeName)
  if (!('CompositeTypeStmt' in node)) return null
  const { schemaname = null, relname = '' } = node.CompositeTypeStmt.typevar ?? {}
  return { schema: schemaname, name: relname }
}

/** Up to ROW SHARE a lock keeps nobody from writing. */
const rowShare = 2

function lock(walk: Walk, statement: LockStmt): StatementKind {
  walk.reading.effects.add((statement.mode ?? 8) > rowShare ? 'write' : 'read')
  for (const node of statement.relations ?? []) {
    if ('RangeVar' in node) lockOne(walk, node.RangeVar)
  }
  return { ...plain, verb: 'LOCK' }
}

/** Who locks a view locks what it reads. */
function lockOne(walk: Walk, range: RangeVar): void {
  const { reading } = walk
  const found = findRelation(walk.catalogue, range.schemaname ?? null, range.relname ?? '')
  for (const name of targetNames(walk, range)) reading.object(found ? kindOf(found) : 'table', name, 'lock')
  if (found?.kind !== 'view') return
  const aside = new Reading()
  walk.apart(walk.catalogue, aside).relation(range, outermost)
  for (const { kind, name, access } of aside.objects) if (access === 'read') reading.object(kind, name, 'lock')
}

function call(walk: Walk, node: Node): StatementKind {
  const funccall = 'CallStmt' in node ? node.CallStmt.funccall : undefined
  const { schema, name } = qualifiedName(funccall?.funcname)
  const args = children(walk, { args: funccall?.args } as Fields, walk.outer)
  callByName(walk, schema, name, args, funccall?.args?.length ?? 0, funccall ? textArguments(funccall) : [])
  walk.reading.effects.add('execute')
  return { ...plain, verb: 'CALL', returnsRows: true, outputs: 'opaque' }
}

function block(walk: Walk, { args = [] }: DoStmt): StatementKind {
  const option = (name: string) => {
    const found = args.find((arg) => 'DefElem' in arg && arg.DefElem.defname === name)
    return found && 'DefElem' in found ? stringOf(found.DefElem.arg) : null
  }
  walk.reading.effects.add('execute')
  const body = walk.bodies.block(walk.catalogue, option('language')?.toLowerCase() ?? 'plpgsql', option('as') ?? '')
  walk.reading.include(body.reading, 'body')
  // Its author is who runs it.
  walk.reading.asks(body.reading.filters)
  return { ...plain, verb: 'DO' }
}

/** What its body does is judged when it is called; that it cannot be read is told now. */
function createFunction(walk: Walk, statement: CreateFunctionStmt): StatementKind {
  const { reading } = walk
  const definition = definitions.CreateFunctionStmt
  if (definition) readDefinition(walk, { CreateFunctionStmt: statement }, definition, { ...statement, sql_body: undefined })
  const { schema, name } = qualifiedName(statement.funcname)
  const [made = null] = schema === null ? walk.catalogue.searchPath.filter((candidate) => candidate !== 'pg_catalog') : [schema]
  reading.object(statement.is_procedure ? 'procedure' : 'function', made === null ? name : `${made}.${name}`, 'ddl')
  const body = walk.bodies.created(walk.catalogue, statement, walk.text).reading
  for (const words of body.unknownForCertain) reading.unknown(words)
  // In the place of one that triggers run already, it asks of their rows; whoever writes those does not.
  for (const fired of tablesThatFire(printed(walk.catalogue), made ?? '', name))
    reading.asks(walk.bodies.created(walk.catalogue, statement, walk.text, fired).reading.filters)
  return { ...plain, verb: 'CREATE' }
}

/** Rules know columns by name: a new name takes the values away from them. */
function renamed(walk: Walk, statement: RenameStmt): void {
  const { relation, renameType, subname, newname = '' } = statement
  if (renameType === 'OBJECT_SCHEMA') walk.reading.flow('opaque')
  else if (renameType === 'OBJECT_COLUMN' || renameType === 'OBJECT_ATTRIBUTE') moved(walk, relation, subname)
  else if (relation && /^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE|SEQUENCE|INDEX)$/.test(renameType ?? '')) {
    moved(walk, relation)
    const { schemaname = null, relname = '' } = relation
    if (!findRelation(walk.catalogue, schemaname, relname))
      hides(walk, newname, hiddenRelation(walk.catalogue, schemaname, relname) ?? ownTable)
  }
}

function moved(walk: Walk, range: RangeVar | undefined, column?: string): void {
  const found = range && findRelation(walk.catalogue, range.schemaname ?? null, range.relname ?? '')
  const columns = found ? found.columns.filter(({ name }) => column === undefined || name === column) : []
  walk.reading.flow(columns.map(({ self }) => self))
}
