import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HoopError } from '@hoop/contracts'
import Provider from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClientCredentials, clientCredentialsToken } from './credentials-oauth.ts'

const secret = 's3cret: with+signs & "quotes"/'
let url: string
let answer: { status: number; body: string } | null = null
const seen: { authorization: string | undefined; url: string | undefined }[] = []
const server = createServer((request, response) => {
  seen.push({ authorization: request.headers.authorization, url: request.url })
  if (answer === null) return void callback(request, response)
  response.writeHead(answer.status, { location: `${url}/elsewhere` }).end(answer.body)
})
let callback: ReturnType<Provider['callback']>

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = (id: string, method: 'client_secret_basic' | 'client_secret_post') => ({
    client_id: id,
    client_secret: secret,
    token_endpoint_auth_method: method,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: 'invoices:read',
  })
  const provider = new Provider(url, {
    clients: [client('of header', 'client_secret_basic'), client('of form', 'client_secret_post')],
    scopes: ['invoices:read'],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    ttl: { ClientCredentials: 900 },
  })
  callback = provider.callback()
})
afterAll(() => server.close())

const ask = (change: Partial<ClientCredentials> = {}) =>
  clientCredentialsToken({ tokenUrl: `${url}/token`, clientId: 'of header', clientSecret: secret, ...change }, () => 1_000)

async function failure(asked: Promise<unknown>): Promise<HoopError> {
  const error = await asked.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(HoopError)
  const told = error as HoopError
  expect(told.code).toBe('connection_unavailable')
  expect(JSON.stringify([told.message, told.hint, String(told.cause)])).not.toMatch(/s3cret|czNjcmV0/)
  return told
}

test.each(['of header', 'of form'])('a real provider gives a token to a client %s', async (clientId) => {
  const { value, expires } = await ask({ clientId, scope: 'invoices:read' })
  expect(value).toMatch(/^[\w-]{20,}$/)
  expect(expires).toBe(901_000)
})

test('a wrong secret is told in words without it', async () => {
  expect((await failure(ask({ clientSecret: 's3cret-but-wrong' }))).message).toMatch(
    /127\.0\.0\.1:.* refused it \(invalid_client\)/,
  )
})

test.each([
  ['no JSON', 200, '<html>', /no bearer token/],
  ['no token', 200, '{"token_type":"Bearer"}', /no bearer token/],
  ['another kind of token', 200, '{"access_token":"a","token_type":"DPoP"}', /no bearer token/],
  ['a token that ends its header', 200, '{"access_token":"a\\r\\nx: y","token_type":"Bearer"}', /no bearer token/],
  ['a redirect, which is not followed', 302, '', /does not answer/],
  ['a failure', 503, 'down', /HTTP status 503/],
  ['more than a token has', 200, ' '.repeat(2_000_000), /does not answer/],
])('%s is refused', async (_, status, body, words) => {
  answer = { status, body }
  seen.length = 0
  const told = await failure(ask()).finally(() => {
    answer = null
  })
  expect(told.message).toMatch(words)
  expect(seen.map((each) => each.url)).toEqual(['/token'])
})

test('a token without a time to live is asked for again soon', async () => {
  answer = { status: 200, body: '{"access_token":"abc","token_type":"bearer"}' }
  expect(await ask()).toEqual({ value: 'abc', expires: 301_000 })
  answer = null
})
