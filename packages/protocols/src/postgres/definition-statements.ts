import type { AlterTableCmd, AlterTableStmt, GrantStmt, Node, RangeVar, TypeName } from 'libpg-query'
import { findIndex, findRelation } from './catalogue.ts'
import { keepsWhole } from './choices.ts'
import { answersNothing, triggerMade, truncateSetsOff } from './consequences.ts'
import { type Definition, definitionNodes, namedBy } from './definitions.ts'
import { alterType, drop, dropPart } from './drops.ts'
import { asked, callByName, namedType, sourcesOf, type Walk } from './expressions.ts'
import { startWalk } from './lineage.ts'
import { maintains, usesOperatorClass } from './maintenance.ts'
import { kindOf, nameIndex, nameObjects, nameStatistics } from './named-objects.ts'
import { created, targetNames } from './new-relations.ts'
import { Reading } from './reading.ts'
import { outermost, type Scope } from './scope.ts'
import { union, without } from './sources.ts'
import { type Fields, isObject, nameOf, qualifiedName, tagged } from './syntax-tree.ts'

/** Reads a statement that defines, changes or maintains things: what it names, and what the expressions in it call. */
export function readDefinition(walk: Walk, node: Node, definition: Definition, fields: Fields): void {
  const { reading } = walk
  for (const effect of definition.effects) reading.effects.add(effect)
  if (definition.unknownBecause !== undefined) reading.unknown(definition.unknownBecause)
  if (definition.notSupported !== undefined) reading.refuse(definition.notSupported)
  reading.changesCatalogue ||= (definition.changesCatalogue ?? false) && !namesNothing.test(String(fields.removeType))
  reading.destructive ||= definition.destructive ?? false
  reading.secret ||= definition.secret ?? false
  const [tag = ''] = tagged(node) ?? []
  const own = namedBy[tag]
  const ownName = own ? fields[own.field] : null
  if (own && typeof ownName === 'string') reading.object(own.kind, ownName, own.access ?? 'ddl')

  const access = definition.effects.includes('dcl') && !definition.effects.includes('ddl') ? 'dcl' : 'ddl'
  const scope = targetScope(walk, node, fields)
  if ('CreateStmt' in node && node.CreateStmt.relation) created(walk, node.CreateStmt.relation)
  if ('CreateForeignTableStmt' in node && node.CreateForeignTableStmt.base?.relation)
    created(walk, node.CreateForeignTableStmt.base.relation)
  if ('CreateSeqStmt' in node && node.CreateSeqStmt.sequence) created(walk, node.CreateSeqStmt.sequence, 'sequence')
  if ('CommentStmt' in node && node.CommentStmt.object)
    nameObjects(walk, [node.CommentStmt.object], node.CommentStmt.objtype ?? '')
  if ('SecLabelStmt' in node && node.SecLabelStmt.object)
    nameObjects(walk, [node.SecLabelStmt.object], node.SecLabelStmt.objtype ?? '')
  if ('AlterFunctionStmt' in node && node.AlterFunctionStmt.func)
    nameObjects(walk, [{ ObjectWithArgs: node.AlterFunctionStmt.func }], node.AlterFunctionStmt.objtype ?? 'OBJECT_FUNCTION')
  if ('TruncateStmt' in node) {
    for (const relation of node.TruncateStmt.relations ?? [])
      if ('RangeVar' in relation) truncateSetsOff(walk, relation.RangeVar, node.TruncateStmt.behavior === 'DROP_CASCADE')
  }
  if ('DropStmt' in node) drop(walk, node.DropStmt)
  if ('AlterTableStmt' in node) {
    for (const command of node.AlterTableStmt.cmds ?? [])
      if ('AlterTableCmd' in command) alterTable(walk, command.AlterTableCmd, scope)
    dropParts(walk, node.AlterTableStmt)
    if (node.AlterTableStmt.objtype === 'OBJECT_TYPE') alterRowType(walk, node.AlterTableStmt.relation)
  }
  if ('GrantStmt' in node && node.GrantStmt.targtype === 'ACL_TARGET_ALL_IN_SCHEMA') grantedIn(walk, node.GrantStmt)
  if ('RenameStmt' in node && node.RenameStmt.renameType === 'OBJECT_ATTRIBUTE') alterRowType(walk, node.RenameStmt.relation)
  if ('AlterDomainStmt' in node) alterType(walk, nameOf(node.AlterDomainStmt.typeName))
  if ('AlterStatsStmt' in node) nameStatistics(walk, nameOf(node.AlterStatsStmt.defnames))
  if ('CreatePolicyStmt' in node || 'AlterPolicyStmt' in node) rowPolicy(walk, fields, scope)
  if ('CreateTrigStmt' in node) triggerMade(walk, node.CreateTrigStmt)
  if ('CreateEventTrigStmt' in node) triggerMade(walk, node.CreateEventTrigStmt)
  if ('RuleStmt' in node && !(node.RuleStmt.actions ?? []).every(answersNothing))
    reading.unknown('a rule that answers with rows decides what any use of its relation does')
  maintains(walk, node)
  putToUse(walk, node)
  inside(walk, besides(node, fields), scope, access)
}

/** Functions that operators, casts and operator classes are made of: whatever uses those runs them, without their names. */
function putToUse(walk: Walk, node: Node): void {
  const functions: (readonly Node[] | undefined)[] = []
  if ('DefineStmt' in node && node.DefineStmt.kind === 'OBJECT_OPERATOR') {
    for (const option of node.DefineStmt.definition ?? []) {
      const { defname = '', arg } = 'DefElem' in option ? option.DefElem : {}
      if (/^(function|procedure)$/.test(defname) && arg && 'TypeName' in arg) functions.push(arg.TypeName.names)
    }
  }
  if ('CreateCastStmt' in node) functions.push(node.CreateCastStmt.func?.objname)
  if ('CreateOpClassStmt' in node) functions.push(...functionsOf(node.CreateOpClassStmt.items))
  if ('AlterOpFamilyStmt' in node && !node.AlterOpFamilyStmt.isDrop) functions.push(...functionsOf(node.AlterOpFamilyStmt.items))
  for (const names of functions) {
    const { schema, name } = qualifiedName(names)
    if (name !== '') callByName(walk, schema, name)
  }
}

/** The support functions of an operator class. https://github.com/postgres/postgres src/include/nodes/parsenodes.h: OPCLASS_ITEM_FUNCTION */
function functionsOf(items: readonly Node[] = []): readonly (readonly Node[] | undefined)[] {
  return items.flatMap((item) =>
    'CreateOpClassItem' in item && item.CreateOpClassItem.itemtype === 2 ? [item.CreateOpClassItem.name?.objname] : [],
  )
}

function alterRowType(walk: Walk, { schemaname, relname = '' }: RangeVar = {}): void {
  alterType(walk, schemaname === undefined ? [relname] : [schemaname, relname])
}

/** `ON ALL TABLES IN SCHEMA`, or all sequences, or all functions. */
function grantedIn({ catalogue, reading }: Walk, { objects = [], objtype }: GrantStmt): void {
  const { relations, functions } = catalogue.probable ?? catalogue
  if (catalogue.probable) reading.unknown('what the schema holds behind other definitions of its transaction is not known')
  for (const schema of nameOf(objects)) {
    reading.object('schema', schema, 'dcl')
    if (objtype === 'OBJECT_TABLE' || objtype === 'OBJECT_SEQUENCE') {
      for (const relation of relations.get(schema)?.values() ?? [])
        if ((relation.kind === 'sequence') === (objtype === 'OBJECT_SEQUENCE'))
          reading.object(kindOf(relation), `${schema}.${relation.name}`, 'dcl')
    } else for (const name of functions.get(schema)?.keys() ?? []) reading.object('function', `${schema}.${name}`, 'dcl')
  }
}

/** All of a definition but the name of the relation that it makes, names that are looked up by themselves, and statements that are read as such. */
function besides(node: Node, fields: Fields): unknown {
  if ('DropStmt' in node || 'CommentStmt' in node || 'SecLabelStmt' in node || 'ConstraintsSetStmt' in node) return []
  const { relation: _r, sequence: _s, base: foreign, schemaElts: _e, ...rest } = fields
  if ('CreateSchemaStmt' in node) return rest
  if ('CreateSeqStmt' in node) return rest
  if ('CreateStmt' in node || 'CreateForeignTableStmt' in node)
    return [rest, isObject(foreign) ? { ...foreign, relation: undefined } : undefined]
  return fields
}

/** The table that the definition is about, so that the columns in its expressions are found. */
function targetScope(walk: Walk, node: Node, fields: Fields): Scope {
  const range = [fields.relation, fields.table].find(isObject)
  if (!range) return outermost
  // Looked at for its columns only: what reading it would do is not done here.
  const aside = startWalk(walk.catalogue, new Reading(), walk)
  const target = aside.relation(range as RangeVar, outermost)
  if (!('CreateTrigStmt' in node || 'RuleStmt' in node)) return { ...outermost, relations: [target] }
  return { ...outermost, relations: ['new', 'old'].map((alias) => ({ ...target, alias, schema: null, qualifiedOnly: true })) }
}

/** Everything inside a definition, whatever field it stands in. */
function inside(walk: Walk, value: unknown, scope: Scope, access: string): void {
  if (Array.isArray(value)) {
    for (const item of value) inside(walk, item, scope, access)
    return
  }
  if (!isObject(value)) return
  const node = tagged(value)
  if (node?.[0] === 'RangeVar') mentioned(walk, node[1] as RangeVar, access)
  else if (node?.[0] === 'RoleSpec' || (!node && 'roletype' in value)) role(walk, node ? node[1] : value)
  else if (!node && 'relname' in value) mentioned(walk, value as RangeVar, access)
  // A word without quotes stands in an option as the name of a type would: `autovacuum_enabled = off`.
  else if (node?.[0] === 'DefElem' && isObject(node[1].arg) && 'TypeName' in node[1].arg) return
  else if (node?.[0] === 'TypeName') namedType(walk, node[1] as TypeName, scope)
  else if (!node && 'names' in value && 'typemod' in value) namedType(walk, value as TypeName, scope)
  else if (node && !definitionNodes.has(node[0])) sourcesOf(walk, value, scope)
  else {
    if (node && Array.isArray(node[1].opclass)) usesOperatorClass(walk, node[1].opclass)
    for (const [field, inner] of Object.entries(node ? node[1] : value)) {
      if (typeof inner !== 'object') continue
      if (deciding.has(field)) asked(walk, inner, scope)
      else inside(walk, inner, scope, access)
    }
  }
}

/** Conditions of triggers, rules, partial indexes and policies: they ask of each row when they are made, or when it is used. */
const deciding = new Set(['whenClause', 'whereClause', 'qual', 'with_check'])

function role(walk: Walk, fields: Fields): void {
  if (typeof fields.rolename === 'string') walk.reading.object('role', fields.rolename, 'dcl')
}

function mentioned(walk: Walk, range: RangeVar, access: string): void {
  const { schemaname = null, relname = '' } = range
  const found = findRelation(walk.catalogue, schemaname, relname)
  // ALTER TABLE takes an index, too.
  if (!found && findIndex(walk.catalogue, schemaname, relname)) {
    nameIndex(walk, range, access)
    return
  }
  const kind = found ? kindOf(found) : 'table'
  for (const name of targetNames(walk, range)) walk.reading.object(kind, name, access)
}

function alterTable(walk: Walk, command: AlterTableCmd, scope: Scope): void {
  const { subtype, def, name } = command
  const [relation] = scope.relations
  const own = relation?.columns?.find((column) => column.name === name)?.sources ?? []
  const constraints = def && 'ColumnDef' in def ? (def.ColumnDef.constraints ?? []) : [def]
  for (const each of constraints) {
    // The rows that are there have to pass.
    if (each && 'Constraint' in each && each.Constraint.contype === 'CONSTR_CHECK') asked(walk, each.Constraint.raw_expr, scope)
  }
  if (subtype === 'AT_DropColumn') walk.reading.destructive = true
  // Its values stay, and nothing tells any more what they were made of.
  if (subtype === 'AT_DropExpression') walk.reading.flow(own)
  // A rule for the parent is one for the child as long as they are kin.
  if (subtype === 'AT_DropInherit' || subtype === 'AT_DetachPartition') walk.reading.flow(relation?.any ?? 'opaque')
  if (subtype !== 'AT_AlterColumnType' || !def || !('ColumnDef' in def)) return
  const using = def.ColumnDef.raw_default
  const sources = sourcesOf(walk, using, scope)
  walk.reading.flow(using && keepsWhole(using) ? without(sources, own) : sources)
}

function dropParts(walk: Walk, { relation, cmds = [] }: AlterTableStmt): void {
  const table = findRelation(walk.catalogue, relation?.schemaname ?? null, relation?.relname ?? '')
  if (table) for (const command of cmds) if ('AlterTableCmd' in command) dropPart(walk, table, command.AlterTableCmd)
}

/** Who sees which rows is seen from which rows they see. */
function rowPolicy(walk: Walk, { qual, with_check: check }: Fields, scope: Scope): void {
  const aside = new Reading()
  const sources = sourcesOf(startWalk(walk.catalogue, aside, walk), [qual, check], scope)
  walk.reading.flow(union(sources, aside.choices))
}

/** What can be dropped without any name coming to mean something else. */
const namesNothing = /^OBJECT_(INDEX|STATISTIC_EXT|PUBLICATION)$/
