import type { KeyObject } from 'node:crypto'
import { digest } from '@hoop/recording'
import type { RecordedOperation } from './recorded.ts'
import type { Arrivals, ServerStatement } from './server-log.ts'

/** What one side has and the other lacks, each as often as it is lacking. */
export interface Differences {
  /** Ran at the server, and is not on the record. */
  readonly unrecorded: readonly ServerStatement[]
  /** On the record as permitted, and not in the server's log. */
  readonly neverArrived: readonly RecordedOperation[]
  /** Ids that the gateway sent in place of refused operations, and that the record does not have as such. */
  readonly unrecordedRefusals: readonly string[]
  /** On the record with a text or a value that is neither the original nor masked. */
  readonly untrue: readonly RecordedOperation[]
}

/**
 * Compares the server's log with the record. The digest of an operation's original text and values is what must be equal, for what the
 * record shows may be masked; what it shows unmasked must be the original.
 */
export function reconcile(arrived: Arrivals, recorded: readonly RecordedOperation[], digestKey: KeyObject): Differences {
  const permitted = new Map<string, RecordedOperation[]>()
  for (const each of recorded.filter(wasPermitted)) {
    const key = recordedKey(each, digestKey)
    const known = permitted.get(key)
    if (known === undefined) permitted.set(key, [each])
    else known.push(each)
  }
  const unrecorded: ServerStatement[] = []
  for (const statement of arrived.statements) {
    if (permitted.get(arrivedKey(statement, digestKey))?.shift() === undefined) unrecorded.push(statement)
  }
  const refused = new Set(recorded.filter((each) => !wasPermitted(each)).map(({ operation }) => operation.id))
  return {
    unrecorded,
    neverArrived: [...permitted.values()].flat(),
    unrecordedRefusals: arrived.refused.filter((id) => !refused.has(id)),
    untrue: recorded.filter(({ operation }) => operation.digest !== null && !masked.test(operation.text)),
  }
}

/** Stands in every text from which a mask has left something out. */
const masked = /\*\*|\[masked\]/

export function wasPermitted({ operation, decided }: RecordedOperation): boolean {
  return operation.verdict === 'permit' || (operation.verdict === 'hold' && decided?.decision === 'approved')
}

function arrivedKey({ text, parameters }: ServerStatement, key: KeyObject): string {
  return JSON.stringify([digest(key, text), parameters.map((value) => (value === null ? null : digest(key, value)))])
}

function recordedKey({ operation }: RecordedOperation, key: KeyObject): string {
  const values = operation.parameters.map(
    ({ value, digest: original }) => original ?? (value === null ? null : digest(key, value)),
  )
  return JSON.stringify([operation.digest ?? digest(key, operation.text), values])
}
