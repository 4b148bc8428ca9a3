import { describe, expect, test } from 'vitest'
import { BadRequest, readRequest } from './read-request.ts'

const read = (given: { method?: string; url?: string; headers?: readonly string[] }) =>
  readRequest({ method: given.method ?? 'POST', url: given.url ?? '/a', rawHeaders: given.headers ?? [] })

// Node's parser stops these before: that it still does, ways-around.test.ts shows. HTTP/2 has no such parser.
describe('what a parser should have stopped is stopped', () => {
  test.each<[string, Parameters<typeof read>[0], RegExp]>([
    ['both lengths', { headers: ['Content-Length', '4', 'Transfer-Encoding', 'chunked'] }, /which ends the body/],
    ['another coding', { headers: ['Transfer-Encoding', 'gzip, chunked'] }, /only Transfer-Encoding/],
    ['a length that is none', { headers: ['Content-Length', '+4'] }, /not a number/],
    ['a length as a list', { headers: ['Content-Length', '4, 4'] }, /not a number/],
    ['a length twice', { headers: ['Content-Length', '4', 'content-length', '4'] }, /stands there twice/],
    ['a line break in a value', { headers: ['X-One', 'a\r\nX-Two: b'] }, /line break/],
    ['a lone CR in a value', { headers: ['X-One', 'a\rb'] }, /line break/],
    ['a name with a space', { headers: ['Content-Length ', '4'] }, /a name that is none/],
    ['no name', { headers: ['', 'x'] }, /a name that is none/],
    ['a target with a space', { url: '/a HTTP/1.1' }, /must be encoded/],
    ['a target with a line break', { url: '/a\r\nX-One: b' }, /must be encoded/],
    ['a target beyond ASCII', { url: '/ä' }, /must be encoded/],
    ['a target with a host', { url: 'http://other/a' }, /must be encoded/],
    ['a target without a slash', { url: 'a' }, /must be encoded/],
    ['no target', { url: '' }, /must be encoded/],
    ['a method in small letters', { method: 'get' }, /not offered/],
  ])('%s', (_, given, words) => {
    expect(() => read(given)).toThrow(BadRequest)
    expect(() => read(given)).toThrow(words)
  })

  test.each([
    ['a target', { url: `/${'a'.repeat(20_000)}` }, 414],
    ['a query', { url: `/?${'a&'.repeat(1_001)}` }, 414],
    ['headers', { headers: Array.from({ length: 500 }, (_, i) => `x-${i}`) }, 431],
  ])('more than the limit of %s', (_, given, status) => {
    expect(() => read(given)).toThrow(expect.objectContaining({ status }))
  })
})
