import type { ConnectionDocument, Identity, MaskPlan, Operation } from '@hoop/contracts'
import { compileRules, parseDocuments } from '@hoop/policy'
import { write } from '../../../packages/protocols/src/postgres/codec.ts'
import { bind, type Message, outline, rows, serve, WireClient } from '../../../packages/protocols/src/postgres/wire.fixture.ts'
import { WireServer } from '../../../packages/protocols/src/postgres/wire-server.fixture.ts'
import { localPassword, ScriptedGate } from '../../../packages/protocols/src/scripted-gate.fixture.ts'
import type { Mode } from './caller.ts'

const scene = [
  'create schema shadow',
  'create type pair as (a text, b text)',
  'create table people (id int primary key, name text, city text, email text, phone text, born date, score int, profile jsonb, tags text[])',
  'create table staff (id int primary key, email text, boss int, city text)',
  'create table orders (id int primary key, person_id int, status text, note text, amount int, day date)',
  'create table "Odd Names" ("Id" int primary key, "E Mail" text, "select" text)',
  'create table shadow.people (id int primary key, name text, city text, email text, phone text, born date, score int, profile jsonb, tags text[])',
  'create view contacts as select id, email as address, city from people',
  "create view labels as select id, upper(address) || '!' as label, city from contacts",
  'create view swapped as select id, email as city, city as email from people',
  'create view plain as select id, name from people',
  "create function who(int) returns text language sql stable as 'select email from public.people where id = $1'",
  "create function twice(text) returns text language sql immutable as 'select $1 || $1'",
  "create function loud(text) returns text language plpgsql stable as 'begin if $1 like ''%a%'' then raise exception ''bad %'', $1; end if; return upper($1); end'",
  `insert into people select i, 'Name ' || i, 'City ' || i % 3 from generate_series(1, 8) i`,
  `insert into staff select i, 'staff' || i || '@open.example', i % 3, 'City ' || i % 4 from generate_series(1, 6) i`,
  `insert into orders select i, i % 8, (array['new', 'paid', 'sent'])[1 + i % 3], null, i * 10, date '2026-01-01' + i from generate_series(1, 10) i`,
  `insert into "Odd Names" select i, null, 'word ' || i from generate_series(1, 3) i`,
  `insert into shadow.people select i, 'Shade ' || i, 'City ' || i % 2, 'shade' || i || '@open.example' from generate_series(1, 4) i`,
]

/** What the worlds hide. */
export interface Hidden {
  readonly filter: 'never' | 'equality' | 'any'
  /** Statements that give the masked columns their values in world 1 or 2. */
  readonly values: (world: number) => readonly string[]
}

/** A statement; with sets of parameters it is prepared once and executed with each. */
export interface Sent {
  readonly text: string
  readonly parameters?: readonly (readonly (string | null)[])[]
}

/** Null stays null: that is shown. */
export const anyValues = (world: number): readonly string[] => [
  `update people set
    email = case when id <> 7 then (array['ada', 'bob', 'zoe', '1a'])[1 + (id * ${world} + ${world}) % 4] || id || '@mail' || ${world} end,
    phone = (1000 * ${world} + id * ${world * 7 + 1})::text,
    born = date '2000-01-01' + (id * ${world * 31} % 50),
    score = case when id <> 5 then (id * ${world + 2}) % 7 end,
    profile = jsonb_build_object('a', 'p' || (id * ${world}) % 5, 'b', ${world}),
    tags = array['t' || (id + ${world}) % 3, (id * ${world})::text]`,
  `update orders set note = case when id <> 4 then (array['alpha', 'beta', 'zeta'])[1 + (id * ${world}) % 3] || ${world} end`,
  `update "Odd Names" set "E Mail" = (array['x', 'y'])[1 + ("Id" + ${world}) % 2] || ${world}`,
]

const documents = (filter: Hidden['filter']): string => `
kind: Mask
name: hidden
columns: ["public.people.{email,phone,born,score,profile,tags}", public.orders.note, 'public."Odd Names"."E Mail"']
method: redact
filter: ${filter}`

const ada: Identity = { id: 'x#ada', kind: 'person', name: 'ada', email: null, groups: [], issuer: 'x' }
const connection = parseDocuments(
  'kind: Connection\nname: test\nprotocol: postgres\naddress: db:5432\ndatabases: [postgres]\nlogin: { user: hoop }',
  'connection',
)[0]?.document as ConnectionDocument

/** What came for one script, and what the rules made of it. */
export interface Heard {
  readonly messages: readonly Message[]
  readonly refused: number
  /** Values masked. */
  readonly masked: number
}

/** A database of which nothing but the masked values differs from those of the other worlds, behind hoop. */
interface World {
  readonly database: string
  client: WireClient | null
  gate: ScriptedGate
}

/** Two databases on one server that differ in masked values only, each behind hoop; and the first of them without. */
export class Worlds {
  readonly #server: WireServer
  readonly #worlds: readonly [World, World]
  readonly #direct: WireClient
  readonly #shared = [new Map<string, unknown>(), new Map<string, unknown>()]
  readonly #masks: MaskPlan
  readonly #judge: (operation: Operation) => 'permit' | 'refuse'

  /** Relations that scripts make are numbered from here on. */
  readonly firstNew: number

  private constructor(server: WireServer, direct: WireClient, firstNew: number, filter: Hidden['filter']) {
    this.firstNew = firstNew
    this.#server = server
    this.#direct = direct
    const rules = compileRules(
      parseDocuments(documents(filter), 'documents').map(({ document }) => document),
      { hashKey: Buffer.alloc(32) },
    )
    this.#masks = rules.masks(ada, connection)
    const session = { id: 'ses_test', reason: null }
    this.#judge = (operation) =>
      rules.judge({ identity: ada, connection, session, now: new Date(0), operation }).decision === 'permit' ? 'permit' : 'refuse'
    const world = (database: string): World => ({ database, client: null, gate: new ScriptedGate() })
    this.#worlds = [world('world1'), world('world2')]
  }

  static async start({ filter, values }: Hidden): Promise<Worlds> {
    const server = await WireServer.start({ autovacuum: 'off', statement_timeout: '5000', max_parallel_workers_per_gather: '0' })
    const direct = async (database: string): Promise<WireClient> => {
      const [host] = server.upstream.hosts
      if (host === undefined) throw new TypeError('a server without an address')
      const client = new WireClient(await server.dial(host))
      await client.logIn({ user: server.upstream.user, database }, server.upstream.password ?? '')
      return client
    }
    const ask = async (client: WireClient, text: string): Promise<void> => {
      const failed = outline(await client.query(text)).find((each) => each.startsWith('E'))
      if (failed !== undefined) throw new Error(`${failed}: ${text}`)
    }
    const first = await direct('postgres')
    await ask(first, 'create database world1')
    const lay = await direct('world1')
    for (const text of scene) await ask(lay, text)
    lay.stream.end()
    await lay.end()
    // The same objects by the same numbers.
    await ask(first, 'create database world2 template world1')
    first.stream.destroy()
    for (const number of [1, 2]) {
      const client = await direct(`world${number}`)
      for (const text of [...values(number), 'vacuum full', 'analyze']) await ask(client, text)
      client.stream.destroy()
    }
    const own = await direct('world1')
    const [newest] = rows(await own.query('select max(oid::int8) from pg_class'))
    return new Worlds(server, own, Number(newest?.[0]) + 1, filter)
  }

  /** Runs the statements in a transaction of each world, and undoes it. */
  async both(statements: readonly Sent[], mode: Mode, inOther = statements): Promise<readonly [Heard, Heard]> {
    const [one, other] = this.#worlds
    return await Promise.all([this.#run(one, 0, statements, mode), this.#run(other, 1, inOther, mode)])
  }

  /** As `both`, in the first world, without hoop. */
  async without(statements: readonly Sent[], mode: Mode): Promise<readonly Message[]> {
    return await send(this.#direct, statements, mode)
  }

  async stop(): Promise<void> {
    for (const { client } of this.#worlds) client?.stream.destroy()
    this.#direct.stream.destroy()
    await this.#server.stop()
  }

  async #run(world: World, index: number, statements: readonly Sent[], mode: Mode): Promise<Heard> {
    const client = world.client ?? (await this.#open(world, index))
    world.gate.admitted.length = 0
    let messages: readonly Message[]
    try {
      messages = await send(client, statements, mode)
    } catch (error) {
      // The session ended: that, too, is an answer.
      world.client = null
      client.stream.destroy()
      messages = [{ tag: '!', body: Buffer.from(error instanceof Error ? error.message : 'ended') }]
    }
    const { admitted } = world.gate
    const counts = admitted.flatMap(({ outcomes }) => outcomes.flatMap(({ masked }) => Object.values(masked)))
    return {
      messages,
      refused: admitted.filter(({ verdict }) => verdict === 'refuse').length,
      masked: counts.reduce((sum, count) => sum + count, 0),
    }
  }

  async #open(world: World, index: number): Promise<WireClient> {
    const { gate } = world
    gate.masks = this.#masks
    gate.enforces = false
    gate.judge = this.#judge
    const { client } = serve({
      gate,
      upstream: { ...this.#server.upstream, databases: [world.database] },
      dial: this.#server.dial,
      shared: this.#shared[index] ?? new Map(),
    })
    await client.logIn({ user: 'ada' }, localPassword)
    world.client = client
    return client
  }
}

async function send(client: WireClient, statements: readonly Sent[], mode: Mode): Promise<readonly Message[]> {
  const resultFormats = [mode === 'binary' ? 1 : 0]
  const asSent = statements.map(({ text, parameters }) =>
    mode === 'simple' && parameters === undefined
      ? write.query(text)
      : Buffer.concat([
          write.parse({ name: '', text, parameterTypes: [] }),
          ...(parameters ?? [[]]).flatMap((values) => [
            bind('', '', values, resultFormats),
            write.describe({ kind: 'P', name: '' }),
            write.execute({ portal: '', maxRows: 0 }),
          ]),
          write.sync(),
        ]),
  )
  client.send(write.query('begin'), ...asSent, write.query('rollback; deallocate all'))
  return await client.ready(statements.length + 2)
}
