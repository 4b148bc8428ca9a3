import { expect, test } from 'vitest'
import { readRequest } from './read-request.ts'
import { ServiceDialect } from './service.ts'

const dialect = new ServiceDialect({
  basePath: '',
  onlyListed: false,
  operations: [{ method: 'PUT', path: '/customers/{id}', name: 'putCustomer', effects: ['write'] }],
})
const literals = (url: string, type: string, body: string) => {
  const request = readRequest({ method: 'PUT', url, rawHeaders: [] })
  const { text, literals } = dialect.operation(request, { kind: 'whole', bytes: Buffer.from(body), type })
  return literals.map(({ start, end, ...rest }) => ({ at: text.slice(start, end), ...rest }))
}

test('values of a JSON body are known by their places, and by all names of the place', () => {
  expect(literals('/customers/7', 'application/json', '{"a":["é",12]}')).toEqual([
    {
      at: '"é"',
      sources: [],
      secret: false,
      field: { resource: '/customers/7', others: ['/customers/{id}', 'putCustomer'], path: ['a', 0] },
    },
    {
      at: '12',
      sources: [],
      secret: false,
      field: { resource: '/customers/7', others: ['/customers/{id}', 'putCustomer'], path: ['a', 1] },
    },
  ])
})

test('in any other body everything may stand', () => {
  const field = { resource: '/x', others: [], path: [] }
  expect(literals('/x', 'application/x-www-form-urlencoded', 'a=b')).toEqual([
    { at: 'a=b', sources: 'opaque', secret: false, field },
  ])
  expect(literals('/x', 'text/plain', '')).toEqual([])
})
