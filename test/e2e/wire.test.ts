import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { write } from '../../packages/protocols/src/postgres/codec.ts'
import { outline, WireClient } from '../../packages/protocols/src/postgres/wire.fixture.ts'
import { type Connect, keepUntilEnd, type System, startConnect, startSystem } from '../support/index.ts'
import { scripts } from './wire-scripts.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let through: Connect
let own: WireClient

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 } }))
  through = await keep(startConnect('sample', { home: await system.home('ada') }))
  own = await direct()
  await own.query('create table wire (id int primary key, note text)')
  await own.query('create table wire_child (id int, wire int references wire deferrable initially deferred)')
})

async function open(to: { host: string; port: number; user: string; password: string; database: string }): Promise<WireClient> {
  const socket: Socket = connect({ host: to.host, port: to.port, noDelay: true })
  const client = new WireClient(socket)
  await client.logIn({ user: to.user, database: to.database }, to.password)
  return client
}
const direct = (): Promise<WireClient> => open(system.sample)

async function run(client: WireClient, steps: (typeof scripts)[string]): Promise<string[]> {
  const heard: string[] = []
  let bytes: Buffer[] = []
  for (const step of steps) {
    if (typeof step !== 'string') bytes.push(step)
    else {
      client.send(...bytes)
      bytes = []
      heard.push(...outline(await client.until(({ tag }) => tag === step)))
    }
  }
  client.send(...bytes, write.terminate())
  heard.push(...outline(await client.end()))
  client.stream.destroy()
  return heard
}

describe('what nothing refuses is answered as the server itself answers', () => {
  for (const [name, steps] of Object.entries(scripts)) {
    test(name, async () => {
      const lay = "truncate wire, wire_child; insert into wire values (1, 'one'), (2, 'two')"
      await own.query(lay)
      const expected = await run(await direct(), steps)
      await own.query(lay)
      expect(await run(await open(through), steps)).toEqual(expected)
    })
  }
})
