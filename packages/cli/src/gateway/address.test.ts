import { expect, it } from 'vitest'
import { gatewayOrigin } from './address.ts'

it.each([
  ['hoop.example.com', 'https://hoop.example.com'],
  ['https://Hoop.example.com:8443/', 'https://hoop.example.com:8443'],
  ['http://127.0.0.1:8400', 'http://127.0.0.1:8400'],
  ['http://localhost:8400', 'http://localhost:8400'],
  ['http://[::1]:8400', 'http://[::1]:8400'],
])('takes %s', (text, origin) => {
  expect(gatewayOrigin(text)).toBe(origin)
})

it.each([
  'http://hoop.example.com',
  'http://127.0.0.1.example.com',
  'https://me:secret@hoop.example.com',
  'https://h/path',
  'ftp://h',
  '::',
])('refuses %s', (text) => {
  expect(() => gatewayOrigin(text)).toThrow()
})
