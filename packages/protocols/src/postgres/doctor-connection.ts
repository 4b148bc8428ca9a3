import type { Duplex } from 'node:stream'
import { ProtocolViolation } from '../bytes.ts'
import type { PostgresContext, PostgresUpstream } from '../protocol.ts'
import { openBackend } from './backend.ts'
import { buildCatalogue, type Catalogue, catalogueQueries } from './catalogue.ts'
import { read, write } from './codec.ts'
import { Handshake } from './handshake.ts'
import { backend } from './messages.ts'

/** The largest row: a view's definition. */
const maxRow = 64 * 1024 * 1024
/** Bytes of all rows of one answer. */
const maxAnswer = 256 * 1024 * 1024

/** Milliseconds to take a farewell. */
const farewellTime = 1000

/** The server answered a question with an error. */
class QuestionFailed extends Error {
  override readonly name = 'QuestionFailed'
}

export type TextRow = readonly (string | null)[]

/**
 * A connection of our own that only looks: each question is a read-only transaction of its own that is rolled back, so that one that fails,
 * for want of a privilege or in another version, spoils none of the others.
 */
export class DoctorConnection {
  /** Which of the connection's hosts answered. */
  readonly host: string
  readonly #handshake: Handshake
  readonly #stream: Duplex
  readonly #own: PostgresContext['own']

  private constructor(stream: Duplex, handshake: Handshake, host: string, own: PostgresContext['own']) {
    this.#own = own
    this.#stream = stream
    this.#handshake = handshake
    this.host = host
  }

  /** Rejects as `openBackend` does; `warn` takes what it has to say to an admin. */
  static async open({
    dial,
    warn,
    application = 'hoop doctor',
    own = () => undefined,
    ...options
  }: {
    dial: PostgresContext['dial']
    warn: PostgresContext['warn']
    upstream: PostgresUpstream
    database: string
    signal: AbortSignal
    /** As the server's own views name it. */
    application?: string
    /** Puts each statement on the record, where there is one. */
    own?: PostgresContext['own']
  }): Promise<DoctorConnection> {
    const context = { dial, warn, own }
    const settings = new Map([['application_name', application]])
    const { stream, rest, host } = await openBackend({ ...options, context, settings })
    const handshake = new Handshake(stream, options.signal, maxRow)
    if (rest.length === 0) return new DoctorConnection(stream, handshake, host, own)
    handshake.release()
    stream.destroy()
    throw new ProtocolViolation('the database spoke out of turn')
  }

  /** The rows of one statement, as texts; the names in them are qualified. Rejects with QuestionFailed, or with what ended the connection. */
  async ask(statement: string): Promise<TextRow[]> {
    return (await this.#transaction(['set local search_path = pg_catalog', statement]))[1] ?? []
  }

  /** The gateway's own reads, as it makes them for every session. */
  async catalogue(): Promise<Catalogue> {
    const answers = await this.#transaction(catalogueQueries.map(({ text }) => text))
    return buildCatalogue(
      Object.fromEntries(catalogueQueries.flatMap(({ name }, at) => (name === null ? [] : [[name, answers[at]]]))),
    )
  }

  /** Says good-bye, so that the server's log has no lost connection. */
  close(): void {
    const stream = this.#stream
    this.#handshake.release()
    const cut = setTimeout(() => stream.destroy(), farewellTime).unref()
    stream.once('close', () => clearTimeout(cut))
    stream.end(write.terminate(), () => stream.destroy())
  }

  /** Sent at once: one round trip for all of them. */
  async #transaction(statements: readonly string[]): Promise<TextRow[][]> {
    const start = "begin transaction read only; set local statement_timeout = '5s'; set local lock_timeout = '2s'"
    for (const text of [start, ...statements, 'rollback']) {
      this.#own(text)
      this.#stream.write(write.query(text))
    }
    const answers: TextRow[][] = []
    let failure: string | null = null
    for (let at = 0; at < statements.length + 2; at++) {
      const answer = await this.#answer()
      failure ??= answer.failure
      if (at > 0 && at <= statements.length) answers.push(answer.rows)
    }
    if (failure !== null) throw new QuestionFailed(failure)
    return answers
  }

  async #answer(): Promise<{ rows: TextRow[]; failure: string | null }> {
    const rows: TextRow[] = []
    let failure: string | null = null
    let size = 0
    for (;;) {
      const message = await this.#handshake.message()
      const body = message.body()
      if (message.tag === backend.readyForQuery) return { rows, failure }
      if (message.tag === backend.errorResponse) failure = read.diagnostics(body).get('M') ?? 'the database gave no reason'
      if (message.tag !== backend.dataRow) continue
      size += body.remaining
      if (size > maxAnswer) throw new ProtocolViolation('an answer of too many rows')
      const row: (string | null)[] = []
      for (let left = body.uint16(); left > 0; left--) {
        const length = body.int32()
        row.push(length === -1 ? null : body.bytes(length).toString('utf8'))
      }
      body.end()
      rows.push(row)
    }
  }
}
