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
beforeEach((context) => requires(context, 'python:psycopg', 'python:psycopg_pool'))

test.each(casesOf('psycopg3_cases'))('psycopg: %s', async (name) => {
  await expectCase('psycopg3_cases', name, system.direct())
  await expectCase('psycopg3_cases', name, connect.url)
})
