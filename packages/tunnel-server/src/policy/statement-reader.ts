import type { ConnectionDocument, ProtocolName } from '@hoop/contracts'
import { type ReadingContext, type ReadText, readings } from '@hoop/protocols'
import type { Logger } from 'pino'
import type { Connections } from '../sessions/types.ts'
import type { Dialling } from '../tunnels/dial.ts'

/** Reading what names mean, and all the texts of one question. */
const totalTime = 60_000

export interface StatementReaderParts {
  readonly connections: Connections
  readonly dialling: Dialling
  /** Aborts when the gateway stops. */
  readonly closing: AbortSignal
  readonly log: Logger
}

/** Reads statements of a connection as its sessions do, without a session. */
export class StatementReader {
  readonly #parts: StatementReaderParts

  constructor(parts: StatementReaderParts) {
    this.#parts = parts
  }

  /** Logs in once to look up what names mean; `database` null: the first. Rejects with a HoopError. */
  async open(
    { name, protocol, profile }: ConnectionDocument,
    registered: ConnectionDocument,
    database: string | null,
  ): Promise<ReadText> {
    const { connections, dialling, closing, log } = this.#parts
    const open = <P extends ProtocolName>(of: P, context: Omit<ReadingContext, 'upstream'>) =>
      readings[of]({ ...context, upstream: () => connections.upstream(name, of) })
    return await open(protocol, {
      dial: dialling(registered),
      warn: (words, cause) => log.warn({ err: cause, connection: name }, words),
      signal: AbortSignal.any([closing, AbortSignal.timeout(totalTime)]),
      profile,
      database,
    })
  }
}
