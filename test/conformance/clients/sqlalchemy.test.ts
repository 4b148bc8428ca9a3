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
beforeEach((context) =>
  requires(context, 'python:sqlalchemy', 'python:psycopg', 'python:psycopg2', 'python:asyncpg', 'python:pg8000'),
)

const cases = casesOf('sqlalchemy_cases')
const inOrder = cases.filter((name) => name !== 'asynchronous')
const both = [
  ...['psycopg', 'psycopg2', 'pg8000'].flatMap((driver) => inOrder.map((name) => `${driver}.${name}`)),
  'asyncpg.asynchronous',
  'psycopg.asynchronous',
]

test.each(both)('SQLAlchemy: %s', async (name) => {
  await expectCase('sqlalchemy_cases', name, system.direct())
  await expectCase('sqlalchemy_cases', name, connect.url)
})
