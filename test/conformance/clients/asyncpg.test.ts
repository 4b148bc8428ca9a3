import { afterAll, beforeAll, beforeEach, test } from 'vitest'
import { type Connect, keepUntilEnd, requires } from '../../support/index.ts'
import { casesOf, expectCase } from './python.ts'
import { type ClientsSystem, startClientsSystem } from './system.ts'

const keep = keepUntilEnd(afterAll)
let system: ClientsSystem
let connect: Connect

beforeAll(async () => {
  system = await keep(startClientsSystem())
  connect = await system.connect()
})
beforeEach((context) => requires(context, 'python:asyncpg'))

test.each(casesOf('asyncpg_cases'))('asyncpg: %s', async (name) => {
  await expectCase('asyncpg_cases', name, system.direct())
  await expectCase('asyncpg_cases', name, connect.url)
})
