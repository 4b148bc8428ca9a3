import { type JsonLogLine, refusedOperationOf, type ServerStatement, statementOf } from '../../support/server-log.ts'

/** What a recorded FunctionCall's text begins with. */
export const functionCall = 'FunctionCall '

/** What a server's callers sent. */
export interface Arrivals {
  /** By backend process, in the order in which it read them. */
  readonly statements: ReadonlyMap<number, readonly ServerStatement[]>
  /** Ids of operations in whose place hoop sent something that fails. */
  readonly refused: readonly string[]
}

/** All that a server's callers sent, what its parser rejected included: that stands in the log as an error alone. */
export function arrivalsIn(lines: readonly JsonLogLine[]): Arrivals {
  const statements = new Map<number, ServerStatement[]>()
  const refused: string[] = []
  /** The statement that a process is at, until it has failed. */
  const current = new Map<number, string>()
  for (const line of lines) {
    const { pid } = line
    if (line.backend_type !== 'client backend' || pid === undefined) continue
    const refusal = refusedOperationOf(line)
    const statement = refusal === null ? (statementOf(line) ?? functionCallOf(line) ?? rejectedBy(line, current.get(pid))) : null
    if (refusal !== null) refused.push(refusal)
    if (statement !== null) {
      const known = statements.get(pid)
      if (known === undefined) statements.set(pid, [statement])
      else known.push(statement)
    }
    if (failed(line)) current.delete(pid)
    else if (statement !== null) current.set(pid, statement.text)
  }
  return { statements, refused }
}

/** A FunctionCall, in the words of hoop's record; the log does not say with which values. */
function functionCallOf({ message = '', application_name }: JsonLogLine): ServerStatement | null {
  const name = /^fastpath function call: "(.*)" \(OID \d+\)$/.exec(message)?.[1]
  return name === undefined ? null : { text: `${functionCall}${name}`, parameters: [], application: application_name ?? null }
}

/** An error that is of no statement which the log has already. */
function rejectedBy(line: JsonLogLine, current: string | undefined): ServerStatement | null {
  if (!failed(line) || line.statement === undefined || line.statement === current) return null
  return { text: line.statement, parameters: [], application: line.application_name ?? null }
}

function failed({ error_severity: severity = '' }: JsonLogLine): boolean {
  return ['ERROR', 'FATAL', 'PANIC'].includes(severity)
}
