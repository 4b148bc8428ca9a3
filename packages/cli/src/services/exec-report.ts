import { writeFile } from 'node:fs/promises'
import { type ExitCode, exitCodes, HoopError } from '@hoop/contracts/errors'
import { gatherOperations, type OperationView } from '../present/operations.ts'
import { systemReason } from '../state/system-reason.ts'
import type { Device } from './device.ts'
import { sessionEvents } from './record.ts'

/** `--report`: what the gate said no to, or made wait. */
export interface ExecReport {
  readonly connection: string
  readonly sessions: readonly string[]
  readonly exit: number
  readonly refused: readonly { operation: string; text: string; code: string; rule: string; message: string }[]
  readonly held: readonly {
    operation: string
    text: string
    approval: string
    rule: string
    /** Null: it still waits. */
    decision: string | null
    by: string | null
    reason: string | null
  }[]
}

/** The operations that the caller asked for in these sessions, from their records: what is there is recorded before it is answered. */
export async function askedOperations(device: Device, sessions: Iterable<string>): Promise<OperationView[]> {
  const all: OperationView[] = []
  for (const session of sessions)
    all.push(...(await gatherOperations(sessionEvents(device, { session, after: -1, follow: false }))))
  return all.filter(({ operation }) => operation.by === 'caller')
}

export function execReport(
  about: Pick<ExecReport, 'connection' | 'sessions' | 'exit'>,
  operations: readonly OperationView[],
): ExecReport {
  const refused = operations.flatMap(({ operation: { id, text, refusal } }) =>
    refusal === null ? [] : [{ operation: id, text, ...refusal }],
  )
  const held = operations.flatMap(({ operation: { id, text }, held: hold, decided: own }) => {
    if (hold === null) return []
    // That of a ticket stands where it was used.
    const decided = own ?? operations.find((other) => other.decided?.approval === hold.approval)?.decided ?? null
    const by = decided?.by ? (decided.by.email ?? decided.by.name) : null
    const decision = decided === null ? {} : { decision: decided.decision, reason: decided.reason }
    return [{ operation: id, text, approval: hold.approval, rule: hold.rule, decision: null, reason: null, ...decision, by }]
  })
  return { ...about, refused, held }
}

/** What statements that failed end with: the gate's own codes where it was the gate. */
export function exitOfFailure(operations: readonly OperationView[]): ExitCode {
  const last = operations.findLast(
    ({ operation, decided, outcome }) =>
      operation.verdict === 'refuse' || (decided && decided.decision !== 'approved') || outcome?.error?.code === 'held',
  )
  if (last?.outcome?.error?.code === 'held') return exitCodes.held
  switch (last?.decided?.decision) {
    case 'denied':
      return exitCodes.approvalDenied
    case 'timed-out':
      return exitCodes.approvalTimedOut
    case 'withdrawn':
      return exitCodes.held
    case undefined:
      return last === undefined ? exitCodes.failed : exitCodes.denied
    default:
      return exitCodes.denied
  }
}

export async function writeReport(path: string, report: ExecReport): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 })
  } catch (cause) {
    throw new HoopError('invalid_request', `the report ${path} cannot be written: ${systemReason(cause)}`, {
      hint: 'name another file with --report; what was run has been run',
      cause,
    })
  }
}
