import type { ColumnRef, Effect, Operation, Output, Part, Sources } from '@hoop/contracts'
import type { RawStmt } from 'libpg-query'
import { RoutineBodies } from './bodies.ts'
import { type Catalogue, type OwnRelation, uncertainCatalogue, withHidden, withSearchPath, withTypes } from './catalogue.ts'
import { lastName, type Touched } from './changes.ts'
import { definitionSetsOff } from './consequences.ts'
import type { CopyTransfer } from './copy-statement.ts'
import { definitions } from './definitions.ts'
import { freeConstants } from './free-constants.ts'
import { startWalk } from './lineage.ts'
import { readLiterals } from './literals.ts'
import { parametersRun } from './parameter-types.ts'
import { fingerprint, Offsets, parse, StatementUnreadable, tokens } from './parser.ts'
import { Reading } from './reading.ts'
import { outermost } from './scope.ts'
import { noSessionNames, type SessionChange, type SessionNames } from './session-change.ts'
import { readSettingCalls } from './session-statements.ts'
import { union } from './sources.ts'
import type { StatementKind } from './statement-kind.ts'
import { StatementNames } from './statement-names.ts'
import { readAnyStatement } from './statements.ts'
import { tagged } from './syntax-tree.ts'

export { loadParser, StatementUnreadable } from './parser.ts'

/** What one text does, for one catalogue. */
export interface Statement {
  /** All but the bound values; frozen and shared by all executions of the text: its identity is a cache key. */
  readonly operation: Omit<Operation, 'parameters'>
  /** By number: what `$1` is compared with or stored in. */
  readonly parameterSources: ReadonlyMap<number, Sources>
  readonly parts: readonly StatementPart[]
  /** There is no statement in the text: white space, comments, semicolons. */
  readonly empty: boolean
  /** Relations, functions and types that the catalogue does not have: made since it was read, or temporary. */
  readonly unresolved: readonly string[]
  /** Relations that it creates and that only its own session will see, or may. */
  readonly temporary: ReadonlyMap<string, OwnRelation>
  /** Types that it makes: until its transaction ends, only its own session knows them. */
  readonly types: Reading['types']
  /** What means something else, for everybody, once it has run. */
  readonly redefines: Touched
  /** Base columns that it names or reads. */
  readonly columns: readonly ColumnRef[]
  /** It was read by what stands under names of its session, and means something else in another. */
  readonly ofSession: boolean
  /** What its parameters were said to be where that counts: types whose values run something. */
  readonly parameterTypes: readonly number[]
  /** It names something that is not there: the server's SQLSTATE for that; null where that is not all that is unknown of it. */
  readonly missing: string | null
  /** The parser rejects it: its words, and where, in characters from 1. */
  readonly rejected: { readonly message: string; readonly position: number } | null
  /** Where it sets application_name, and to what; `[start, end)` in UTF-16 units. */
  readonly applicationNames: readonly { readonly start: number; readonly end: number; readonly value: string }[]
  /** Literals of the operation, by index, whose value has no part in all this: a text that differs in these only means the same. */
  readonly free: readonly number[]
}

/** One statement of the text. */
export interface StatementPart {
  /** `SELECT`, `INSERT`, `COPY`, `BEGIN`, … */
  readonly verb: string
  readonly returnsRows: boolean
  readonly outputs: readonly Output[] | 'opaque'
  /** A COPY through the connection (STDIN, STDOUT). */
  readonly copy: CopyTransfer | null
  readonly transaction: 'begin' | 'commit' | 'rollback' | 'savepoint' | null
  /** What its session has, or is, once it has run. */
  readonly session: readonly SessionChange[]
  /** It may change settings of its session, and nobody knows to what. */
  readonly configures: boolean
  /** Once it has run, the catalogue is to be read again. */
  readonly changesCatalogue: boolean
  /** Why hoop refuses the statement whatever the rules say: a construct that it cannot carry yet. */
  readonly notSupported: string | null
}

interface Read {
  readonly kind: StatementKind
  readonly reading: Reading
  /** `[start, end)` in bytes of UTF-8. */
  readonly start: number
  readonly end: number
}

/**
 * Reads a text as the server would: what it does to what, and where each value in it and in its results belongs. Transaction
 * control has no effects. Throws StatementUnreadable where the parser rejects the text.
 */
export function readStatement(text: string, catalogue: Catalogue, names: SessionNames = noSessionNames): Statement {
  try {
    return read(text, catalogue, new StatementNames(names))
  } catch (error) {
    // A tree that is too deep for our stack is not one that we have understood.
    if (error instanceof RangeError) throw new StatementUnreadable('the statement is nested too deeply', 0)
    throw error
  }
}

function read(text: string, catalogue: Catalogue, names: StatementNames): Statement {
  const statements = parse(text)
  const bytes = Buffer.from(text)
  // What follows a change of definitions in the same text is read by what is certain still.
  let known = catalogue
  let certain = true
  const reads = statements.map((statement) => {
    const read = readOne(statement, known, bytes, names)
    for (const change of read.reading.session) {
      names.apply(change)
      // What a default, a role or a savepoint makes of the path is not known here.
      if (change.kind === 'search-path') known = withSearchPath(known, { schemas: change.schemas ?? 'unseen', user: '' })
      else if (change.kind === 'role' || change.kind === 'rollback-to')
        known = withSearchPath(known, { schemas: 'unseen', user: '' })
    }
    if (read.reading.changesCatalogue && certain) {
      known = uncertainCatalogue(known)
      certain = false
    }
    known = withHidden(known, read.reading.temporary)
    if (read.reading.types.length > 0) known = withTypes(known, read.reading.types)
    return read
  })
  const whole = new Reading()
  for (const { reading } of reads) whole.include(reading, 'part')

  const offsets = new Offsets(text)
  const { literals, free } = readLiterals(text, reads, offsets, freeConstants(text, statements))
  const operation = Object.freeze<Statement['operation']>({
    protocol: 'postgres',
    text,
    fingerprint: fingerprintOf(text, whole),
    effects: inOrder(whole.effects),
    objects: whole.objects,
    functions: [...whole.functions],
    facts: {
      verbs: [...whole.verbs],
      statements: reads.length,
      unbounded: whole.unbounded,
      destructive: whole.destructive,
      columns: [...whole.columns].map(({ schema, table, column }) => `${schema}.${table}.${column}`),
    },
    literals,
    runs: whole.runs,
    flows: whole.flows,
    filters: whole.filters,
    parts: reads.map(
      ({ kind, reading, start, end }): Part => ({
        start: offsets.at(start),
        end: offsets.at(end),
        verb: kind.verb,
        effects: inOrder(reading.effects),
        outputs: kind.copy?.direction === 'out' ? kind.copy.outputs : kind.outputs,
      }),
    ),
    refused: whole.notSupported === null ? null : { code: 'not_supported', words: whole.notSupported },
    unknownBecause: [...whole.unknownBecause],
  })
  return {
    operation,
    parameterSources: whole.parameters,
    parts: reads.map(({ kind, reading }) => ({
      ...kind,
      session: reading.session,
      configures: reading.configures,
      changesCatalogue: reading.changesCatalogue,
      notSupported: reading.notSupported,
    })),
    empty: reads.length === 0,
    unresolved: [...whole.unresolved],
    temporary: whole.temporary,
    types: whole.types,
    redefines: redefinedBy(statements, whole),
    columns: [...whole.columns],
    ofSession: names.used,
    parameterTypes: names.parameterTypes,
    missing: whole.missingSqlState,
    rejected: null,
    applicationNames: applicationNames(text, whole, offsets),
    free,
  }
}

function readOne(statement: RawStmt, catalogue: Catalogue, bytes: Buffer, names: StatementNames): Read {
  const reading = new Reading()
  const start = statement.stmt_location ?? 0
  const end = statement.stmt_len ? start + statement.stmt_len : bytes.length
  const node = statement.stmt
  if (node) {
    if ('SelectStmt' in node) readSettingCalls(reading, node.SelectStmt)
    const bodies = new RoutineBodies(readAnyStatement)
    const named = names.statements((text, parameterTypes = []) =>
      readStatement(text, catalogue, { ...noSessionNames, parameterTypes }),
    )
    const walk = startWalk(catalogue, reading, { text: bytes.subarray(start, end).toString(), named, outer: outermost, bodies })
    const kind = readAnyStatement(walk, node)
    parametersRun(walk, names.parameterTypes)
    definitionSetsOff(walk)
    if (reading.closesCursors) reading.session.push({ kind: 'close', name: null })
    return { kind: withChoices(kind, reading), reading, start, end }
  }
  reading.unknown('the parser answered with no statement')
  return { kind: { verb: '', returnsRows: true, outputs: 'opaque', copy: null, transaction: null }, reading, start, end }
}

/** The statements that it runs by name are part of what makes it equal to another. */
function fingerprintOf(text: string, { runs }: Reading): string | null {
  const all = [text, ...runs.map((run) => run.text)].map(fingerprint)
  return all.includes(null) ? null : all.join('+')
}

function applicationNames(text: string, whole: Reading, offsets: Offsets): Statement['applicationNames'] {
  if (whole.applicationNames.size === 0) return []
  return tokens(text).flatMap(({ start, end }) => {
    const value = whole.applicationNames.get(start)
    return value === undefined ? [] : [{ start: offsets.at(start), end: offsets.at(end), value }]
  })
}

/** Definitions that no statement which is read already can come to mean. */
const additions = /^(CreateSeqStmt|AlterSeqStmt)$/
/** Definitions that change what the relations mean that they name. */
const ofRelations =
  /^(CreateStmt|CreateForeignTableStmt|CreateTableAsStmt|ViewStmt|SelectStmt|AlterTableStmt|DropStmt|RenameStmt|AlterObjectSchemaStmt)$/
const relationKinds = /^(table|view|materialized view|foreign table|sequence)$/

function redefinedBy(statements: readonly RawStmt[], whole: Reading): Touched {
  if (!whole.changesCatalogue) return noNames
  if (whole.redefines) return 'anything'
  const names = new Set<string>()
  for (const { stmt } of statements) {
    const [tag = '', fields = {}] = (stmt && tagged(stmt)) ?? []
    if (ofRelations.test(tag)) {
      if (tag === 'RenameStmt' && typeof fields.newname === 'string') names.add(fields.newname)
    } else if (definitions[tag]?.changesCatalogue && !additions.test(tag)) return 'anything'
  }
  for (const { kind, name, access } of whole.objects) {
    if (access !== 'ddl' || name.startsWith('pg_temp.')) continue
    if (!relationKinds.test(kind)) return 'anything'
    names.add(lastName(name))
  }
  return names
}
const noNames: ReadonlySet<string> = new Set()

/** Every value of a result may tell by what its rows were chosen, and so may everything that is stored. */
function withChoices(kind: StatementKind, reading: Reading): StatementKind {
  const { choices } = reading
  if (choices !== 'opaque' && choices.length === 0) return kind
  if (reading.effects.has('write') || reading.stores) reading.flow(choices)
  const chosen = (outputs: readonly Output[] | 'opaque') =>
    outputs === 'opaque' ? outputs : outputs.map(({ name, sources }) => ({ name, sources: union(sources, choices) }))
  return { ...kind, outputs: chosen(kind.outputs), copy: kind.copy && { ...kind.copy, outputs: chosen(kind.copy.outputs) } }
}

/** Always in the same order, so that equal statements have equal operations. */
const order: readonly Effect[] = [
  'read',
  'write',
  'ddl',
  'dcl',
  'execute',
  'session',
  'file',
  'network',
  'replication',
  'unknown',
]
function inOrder(effects: ReadonlySet<Effect>): readonly Effect[] {
  return order.filter((effect) => effects.has(effect))
}
