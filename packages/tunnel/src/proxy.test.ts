import { describe, expect, test } from 'vitest'
import { proxyFor } from './proxy.ts'

const proxy = 'http://proxy.example.com:3128'

describe('the proxy for an address', () => {
  test.each<[string, Record<string, string>, string | null]>([
    ['wss://hoop.example.com/v1/tunnel', {}, null],
    ['wss://hoop.example.com/v1/tunnel', { HTTPS_PROXY: proxy }, proxy],
    ['https://hoop.example.com', { https_proxy: proxy, HTTPS_PROXY: 'http://other' }, proxy],
    ['https://hoop.example.com', { HTTP_PROXY: proxy }, null],
    ['ws://hoop.example.com', { HTTP_PROXY: proxy }, proxy],
    ['https://hoop.example.com', { HTTPS_PROXY: 'proxy.example.com:3128' }, proxy],
    ['https://hoop.example.com', { HTTPS_PROXY: '' }, null],
    ...['localhost', '127.0.0.1', '127.9.9.9', '[::1]'].map((host): [string, Record<string, string>, null] => [
      `https://${host}:8010`,
      { HTTPS_PROXY: proxy },
      null,
    ]),
    ...[
      '*',
      'hoop.example.com',
      'HOOP.example.com:443',
      '.example.com',
      '*.example.com',
      'a, hoop.example.com',
      'a hoop.example.com',
    ].map((list): [string, Record<string, string>, null] => [
      'wss://hoop.example.com',
      { HTTPS_PROXY: proxy, NO_PROXY: list },
      null,
    ]),
    ...['example.com', 'hoop.example.com:8443', '.hoop.example.com', 'oop.example.com', ','].map(
      (list): [string, Record<string, string>, string] => [
        'wss://hoop.example.com',
        { HTTPS_PROXY: proxy, NO_PROXY: list },
        proxy,
      ],
    ),
  ])('%s with %j: %s', (address, environment, expected) => {
    expect(proxyFor(address, environment)?.href ?? null).toBe(expected === null ? null : `${expected}/`)
  })

  test.each(['socks5://proxy:1080', 'http://', 'http://na me:secret@'])('%s is none, and is not repeated', (named) => {
    const attempt = () => proxyFor('https://hoop.example.com', { HTTPS_PROXY: named })
    expect(attempt).toThrow('HTTPS_PROXY does not name an HTTP proxy.')
  })
})
