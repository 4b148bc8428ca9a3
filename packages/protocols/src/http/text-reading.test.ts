import { expect, test } from 'vitest'
import { ServiceDialect } from './service.ts'
import { readRequestText } from './text-reading.ts'

const dialect = new ServiceDialect({ basePath: '', onlyListed: false, operations: [] })
const read = (text: string) => readRequestText(text, 'http', dialect)

test('a request is read as the record shows it', () => {
  const text = 'POST /refunds?x=1\nContent-Type: application/json\n\n{"amount":500}'
  expect(read(text)).toMatchObject({
    text,
    effects: ['write'],
    refused: null,
    facts: { request: { method: 'POST', body: { amount: 500 } } },
  })
})

test.each(['', 'SELECT 1', 'GET', 'GET a/b', 'get /a', 'GET /a/../b'])(
  'what is no request is refused, and throws nothing: %j',
  (text) => {
    expect(read(text)).toMatchObject({ protocol: 'http', text, effects: ['unknown'], refused: { code: 'unreadable' } })
  },
)
