import type { Output } from '@hoop/contracts'
import type { CopyStmt, Node } from 'libpg-query'
import { findRelation } from './catalogue.ts'
import { writeSetsOff } from './consequences.ts'
import { outputSources, sourcesOf, type Walk } from './expressions.ts'
import type { Scope } from './scope.ts'
import { nameOf } from './syntax-tree.ts'

type Outputs = readonly Output[] | 'opaque'

/** How the rows of a COPY look on the wire. */
export interface CopyOptions {
  readonly delimiter: string
  readonly null: string
  readonly quote: string
  readonly escape: string
  readonly header: boolean
}
/** A COPY whose rows travel through the connection. */
export interface CopyTransfer {
  readonly direction: 'in' | 'out'
  readonly format: 'text' | 'csv' | 'binary'
  readonly options: CopyOptions
  readonly outputs: Outputs
}

/** Reads `COPY`; null: its rows go to or come from a file or a program of the server. */
export function readCopy(walk: Walk, copy: CopyStmt, scope: Scope): CopyTransfer | null {
  const { reading } = walk
  reading.verbs.add('COPY')
  const direction = copy.is_from ? 'in' : 'out'
  const outputs = copied(walk, copy, scope)
  if (copy.whereClause && copy.relation) {
    const relation = walk.relation(copy.relation, scope, 'write')
    sourcesOf(walk, copy.whereClause, { ...scope, relations: [relation] })
  }
  const { format, options } = readOptions(walk, copy.options ?? [])
  if (!copy.is_program && copy.filename === undefined) return { direction, format, options, outputs }
  reading.effects.add('file')
  if (copy.is_program) reading.effects.add('execute')
  reading.object(copy.is_program ? 'program' : 'file', copy.filename ?? '', copy.is_from ? 'read' : 'write')
  if (!copy.is_from) reading.flow(outputSources(outputs))
  return null
}

/** The columns that a COPY moves, in order. */
function copied(walk: Walk, copy: CopyStmt, scope: Scope): Outputs {
  if (copy.query) return walk.query(copy.query, scope)
  if (!copy.relation) return 'opaque'
  const relation = walk.relation(copy.relation, scope, copy.is_from ? 'write' : 'read')
  const columns = relation.columns
  if (copy.is_from) {
    const given = copy.attlist ? nameOf(copy.attlist) : (columns?.map(({ name }) => name) ?? null)
    // A value can say that it is the default.
    const defaults = (copy.options ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === 'default')
    writeSetsOff(walk, copy.relation, { events: ['insert'], given: defaults ? null : given, changed: null })
  }
  if (!columns) return 'opaque'
  const named = nameOf(copy.attlist)
  const found = findRelation(walk.catalogue, copy.relation.schemaname ?? null, copy.relation.relname ?? '')
  const generated = new Set(found?.columns.filter((column) => column.generated !== null).map(({ name }) => name))
  const names = named.length > 0 ? named : columns.map(({ name }) => name).filter((name) => !generated.has(name))
  const outputs = names.map((name): Output => columns.find((column) => column.name === name) ?? { name, sources: 'opaque' })
  for (const { sources } of outputs) walk.reading.touch(sources)
  return outputs
}

/** Options that say nothing about how a row looks. */
const immaterial = new Set([
  'freeze',
  'force_quote',
  'force_not_null',
  'force_null',
  'on_error',
  'log_verbosity',
  'reject_limit',
  'default',
])

function readOptions(walk: Walk, list: readonly Node[]): { format: CopyTransfer['format']; options: CopyOptions } {
  const given = new Map<string, string>()
  for (const node of list) {
    if (!('DefElem' in node)) continue
    const { defname = '', arg } = node.DefElem
    given.set(defname, optionText(arg))
    if (immaterial.has(defname) || known.has(defname)) continue
    walk.reading.refuse(`the COPY option ${defname}`)
  }
  const format = given.get('format') ?? 'text'
  if (format !== 'text' && format !== 'csv' && format !== 'binary') walk.reading.refuse(`the COPY format ${format}`)
  const encoding = given.get('encoding')
  if (encoding !== undefined && !/^(utf-?8|unicode)$/i.test(encoding)) walk.reading.refuse(`COPY in the encoding ${encoding}`)
  const csv = format === 'csv'
  const quote = given.get('quote') ?? '"'
  return {
    format: format === 'csv' || format === 'binary' ? format : 'text',
    options: {
      delimiter: given.get('delimiter') ?? (csv ? ',' : '\t'),
      null: given.get('null') ?? (csv ? '' : '\\N'),
      quote,
      escape: given.get('escape') ?? quote,
      header: !/^(false|off|0)$/i.test(given.get('header') ?? 'off'),
    },
  }
}
const known = new Set(['format', 'delimiter', 'null', 'quote', 'escape', 'header', 'encoding'])

/** An option without a value is switched on. */
export function optionText(arg: Node | undefined): string {
  if (!arg) return 'true'
  if ('String' in arg) return arg.String.sval ?? ''
  if ('Integer' in arg) return String(arg.Integer.ival ?? 0)
  if ('Boolean' in arg) return String(arg.Boolean.boolval ?? false)
  if ('Float' in arg) return arg.Float.fval ?? ''
  return ''
}
