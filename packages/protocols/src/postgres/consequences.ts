import type { CreateTrigStmt, Node, RangeVar, RuleStmt } from 'libpg-query'
import type { Fired } from './body-pass.ts'
import {
  type Catalogue,
  type CatalogueFunction,
  type CatalogueRelation,
  findFunctions,
  findRelation,
  hiddenRelation,
  printed,
  probableRelation,
  type Rule,
} from './catalogue.ts'
import { type Body, callByName, sourcesOf, type Walk } from './expressions.ts'
import { isSystemFunction } from './functions.ts'
import { kindOf } from './named-objects.ts'
import { parse, StatementUnreadable } from './parser.ts'
import { Reading } from './reading.ts'
import { rowOf } from './relations.ts'
import { makeRelation, outermost } from './scope.ts'
import { nameOf, qualifiedName, tagged } from './syntax-tree.ts'

export type WriteEvent = 'insert' | 'update' | 'delete' | 'truncate'

/** Bits of CreateTrigStmt.events. https://github.com/postgres/postgres src/include/catalog/pg_trigger.h */
const bits: Readonly<Record<WriteEvent, number>> = { insert: 4, delete: 8, update: 16, truncate: 32 }

/** What a write to one relation sets off. */
interface Write {
  readonly events: readonly WriteEvent[]
  /** Columns that are given a value, so that their defaults do not run; null: none. */
  readonly given: readonly string[] | null
  /** Columns that an UPDATE sets; null: any. */
  readonly changed: readonly string[] | null
  /** Columns that an UPDATE sets to their defaults; null: any. */
  readonly defaulted?: readonly string[] | null
}

/**
 * Puts on the reading what a write to a relation does besides: triggers, defaults, checks and policies that call functions, rules, and what
 * foreign keys do to other tables.
 */
export function writeSetsOff(walk: Walk, range: RangeVar | undefined, write: Write): void {
  if (!range) return
  const { schemaname = null, relname = '' } = range
  const seen = new Set<string>()
  const own = hiddenRelation(walk.catalogue, schemaname, relname)
  if (own) {
    for (const { name, access } of own.objects) {
      const base = access === 'read' ? relationNamed(walk, name) : null
      if (base) setOff(walk, base, { ...write, given: null, changed: null, defaulted: write.defaulted?.length ? null : [] }, seen)
    }
    return
  }
  const found = probableRelation(walk.catalogue, schemaname, relname)
  if (!found) return
  // Where names are uncertain, a function may have been replaced since: what its triggers run is not known.
  setOff(walk, found, write, seen)
  if (found.kind !== 'view') return
  // A view passes the write on.
  const aside = new Reading()
  walk.apart(walk.catalogue, aside).relation(range, outermost, 'write')
  for (const { name, access } of aside.objects) {
    const base = access === 'write' ? relationNamed(walk, name) : null
    if (base) setOff(walk, base, { ...write, given: null, changed: null, defaulted: write.defaulted?.length ? null : [] }, seen)
  }
}

/** TRUNCATE … CASCADE empties whatever refers to the table. */
export function truncateSetsOff(walk: Walk, range: RangeVar, cascade: boolean): void {
  writeSetsOff(walk, range, { events: ['truncate'], given: null, changed: null })
  const open = [probableRelation(walk.catalogue, range.schemaname ?? null, range.relname ?? '')]
  const seen = new Set(open)
  for (let table = open.pop(); cascade && table; table = open.pop()) {
    for (const { table: oid } of table.referencedBy) {
      const referring = walk.catalogue.relationsByOid.get(oid)
      if (!referring || seen.has(referring)) continue
      seen.add(referring)
      open.push(referring)
      walk.reading.object('table', `${referring.schema}.${referring.name}`, 'ddl')
      setOff(walk, referring, { events: ['truncate'], given: null, changed: null }, new Set())
    }
  }
}

/** Policies decide about every row that is read, by functions and by what other relations hold. */
export function readSetsOff(walk: Walk, relation: CatalogueRelation): void {
  for (const { occasion, kind, schema, name } of relation.attached) {
    if (kind === 'relation') lookedUp(walk, schema, name)
    else if (occasion === 'policy' || occasion === 'value')
      callByName({ ...walk, catalogue: printed(walk.catalogue) }, schema, name)
  }
}

function lookedUp({ catalogue, reading }: Walk, schema: string, name: string): void {
  const found = findRelation(catalogue, schema, name)
  reading.effects.add('read')
  reading.object(found ? kindOf(found) : 'table', `${schema}.${name}`, 'read')
}

function setOff(walk: Walk, relation: CatalogueRelation, write: Write, seen: Set<string>): void {
  for (const table of [relation, ...relation.kin]) {
    const key = JSON.stringify([table.oid, write.events])
    if (seen.has(key)) continue
    seen.add(key)
    for (const definition of table.triggers) trigger(walk, table, definition, write)
    for (const rule of table.rules) ruled(walk, table, rule, write)
    for (const attached of table.attached) runAttached(walk, attached, write)
    // A trigger may change what the statement does not.
    const changed = table.triggers.some((definition) => definition.includes(' BEFORE ')) ? null : write.changed
    for (const { table: oid, onDelete, onUpdate, columns } of table.referencedBy) {
      if (write.events.includes('delete')) cascade(walk, oid, onDelete, 'delete', seen)
      if (write.events.includes('update') && (changed === null || columns.some((name) => changed.includes(name))))
        cascade(walk, oid, onUpdate, 'update', seen)
    }
  }
}

function runAttached(
  walk: Walk,
  { occasion, column, kind, schema, name }: CatalogueRelation['attached'][number],
  { events, given, defaulted = [] }: Write,
): void {
  const inserts = events.includes('insert')
  const runs =
    occasion === 'default'
      ? (inserts && !(column !== null && given?.includes(column))) || column === null || (defaulted?.includes(column) ?? true)
      : occasion !== 'statistics' && (inserts || events.includes('update'))
  if (occasion !== 'policy' && !runs) return
  if (kind === 'function') callByName({ ...walk, catalogue: printed(walk.catalogue) }, schema, name)
  else if (kind === 'relation') lookedUp(walk, schema, name)
  else walk.reading.object('sequence', `${schema}.${name}`, 'write')
}

/** The events of RuleStmt that a write may be. */
const ruleEvents: Readonly<Record<string, WriteEvent>> = { CMD_INSERT: 'insert', CMD_UPDATE: 'update', CMD_DELETE: 'delete' }

/** What a rule does in the name of whoever writes; one that answers with rows decides about the result, too. */
function ruled(walk: Walk, table: CatalogueRelation, { name, definition }: Rule, { events }: Write): void {
  const { reading } = walk
  const rule = definitionOf(definition, 'RuleStmt')
  if (rule && !events.some((event) => event === ruleEvents[rule.event ?? ''])) return
  if (!rule || !(rule.actions ?? []).every(answersNothing))
    return reading.unknown(`the rule ${name} decides what a write to ${table.schema}.${table.name} does`)
  const aside = new Reading()
  const key = `${table.oid} ${name}`
  const inner = walk.apart(printed(walk.catalogue), aside)
  const rows = ['new', 'old'].map((alias) => ({ ...makeRelation(alias, null, rowOf(table)), qualifiedOnly: true }))
  const scope = { ...outermost, relations: rows }
  const read = () => {
    aside.choose(sourcesOf(inner, rule.whereClause, scope))
    for (const action of rule.actions ?? []) {
      if ('NotifyStmt' in action) notified(aside, action.NotifyStmt.conditionname)
      else inner.query(action, scope)
    }
  }
  if (!walk.bodies.once(key, read)) reading.unknown(`the rule ${name} sets itself off`)
  reading.include(aside, 'body')
  reading.flow(aside.choices)
}

/** Whether the action of a rule can be read as a part of any write. */
export function answersNothing(action: Node): boolean {
  if ('InsertStmt' in action) return action.InsertStmt.returningClause === undefined
  if ('UpdateStmt' in action) return action.UpdateStmt.returningClause === undefined
  if ('DeleteStmt' in action) return action.DeleteStmt.returningClause === undefined
  return 'NotifyStmt' in action
}

function notified(reading: Reading, channel = ''): void {
  reading.effects.add('write')
  reading.object('channel', channel, 'write')
}

/** What a foreign key does to the rows that refer to others: `c` as those, `n` and `d` change them. */
function cascade(walk: Walk, oid: number, action: string, event: WriteEvent, seen: Set<string>): void {
  if (!/^[cnd]$/.test(action)) return
  const table = walk.catalogue.relationsByOid.get(oid)
  if (!table) return walk.reading.unknown('a foreign key changes a table that is not known')
  walk.reading.object('table', `${table.schema}.${table.name}`, 'write')
  const defaulted = action === 'd' ? null : []
  setOff(walk, table, { events: [action === 'c' ? event : 'update'], given: null, changed: null, defaulted }, seen)
}

/** Trigger functions that come with the server or its extensions and only change or refuse the row that is written. */
const harmless = new Set(
  'suppress_redundant_updates_trigger tsvector_update_trigger tsvector_update_trigger_column moddatetime insert_username autoinc'.split(
    ' ',
  ),
)

function trigger(walk: Walk, table: CatalogueRelation, definition: string, { events, changed }: Write): void {
  const { reading } = walk
  const where = `${table.schema}.${table.name}`
  const statement = definitionOf(definition, 'CreateTrigStmt')
  if (!statement) return reading.unknown(`a trigger on ${where} cannot be read now; another session may be altering it`)
  const on = events.filter((event) => ((statement.events ?? 0) & bits[event]) !== 0)
  const columns = nameOf(statement.columns)
  const generated = table.columns.some((column) => column.generated !== null && columns.includes(column.name))
  const untouched = changed !== null && columns.length > 0 && !generated && !columns.some((name) => changed.includes(name))
  if (on.length === 0 || (untouched && on.every((event) => event === 'update'))) return
  if (statement.whenClause) when(walk, table, statement.whenClause)
  const { schema, name } = qualifiedName(statement.funcname)
  const rows = transitionTables(statement.transitionRels)
  runs({ ...walk, catalogue: printed(walk.catalogue) }, schema, name, table, rows)
}

/** What a trigger's transition tables are called. */
function transitionTables(transitionRels: readonly Node[] = []): readonly string[] {
  return transitionRels.flatMap((node) => ('TriggerTransition' in node ? [node.TriggerTransition.name ?? ''] : []))
}

/** Statements that no event trigger is about, though they are counted among the definitions. */
const noEvents = new Set(['TRUNCATE', 'VACUUM'])

/** Event triggers run when a statement changes definitions or rights. */
export function definitionSetsOff(walk: Walk): void {
  const { reading, catalogue } = walk
  if (!reading.effects.has('ddl') && !reading.effects.has('dcl')) return
  if ([...reading.verbs].every((verb) => noEvents.has(verb))) return
  for (const { schema, name } of catalogue.eventTriggers) runs({ ...walk, catalogue: printed(catalogue) }, schema, name, null, [])
}

/**
 * A function that a trigger runs, or one that is made now will run: what waits to be set off by somebody counts where it is put there. `table`
 * null: on an event that is about none.
 */
function runs(
  walk: Walk,
  schema: string | null,
  name: string,
  table: CatalogueRelation | null,
  rows: readonly string[],
): Body | null {
  const { reading } = walk
  const [routine] = findFunctions(walk.catalogue, schema, name).filter(({ arguments: known }) => (known?.least ?? 0) === 0)
  const called = routine ? `${routine.schema}.${name}` : name
  reading.functions.add(called)
  if (routine && onlyItsRow(routine)) return null
  const body = routine ? walk.bodies.trigger(printed(walk.catalogue), routine, table, rows) : null
  if (!body) {
    reading.unknown(`a trigger runs ${called}(), which hoop does not read`)
    return null
  }
  reading.effects.add('execute')
  reading.object('function', called, 'execute')
  reading.include(body.reading, 'body')
  return body
}

/** CREATE TRIGGER and CREATE EVENT TRIGGER. What the trigger asks of rows, its author asks; those who write them do not. */
export function triggerMade(
  walk: Walk,
  { funcname, relation, transitionRels }: Pick<CreateTrigStmt, 'funcname' | 'relation' | 'transitionRels'>,
): void {
  const { schema, name } = qualifiedName(funcname)
  const table = relation ? probableRelation(walk.catalogue, relation.schemaname ?? null, relation.relname ?? '') : null
  const body = runs(walk, schema, name, table, transitionTables(transitionRels))
  if (body) walk.reading.asks(body.reading.filters)
}

/** The tables whose triggers run a function of this name, with what each calls its transition tables. */
export function tablesThatFire(catalogue: Catalogue, schema: string, name: string): readonly Fired[] {
  const fired: Fired[] = []
  for (const table of catalogue.relationsByOid.values()) {
    for (const definition of table.triggers) {
      const statement = definition.includes(name) ? definitionOf(definition, 'CreateTrigStmt') : null
      const called = qualifiedName(statement?.funcname)
      if (called.name === name && (called.schema ?? schema) === schema)
        fired.push({ table, rows: transitionTables(statement?.transitionRels) })
    }
  }
  return fired
}

function onlyItsRow(routine: CatalogueFunction): boolean {
  return harmless.has(routine.name) && (isSystemFunction(routine) || routine.language === 'c')
}

function when(walk: Walk, table: CatalogueRelation, condition: Node): void {
  const aside = new Reading()
  const inner = walk.apart(printed(walk.catalogue), aside)
  const rows = ['new', 'old'].map((alias) => ({ ...makeRelation(alias, null, rowOf(table)), qualifiedOnly: true }))
  sourcesOf(inner, condition, { ...outermost, relations: rows })
  walk.reading.include(aside, 'body')
}

/** The one statement that the server prints a trigger or a rule as; null if it is not that. */
function definitionOf(definition: string, tag: 'CreateTrigStmt'): CreateTrigStmt | null
function definitionOf(definition: string, tag: 'RuleStmt'): RuleStmt | null
function definitionOf(definition: string, tag: string): unknown {
  try {
    const [statement] = definition === '' ? [] : parse(definition)
    const [found, fields] = (statement?.stmt && tagged(statement.stmt)) ?? []
    return found === tag ? fields : null
  } catch (error) {
    if (error instanceof StatementUnreadable) return null
    throw error
  }
}

function relationNamed({ catalogue }: Walk, name: string): CatalogueRelation | null {
  for (const [schema, byName] of catalogue.relations) {
    const found = name.startsWith(`${schema}.`) ? byName.get(name.slice(schema.length + 1)) : undefined
    if (found) return found
  }
  return null
}
