import pg from 'pg'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { keepUntilEnd, requires, startSamplePostgres } from './index.ts'

const keep = keepUntilEnd(afterAll)

test('the sample tells which statements really arrived', async () => {
  const sample = await keep(startSamplePostgres({ customers: 10, statementLog: true }))
  const { host, port, user, password, database, ca } = sample
  const client = new pg.Client({ host, port, user, password, database, ssl: { ca }, application_name: 'support' })
  await client.connect()
  await client.query('select count(*) from customers where city <> $1', ['Nowhere'])
  await client.end()
  await expect
    .poll(() => sample.statements())
    .toMatchObject([
      {
        user,
        database,
        application: 'support',
        message: expect.stringContaining('select count(*)'),
        detail: expect.stringContaining('Nowhere'),
      },
    ])
})

beforeEach((context) => {
  if (context.task.name.includes('unheard-of')) requires(context, 'unheard-of-client')
})
test.skipIf(process.env.HOOP_TEST_REQUIRE === 'all')('is skipped, not passed, without unheard-of-client', () => {
  expect.unreachable()
})
