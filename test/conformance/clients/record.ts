import { join } from 'node:path'
import { expect } from 'vitest'
import type { Connect } from '../../support/index.ts'
import { reconcile } from '../../support/reconcile.ts'
import { digestKeyOf, flawsOf, operationsOf, type RecordedOperation, readEvents } from '../../support/recorded.ts'
import { readLogLines, type ServerStatement } from '../../support/server-log.ts'
import { type ClientsSystem, role } from './system.ts'

/**
 * Lets a client use a session of its own, and holds the record to what arrived at the server: both have the same, no more and no less.
 * @returns the statements that arrived.
 */
export async function expectRecorded(
  system: ClientsSystem,
  use: (connect: Connect) => Promise<void>,
): Promise<readonly ServerStatement[]> {
  await system.log.arrivals()
  const callsBefore = (await functionCalls(system)).length
  const connect = await system.connect()
  await use(connect)
  await connect.stop()
  await system.log.quiet()
  const record = join(system.gateway.records, connect.session)
  expect(await flawsOf(record, true)).toEqual([])
  const arrived = await system.log.arrivals()
  const recorded = operationsOf(connect.session, await readEvents(record))
  const statements = recorded.filter((operation) => !isFunctionCall(operation))
  expect(reconcile(arrived, statements, await digestKeyOf(system.gateway.dataFolder))).toEqual({
    unrecorded: [],
    neverArrived: [],
    unrecordedRefusals: [],
    untrue: [],
  })
  const calls = recorded.filter(isFunctionCall).map(({ operation }) => operation.text.slice(functionCall.length))
  expect(calls.toSorted()).toEqual((await functionCalls(system)).slice(callsBefore).toSorted())
  return arrived.statements
}

const functionCall = 'FunctionCall '
const isFunctionCall = ({ operation }: RecordedOperation) => operation.text.startsWith(functionCall)

/** The functions called by the protocol's FunctionCall, which the server logs without their arguments. */
async function functionCalls(system: ClientsSystem): Promise<string[]> {
  const lines = await readLogLines(join(system.server.logFolder, 'statements.json'))
  return lines.flatMap(({ user, message = '' }) => {
    const name = /^fastpath function call: "(\w+)"/.exec(message)?.[1]
    return user === role && name !== undefined ? [name] : []
  })
}
