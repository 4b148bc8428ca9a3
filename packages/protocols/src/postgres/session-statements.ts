import type {
  DeclareCursorStmt,
  ExecuteStmt,
  FetchStmt,
  FuncCall,
  Node,
  PrepareStmt,
  SelectStmt,
  TypeName,
  VariableSetStmt,
} from 'libpg-query'
import { findType } from './catalogue.ts'
import { namedType, sourcesOf, type Walk } from './expressions.ts'
import { startWalk, unnamed } from './lineage.ts'
import { Reading } from './reading.ts'
import { schemasOf } from './search-path.ts'
import { queryAfter } from './session-change.ts'
import { hasMeaning, resetRefused, settingRefused } from './settings.ts'
import { none, union } from './sources.ts'
import { plain, type ReadStatement, type StatementKind } from './statement-kind.ts'
import { nameOf, qualifiedName, stringOf } from './syntax-tree.ts'

/** What is prepared now runs later, and is judged then: now it is only looked at. */
export function prepare(walk: Walk, { name = '', query, argtypes = [] }: PrepareStmt, readAny: ReadStatement): StatementKind {
  const { reading } = walk
  const inner = new Reading()
  if (query) readAny(startWalk(walk.catalogue, inner, unnamed(walk)), query)
  reading.include(inner, 'plan')
  // What is given to EXECUTE is made a value of these.
  const parameterTypes = argtypes.map((type) => ('TypeName' in type ? typeOid(walk, type.TypeName) : 0))
  reading.effects.add('session')
  const text = queryAfter('as', walk.text)
  if (text === null) reading.unknown('hoop does not find the query in PREPARE')
  else reading.session.push({ kind: 'prepare', name, text, parameterTypes })
  return { ...plain, verb: 'PREPARE' }
}

/** 0: it has none that is known now. */
function typeOid(walk: Walk, type: TypeName): number {
  const found = namedType(walk, type, walk.outer)
  if (found === null || found === 'serial') return 0
  return type.arrayBounds ? (findType(walk.catalogue, found.schema, `_${found.name}`)?.oid ?? 0) : found.oid
}

export function execute(walk: Walk, { name = '', params = [] }: ExecuteStmt): StatementKind {
  const { reading } = walk
  const statement = walk.named.prepared(name)
  reading.effects.add('session')
  const kind = { ...plain, verb: 'EXECUTE', returnsRows: true }
  if (statement === null) {
    reading.missing('26000', `there is no prepared statement ${name} that hoop has seen`)
    sourcesOf(walk, params, walk.outer)
    return { ...kind, outputs: 'opaque' }
  }
  reading.run(name, statement)
  const given = params.map((value, position) => {
    const mark = reading.mark
    const sources = sourcesOf(walk, value, walk.outer)
    reading.settle(mark, statement.parameterSources.get(position + 1) ?? none)
    return sources
  })
  const passed = given.reduce(union, none)
  const [part] = statement.parts
  if (part === undefined || part.outputs === 'opaque') return { ...kind, outputs: 'opaque' }
  return {
    ...kind,
    returnsRows: part.returnsRows,
    outputs: part.outputs.map((o) => ({ ...o, sources: union(o.sources, passed) })),
  }
}

/** Bit of DeclareCursorStmt.options: the cursor outlives its transaction. https://github.com/postgres/postgres src/include/nodes/parsenodes.h */
const hold = 0x20

export function declareCursor(
  walk: Walk,
  { portalname = '', options = 0, query }: DeclareCursorStmt,
  readAny: ReadStatement,
): StatementKind {
  const { reading } = walk
  const inner = new Reading()
  if (query) readAny(startWalk(walk.catalogue, inner, unnamed(walk)), query)
  reading.include(inner, 'part')
  reading.effects.add('session')
  const text = queryAfter('for', walk.text)
  if (text === null) reading.unknown('hoop does not find the query in DECLARE')
  else {
    const statement = walk.named.read(text)
    reading.session.push({ kind: 'declare', name: portalname, statement, hold: (options & hold) !== 0 })
  }
  return { ...plain, verb: 'DECLARE' }
}

export function fetch(walk: Walk, { portalname = '', ismove = false }: FetchStmt): StatementKind {
  const { reading } = walk
  const statement = walk.named.cursor(portalname)
  const kind = { ...plain, verb: ismove ? 'MOVE' : 'FETCH', returnsRows: !ismove }
  reading.effects.add('session')
  if (statement === null) {
    reading.missing('34000', `there is no cursor ${portalname} that hoop has seen`)
    return { ...kind, outputs: ismove ? [] : 'opaque' }
  }
  reading.run(portalname, statement)
  return { ...kind, outputs: ismove ? [] : (statement.parts[0]?.outputs ?? 'opaque') }
}

/** What CLOSE, DEALLOCATE and DISCARD take away. */
export function discard(reading: Reading, node: Node): void {
  const { session } = reading
  if ('ClosePortalStmt' in node) session.push({ kind: 'close', name: node.ClosePortalStmt.portalname ?? null })
  if ('DeallocateStmt' in node) session.push({ kind: 'deallocate', name: node.DeallocateStmt.name ?? null })
  if (!('DiscardStmt' in node)) return
  const { target } = node.DiscardStmt
  if (target === 'DISCARD_ALL' || target === 'DISCARD_TEMP') session.push({ kind: 'discard-temporary' })
  if (target !== 'DISCARD_ALL') return
  session.push({ kind: 'close', name: null }, { kind: 'deallocate', name: null })
  session.push({ kind: 'role', name: null, local: false }, { kind: 'search-path', schemas: null, local: false })
  session.push({ kind: 'reset-settings' })
}

/** What sessions begin with from then on (ALTER ROLE, DATABASE or SYSTEM … SET): what those that are open do not learn is refused. */
export function defaultSetting(reading: Reading, { kind, name = '', args = [] }: VariableSetStmt): void {
  if (kind === 'VAR_RESET_ALL') return reading.refuse('resetting what sessions begin with')
  reading.object('setting', name.toLowerCase(), 'write')
  const value = args.map(constantText)
  const refused =
    kind === 'VAR_SET_VALUE' ? settingRefused(name, value.includes(null) ? null : value.join(', ')) : resetRefused(name)
  if (refused) reading.refuse(`${refused} as a default`)
}

/** `SET` and `RESET`. */
export function setting(walk: Walk, statement: VariableSetStmt): StatementKind {
  const { reading } = walk
  const { kind, args = [], is_local: local = false } = statement
  const name = (statement.name ?? '').toLowerCase()
  reading.effects.add('session')
  const verb = kind?.startsWith('VAR_RESET') ? 'RESET' : 'SET'
  if (kind === 'VAR_RESET_ALL') {
    reading.session.push({ kind: 'search-path', schemas: null, local: false }, { kind: 'reset-settings' })
    return { ...plain, verb }
  }
  reading.object('setting', name, 'write')
  if (kind === 'VAR_SET_MULTI') {
    if (!transactionSettings.has(name)) reading.refuse(`SET ${name}`)
    return { ...plain, verb }
  }
  const values = args.map((arg) => ('TypeCast' in arg ? stringOf(arg.TypeCast.arg) : constantText(arg)))
  const given = kind === 'VAR_SET_VALUE' ? values : null
  if (!followed(reading, name, given, local)) {
    const value = values.some((part) => part === null) ? null : values.join(', ')
    const refused = kind === 'VAR_SET_VALUE' ? settingRefused(name, value) : resetRefused(name)
    if (refused) reading.refuse(refused)
    else if (hasMeaning(name))
      reading.session.push({
        kind: 'setting',
        name,
        value: kind === 'VAR_SET_VALUE' ? args.map(written).join(', ') : null,
        local,
      })
  }
  const [first] = args
  if (name === 'application_name' && first && 'A_Const' in first)
    reading.applicationNames.set(first.A_Const.location ?? 0, values[0] ?? '')
  return { ...plain, verb }
}
const transactionSettings = new Set(['transaction', 'session characteristics', 'transaction snapshot'])

/** Settings that decide what names mean; `values` null: back to the default. False: it is none of them, or its value is not known. */
function followed(reading: Reading, name: string, values: readonly (string | null)[] | null, local: boolean): boolean {
  const given = values?.filter((value) => value !== null) ?? null
  if (given?.length !== values?.length) return false
  if (name === 'search_path') {
    reading.session.push({ kind: 'search-path', schemas: given, local })
    return true
  }
  if (name !== 'role' && name !== 'session_authorization') return false
  const [role = null] = given ?? []
  const none = role === null || role.toLowerCase() === 'none'
  reading.effects.add('dcl')
  if (!none) reading.object('role', role, 'execute')
  reading.session.push({ kind: 'role', name: none ? null : role, local })
  return true
}

/** A value of SET in full; `INTERVAL '5' HOUR` is what a time zone may be given as, too. */
function written(node: Node): string {
  if (!('TypeCast' in node)) return constantText(node) ?? ''
  const { arg, typeName } = node.TypeCast
  return ['interval', arg && constantText(arg), ...(typeName?.typmods ?? []).map(constantText)].join(' ')
}

function constantText(node: Node): string | null {
  if (!('A_Const' in node)) return null
  const { sval, ival, fval, boolval } = node.A_Const
  if (sval) return sval.sval ?? ''
  if (fval) return fval.fval ?? ''
  if (ival) return String(ival.ival ?? 0)
  return boolval ? String(boolval.boolval ?? false) : null
}

/**
 * `SELECT set_config('search_path', '', false)`: a statement that consists of nothing else runs each call exactly once, as SET would. In any
 * other place it depends on data whether, and how often, such a call runs; pg_dump asks pg_settings whether the server knows the setting.
 */
export function readSettingCalls(reading: Reading, select: SelectStmt): void {
  const { targetList, fromClause, whereClause, limitOption: _l, op: _o, ...rest } = select
  if (Object.keys(rest).length > 0) return
  const asked = fromClause === undefined && whereClause === undefined ? null : settingAskedFor(fromClause, whereClause)
  if (asked === undefined) return
  const values = (targetList ?? []).map((target) => ('ResTarget' in target ? target.ResTarget.val : undefined))
  // A function that answers with rows has the others called for each of them.
  if (values.some((value) => !value || !('A_Const' in value || isSettingCall(value)))) return
  for (const value of values) if (value && 'FuncCall' in value) settingCall(reading, value.FuncCall, asked)
}

/** The name in `FROM pg_settings WHERE name = 'x'`. */
function settingAskedFor(from: readonly Node[] | undefined, where: Node | undefined): string | undefined {
  const [relation, ...others] = from ?? []
  if (!relation || !('RangeVar' in relation) || others.length > 0 || !where || !('A_Expr' in where)) return undefined
  const { relname, schemaname = 'pg_catalog', alias } = relation.RangeVar
  const { kind, name, lexpr, rexpr } = where.A_Expr
  if (relname !== 'pg_settings' || schemaname !== 'pg_catalog' || alias || kind !== 'AEXPR_OP' || nameOf(name).join() !== '=')
    return undefined
  return isName(lexpr) ? (stringOf(rexpr) ?? undefined) : undefined
}

function isName(node: Node | undefined): boolean {
  return node !== undefined && 'ColumnRef' in node && nameOf(node.ColumnRef.fields).join('.') === 'name'
}

function isSettingCall(node: Node): node is { FuncCall: FuncCall } {
  return 'FuncCall' in node && nameOf(node.FuncCall.funcname).at(-1) === 'set_config'
}

/** `asked`: the setting that `name` stands for, whose call runs once or never; null where every call runs once. */
function settingCall(reading: Reading, call: FuncCall, asked: string | null): void {
  const { schema, name } = qualifiedName(call.funcname)
  const [setting, value, isLocal] = call.args ?? []
  if (name !== 'set_config' || (schema !== null && schema !== 'pg_catalog') || !setting || !value || !isLocal) return
  const given = stringOf(value)
  if (asked !== null) {
    if (isName(setting) && given !== null && asked !== 'application_name' && settingRefused(asked, given) === null) {
      reading.certainCalls.add(call)
      if (hasMeaning(asked.toLowerCase())) reading.configures = true
    }
    return
  }
  const named = stringOf(setting)?.toLowerCase() ?? null
  const local = constantText('TypeCast' in isLocal && isLocal.TypeCast.arg ? isLocal.TypeCast.arg : isLocal)
  if (named === null || given === null || local === null) return
  const isLocally = /^(t|true|on|yes|1)$/i.test(local)
  const values = named === 'search_path' ? schemasOf(given) : [given]
  if (named === 'application_name' && 'A_Const' in value) reading.applicationNames.set(value.A_Const.location ?? 0, given)
  else if (values === null || !followed(reading, named, values, isLocally)) {
    if (values === null || settingRefused(named, given) !== null) return
    if (hasMeaning(named)) reading.session.push({ kind: 'setting', name: named, value: given, local: isLocally })
  }
  reading.certainCalls.add(call)
}
