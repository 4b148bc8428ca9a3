import pg from 'pg'
import { afterAll, expect, test, vi } from 'vitest'
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

test('a test without its client is skipped, saying which, or fails where all clients must be there', (context) => {
  const skip = vi.spyOn(context, 'skip').mockImplementation(() => undefined as never)
  vi.stubEnv('HOOP_TEST_REQUIRE', '')
  requires(context, 'unheard-of-client', 'node')
  expect(skip).toHaveBeenCalledExactlyOnceWith('needs unheard-of-client')
  vi.stubEnv('HOOP_TEST_REQUIRE', 'all')
  expect(() => requires(context, 'unheard-of-client')).toThrow('needs unheard-of-client')
  vi.unstubAllEnvs()
})
