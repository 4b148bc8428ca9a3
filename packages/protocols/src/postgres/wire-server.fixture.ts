import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Profile } from '@hoop/contracts'
import type { PostgresServer } from '@hoop/postgres-server'
import { startTestPostgres } from '@hoop/postgres-server/testing'
import type { PostgresUpstream } from '../protocol.ts'
import { localPassword, type ScriptedGate } from '../scripted-gate.fixture.ts'
import { plainUpstream } from './fake-backend.fixture.ts'
import { type Served, serve, WireClient } from './wire.fixture.ts'

const password = 'wire'

/** A real PostgreSQL for the tests of one file, and what they open to it: directly, or through a gate. */
export class WireServer {
  readonly upstream: PostgresUpstream
  readonly #server: PostgresServer
  readonly #folder: string
  readonly #shared = new Map<string, unknown>()
  readonly #direct: WireClient[] = []

  private constructor(server: PostgresServer, folder: string) {
    this.#server = server
    this.#folder = folder
    const { host, port } = server
    this.upstream = plainUpstream({ host, port, user: 'postgres', password, databases: ['postgres'] })
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<WireServer> {
    const folder = await mkdtemp(join(tmpdir(), 'hoop-wire-'))
    return new WireServer(await startTestPostgres({ dataFolder: folder, password, durable: false, settings }), folder)
  }

  readonly dial = async ({ host, port }: { host: string; port: number }) => connect({ host, port })

  /** A client that has logged in, without a gate between; it ends with the server. */
  async direct(): Promise<WireClient> {
    const client = new WireClient(connect({ host: this.#server.host, port: this.#server.port }))
    this.#direct.push(client)
    await client.logIn({ user: 'postgres' }, password)
    return client
  }

  /** A caller that has not said a word; what is cached of the catalogue is all callers'. */
  serve(options: { gate?: ScriptedGate; profile?: Profile } = {}): Served {
    return serve({ ...options, upstream: this.upstream, shared: this.#shared, dial: this.dial })
  }

  /** A caller that has logged in. */
  async open(options: { gate?: ScriptedGate; profile?: Profile } = {}): Promise<Served> {
    const served = this.serve(options)
    await served.client.logIn({ user: 'ada' }, localPassword)
    return served
  }

  async stop(): Promise<void> {
    for (const { stream } of this.#direct) stream.destroy()
    await this.#server.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
