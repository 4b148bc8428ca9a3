import type { Effect, Operation, Output, Part, Sources } from '@hoop/contracts'
import type { RawStmt } from 'libpg-query'
import { type Catalogue, uncertainCatalogue } from './catalogue.ts'
import { lastName, type Touched } from './changes.ts'
import type { CopyTransfer } from './copy-statement.ts'
import { definitions } from './definitions.ts'
import { startWalk } from './lineage.ts'
import { readLiterals } from './literals.ts'
import { fingerprint, Offsets, parse, StatementUnreadable } from './parser.ts'
import { Reading } from './reading.ts'
import { union } from './sources.ts'
import { readAnyStatement, type StatementKind } from './statements.ts'
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
  readonly temporary: readonly string[]
  /** What means something else, for everybody, once it has run. */
  readonly redefines: Touched
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
export function readStatement(text: string, catalogue: Catalogue): Statement {
  try {
    return read(text, catalogue)
  } catch (error) {
    // A tree that is too deep for our stack is not one that we have understood.
    if (error instanceof RangeError) throw new StatementUnreadable('the statement is nested too deeply', 0)
    throw error
  }
}

function read(text: string, catalogue: Catalogue): Statement {
  const statements = parse(text)
  const bytes = Buffer.byteLength(text)
  // What follows a change of definitions in the same text is read by what is certain still.
  let known = catalogue
  const reads = statements.map((statement) => {
    const read = readOne(statement, known, bytes)
    if (read.reading.changesCatalogue && known === catalogue) known = uncertainCatalogue(catalogue)
    return read
  })
  const whole = new Reading()
  for (const { reading } of reads) whole.include(reading, 'part')

  const offsets = new Offsets(text)
  const literals = readLiterals(text, reads, offsets)
  const operation = Object.freeze<Statement['operation']>({
    protocol: 'postgres',
    text,
    fingerprint: fingerprint(text),
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
    flows: whole.flows,
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
      changesCatalogue: reading.changesCatalogue,
      notSupported: reading.notSupported,
    })),
    empty: reads.length === 0,
    unresolved: [...whole.unresolved],
    temporary: [...whole.temporary],
    redefines: redefinedBy(statements, whole),
  }
}

function readOne(statement: RawStmt, catalogue: Catalogue, bytes: number): Read {
  const reading = new Reading()
  const start = statement.stmt_location ?? 0
  const end = statement.stmt_len ? start + statement.stmt_len : bytes
  const node = statement.stmt
  if (node) return { kind: withChoices(readAnyStatement(startWalk(catalogue, reading), node), reading), reading, start, end }
  reading.unknown('the parser answered with no statement')
  return { kind: { verb: '', returnsRows: true, outputs: 'opaque', copy: null, transaction: null }, reading, start, end }
}

/** Definitions that no statement which is read already can come to mean. */
const additions =
  /^(IndexStmt|CreateSeqStmt|AlterSeqStmt|CreateStatsStmt|AlterStatsStmt|CreateRoleStmt|AlterRoleStmt|CreatedbStmt|CreatePublicationStmt|AlterPublicationStmt)$/
/** Definitions that change what the relations mean that they name. */
const ofRelations =
  /^(CreateStmt|CreateForeignTableStmt|CreateTableAsStmt|ViewStmt|SelectStmt|AlterTableStmt|DropStmt|RenameStmt|AlterObjectSchemaStmt)$/
const relationKinds = /^(table|view|materialized view|foreign table|sequence)$/

function redefinedBy(statements: readonly RawStmt[], whole: Reading): Touched {
  if (!whole.changesCatalogue) return noNames
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
