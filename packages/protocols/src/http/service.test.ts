import { expect, test } from 'vitest'
import { noMasks } from '../scripted-gate.fixture.ts'
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

test.each([
  ['/x?user=ada&access_token=abc&n=1', 'text/plain', 'password=in-plain-text', ['abc']],
  ['/x?apiKey=abc&API-KEY=def&user%5Bpassword%5D=g%26h&user[token]=i', 'text/plain', '', ['abc', 'def', 'g%26h', 'i']],
  ['/x?password=&token', 'text/plain', '', []],
  ['/x?token=a=b', 'text/plain', '', ['a=b']],
  ['/x', 'application/x-www-form-urlencoded; charset=utf-8', 'user=ä&passwd=ü&client_secret=s&x=password', ['ü', 's']],
  ['/x', 'application/x-www-form-urlencoded', '%70assword=x&%zz=1&page=2', ['x']],
  ['/x', 'application/json', '{"user":"ada","login":{"password":"p","clientSecret":"s","token":7}}', ['"p"', '"s"']],
])('passwords and tokens are secret by their names: %s %s', (url, type, body, secrets) => {
  const found = literals(url, type, body).filter(({ secret }) => secret)
  expect(found.map(({ at }) => at)).toEqual(secrets)
})

test.each([
  ['a WebSocket', 'websocket', noMasks, true],
  ['a WebSocket in which fields are masked', 'websocket', { ...noMasks, fields: () => ({ mask: null }) as never }, false],
  ['another protocol', 'spdy/3.1', noMasks, false],
])('%s', (_, upgrade, masks, relayed) => {
  const request = readRequest({ method: 'GET', url: '/x', rawHeaders: ['Connection', 'Upgrade', 'Upgrade', upgrade] })
  const operation = dialect.operation(request, { kind: 'none' })
  expect(dialect.upgraded(request, operation, [], masks) !== null).toBe(relayed)
})
