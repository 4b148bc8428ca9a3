import { connect } from 'node:net'
import type { PostgresServer } from '@hoop/postgres-server'
import { ByteReader } from '../../../packages/protocols/src/bytes.ts'
import { read, write } from '../../../packages/protocols/src/postgres/codec.ts'
import { fields, type Message, raw, rows, WireClient } from '../../../packages/protocols/src/postgres/wire.fixture.ts'

/** What came of one text. */
export interface Reply {
  readonly error: { readonly code: string; readonly message: string } | null
  /** Names of the last result's columns. */
  readonly columns: readonly string[]
  /** The rows of all results, values as texts. */
  readonly rows: readonly (readonly (string | null)[])[]
}

/** A session of a script at the server itself. */
export class ServerSession {
  readonly #client: WireClient
  /** Of its server process. */
  readonly pid: number
  /** Idle, in a transaction, or in one that has failed. */
  status: 'I' | 'T' | 'E' = 'I'
  /** The server's standard_conforming_strings is off. */
  backslashes = false

  private constructor(client: WireClient, pid: number) {
    this.#client = client
    this.pid = pid
  }

  static async open(
    server: PostgresServer,
    database: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<ServerSession> {
    const client = new WireClient(connect({ host: server.host, port: server.port }))
    const greeting = await client.logIn({ user: server.user, database, ...settings }, server.password)
    const key = greeting.find(({ tag }) => tag === 'K')
    if (key === undefined) throw new Error('the server has not told the number of its process')
    return new ServerSession(client, key.body.readInt32BE(0))
  }

  /** Sends one text as a simple query; `data` is asked for when the server wants the data of a COPY. */
  async send(text: string, data: () => string = () => ''): Promise<Reply> {
    const replies: Message[] = []
    this.#client.send(write.query(text))
    for (;;) {
      const some = await this.#client.until(({ tag }) => tag === 'Z' || tag === 'G')
      replies.push(...some)
      if (some.at(-1)?.tag === 'Z') break
      this.#client.send(raw('d', data()), raw('c'))
    }
    const status = replies.at(-1)?.body.toString()
    if (status === 'I' || status === 'T' || status === 'E') this.status = status
    for (const { tag, body } of replies) {
      if (tag === 'S' && body.toString() === 'standard_conforming_strings\0off\0') this.backslashes = true
      if (tag === 'S' && body.toString() === 'standard_conforming_strings\0on\0') this.backslashes = false
    }
    const refusal = replies.find(({ tag }) => tag === 'E')
    const words = fields(refusal)
    return {
      error: refusal ? { code: words.get('C') ?? '', message: words.get('M') ?? '' } : null,
      columns: columnsOf(replies.findLast(({ tag }) => tag === 'T')),
      rows: rows(replies),
    }
  }

  /** A query of our own, which must not fail. */
  async ask(text: string): Promise<Reply['rows']> {
    const reply = await this.send(text)
    if (reply.error !== null) throw new Error(`${reply.error.message}: ${text}`)
    return reply.rows
  }

  async close(): Promise<void> {
    this.#client.send(write.terminate())
    await this.#client.end()
  }
}

function columnsOf(description: Message | undefined): string[] {
  if (description === undefined) return []
  return read.rowDescription(new ByteReader(description.body)).map(({ name }) => name.toString())
}
