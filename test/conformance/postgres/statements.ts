import { basename } from 'node:path'
import type { EventBody, RecordedEvent } from '@hoop/contracts'
import { reconcile, wasPermitted } from '../../support/reconcile.ts'
import { digestKeyOf, flawsOf, operationsOf, type RecordedOperation, readEvents } from '../../support/recorded.ts'
import { readLogLines, type ServerStatement } from '../../support/server-log.ts'
import { arrivalsIn, functionCall } from './arrivals.ts'

/** What ran at the server beside what the record says that ran. */
export interface Comparison {
  readonly server: number
  readonly record: number
  /** What the server ran and the record lacks. */
  readonly missing: readonly string[]
  /** What the record has as run and the server does not; hoop's own reads have no outcome that would say so. */
  readonly surplus: readonly string[]
  /** Whatever else does not hold in the record. */
  readonly flaws: readonly string[]
}

/** Compares a server's log with the record of the one session through which all its callers came, statement by statement. */
export async function compareStatements(options: { log: string; record: string; gatewayFolder: string }): Promise<Comparison> {
  const events = await readEvents(options.record)
  const everything = operationsOf(basename(options.record), events)
  const operations = everything.filter(ran).map(asLogged)
  const arrived = arrivalsIn(await readLogLines(options.log))
  const key = await digestKeyOf(options.gatewayFolder)
  const backends = backendsOf(events)
  const callers = Map.groupBy(
    operations.filter(({ operation }) => operation.by === 'caller'),
    ({ operation }) => backends.get(operation.stream),
  )
  const own = operations.filter(({ operation }) => operation.by === 'hoop')
  const flaws = await flawsOf(options.record, true)
  const surplus: RecordedOperation[] = []
  const leftOver: ServerStatement[] = []
  for (const pid of new Set([...arrived.statements.keys(), ...callers.keys()])) {
    const statements = (pid === undefined ? undefined : arrived.statements.get(pid)) ?? []
    const { unrecorded, neverArrived, untrue } = reconcile({ statements, refused: [] }, callers.get(pid) ?? [], key)
    leftOver.push(...unrecorded)
    surplus.push(...neverArrived)
    flaws.push(...untrue.map(({ operation }) => `on the record with another text: ${operation.id} ${operation.text}`))
  }
  // hoop reads the catalogue on connections of its own, whose processes the record does not name.
  const { unrecorded } = reconcile({ statements: leftOver, refused: [] }, own, key)
  const kept = new Set(everything.filter((each) => !ran(each)).map(({ operation }) => operation.id))
  const refusals = arrived.refused.filter((id) => !kept.has(id))
  return {
    server: [...arrived.statements.values()].flat().length,
    record: operations.length,
    missing: unrecorded.map(shown),
    surplus: surplus.map(({ operation }) => `${operation.id}: ${operation.text}`),
    flaws: [...flaws, ...refusals.map((id) => `refused, and not on the record: ${id}`)],
  }
}

function ran(each: RecordedOperation): boolean {
  return wasPermitted(each) && each.outcome?.kind !== 'not-run'
}

/** As the server would log it: a FunctionCall without its values. */
function asLogged(each: RecordedOperation): RecordedOperation {
  return each.operation.text.startsWith(functionCall) ? { ...each, operation: { ...each.operation, parameters: [] } } : each
}

function backendsOf(events: readonly RecordedEvent[]): Map<number, number> {
  const logins = events.filter((event): event is RecordedEvent & Login => event.type === 'stream.login')
  return new Map(logins.map(({ stream, backend }) => [stream, Number(backend)]))
}
type Login = Extract<EventBody, { type: 'stream.login' }>

function shown({ text, parameters }: ServerStatement): string {
  return parameters.length === 0 ? text : `${text} ${JSON.stringify(parameters)}`
}
