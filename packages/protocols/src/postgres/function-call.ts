import type { Effect, Operation, Parameter } from '@hoop/contracts'
import type { FunctionCallMessage } from './messages.ts'
import type { Statement } from './operations.ts'
import { formatOf } from './results.ts'
import { binaryText } from './values.ts'

/** A function that may be called without SQL, by its OID, which PostgreSQL has never changed. */
interface Callable {
  readonly name: string
  /** Types of its arguments. */
  readonly types: readonly number[]
  readonly effects: readonly Effect[]
  /** What the first argument is: the large object itself, or a descriptor of one that was opened. */
  readonly first: 'object' | 'descriptor' | 'mode'
  /** It answers with what is stored. */
  readonly content?: true
}

const [bytea, int4, int8, oid] = [17, 23, 20, 26]
const read: readonly Effect[] = ['read']
const write: readonly Effect[] = ['write']

/** What libpq's lo_* functions and pgjdbc's LargeObject use. https://www.postgresql.org/docs/current/lo-interfaces.html */
const callable: ReadonlyMap<number, Callable> = new Map([
  [715, { name: 'lo_create', first: 'object', types: [oid], effects: write }],
  [952, { name: 'lo_open', first: 'object', types: [oid, int4], effects: read }],
  [953, { name: 'lo_close', first: 'descriptor', types: [int4], effects: read }],
  [954, { name: 'loread', first: 'descriptor', types: [int4, int4], effects: read, content: true }],
  [955, { name: 'lowrite', first: 'descriptor', types: [int4, bytea], effects: write }],
  [956, { name: 'lo_lseek', first: 'descriptor', types: [int4, int4, int4], effects: read }],
  [957, { name: 'lo_creat', first: 'mode', types: [int4], effects: write }],
  [958, { name: 'lo_tell', first: 'descriptor', types: [int4], effects: read }],
  [964, { name: 'lo_unlink', first: 'object', types: [oid], effects: write }],
  [1004, { name: 'lo_truncate', first: 'descriptor', types: [int4, int4], effects: write }],
  [3170, { name: 'lo_lseek64', first: 'descriptor', types: [int4, int8, int4], effects: read }],
  [3171, { name: 'lo_tell64', first: 'descriptor', types: [int4], effects: read }],
  [3172, { name: 'lo_truncate64', first: 'descriptor', types: [int4, int8], effects: write }],
])
/** Mode bit of lo_open. */
const invWrite = 0x20000

/**
 * What a FunctionCall does: its message carries no text, only the function's OID and values. Other functions than those of large objects
 * are refused: by OID one reads files and runs queries given as strings.
 */
export function readFunctionCall(
  message: FunctionCallMessage,
  hides: boolean,
): { statement: Statement; parameters: Parameter[] } {
  const known = callable.get(message.oid)
  const name = known?.name ?? `function ${message.oid}`
  const parameters = message.arguments.map((value, i): Parameter => {
    const typeOid = known?.types[i] ?? 0
    const type = typeOid === 0 ? null : String(typeOid)
    if (value === null) return { type, value: null, sources: [] }
    const text = formatOf(message.argumentFormats, i) === 0 ? value.toString('utf8') : binaryText(typeOid, value)
    return { type, value: text ?? `\\x${value.toString('hex')}`, sources: [] }
  })
  const mode = Number(parameters[1]?.value ?? 0)
  // The server reads numbers in more ways than we do.
  const writes = known?.name === 'lo_open' && (!Number.isInteger(mode) || (mode & invWrite) !== 0)
  const effects: readonly Effect[] = known === undefined ? ['unknown'] : writes ? write : known.effects
  const access = effects.includes('write') ? 'write' : 'read'
  const first = parameters[0]?.value ?? ''
  const object = known?.first === 'descriptor' ? `descriptor ${first}` : first
  const operation: Statement['operation'] = {
    protocol: 'postgres',
    text: `FunctionCall ${name}`,
    fingerprint: null,
    effects,
    objects: known === undefined || known.first === 'mode' ? [] : [{ kind: 'large object', name: object, access }],
    functions: known === undefined ? [] : [`pg_catalog.${name}`],
    facts: { verbs: ['CALL'], statements: 1, unbounded: false, destructive: name === 'lo_unlink', columns: [] },
    literals: [],
    runs: [],
    flows: [],
    parts: [],
    refused: refusedBecause(message.oid, known, hides),
    unknownBecause: known === undefined ? [`the FunctionCall message names a function by its number, ${message.oid}`] : [],
  }
  return { statement: { ...unnamed, operation }, parameters }
}

function refusedBecause(oidCalled: number, known: Callable | undefined, hides: boolean): Operation['refused'] {
  if (known === undefined)
    return { code: 'not_supported', words: `the FunctionCall message for any function but those of large objects (${oidCalled})` }
  if (known.content && hides) return { code: 'not_supported', words: 'reading large objects where columns are masked' }
  return null
}

const unnamed: Omit<Statement, 'operation'> = {
  parameterSources: new Map(),
  parts: [],
  empty: false,
  unresolved: [],
  temporary: new Map(),
  types: [],
  redefines: new Set(),
  columns: [],
  ofSession: false,
  parameterTypes: [],
  missing: null,
  rejected: null,
  applicationNames: [],
  free: [],
}
