import { expect, test } from 'vitest'
import { answerHeaders } from './headers.ts'

const origins = ['https://billing.internal', 'http://billing.internal']
const places = { caller: 'http://127.0.0.1:8080', backend: { origins, basePath: '/api' } }

test.each([
  ['Location', 'https://billing.internal/api/v1/x?a=1#b', 'http://127.0.0.1:8080/v1/x?a=1#b'],
  ['Location', 'HTTPS://Billing.Internal/api', 'http://127.0.0.1:8080/'],
  ['Location', '/api/v1/x', '/v1/x'],
  ['Location', '/apis/x', '/apis/x'],
  ['Location', 'x/y', 'x/y'],
  ['Content-Location', 'http://billing.internal/api/v1/x', 'http://127.0.0.1:8080/v1/x'],
  ['Location', 'https://billing.internal.example/x', 'https://billing.internal.example/x'],
  ['Location', 'https://billing.internal:8443/x', 'https://billing.internal:8443/x'],
  ['Location', 'https://billing.internal@elsewhere.example/', 'https://billing.internal@elsewhere.example/'],
  ['Location', '//elsewhere.example/api', '//elsewhere.example/api'],
  [
    'Link',
    '<https://billing.internal/api/v1/x?page=2>; rel="next", </api/v1/x>; rel="first", <https://elsewhere.example/>; rel=about',
    '<http://127.0.0.1:8080/v1/x?page=2>; rel="next", </v1/x>; rel="first", <https://elsewhere.example/>; rel=about',
  ],
  ['X-Other', 'https://billing.internal/api', 'https://billing.internal/api'],
])('%s: %s', (name, value, shown) => {
  expect(answerHeaders([name, value], places, false)).toEqual([[name.toLowerCase(), shown]])
})
