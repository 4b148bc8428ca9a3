import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { importSPKI, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { googleToken } from './credentials-google.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const keyFile = {
  type: 'service_account',
  project_id: 'shop',
  private_key_id: 'k1',
  private_key: privateKey,
  client_email: 'hoop@shop.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
}

/** In place of oauth2.googleapis.com: takes what is signed by the key. */
const server = createServer(async (request, response) => {
  const form = new URLSearchParams(await text(request))
  const signed = await jwtVerify(form.get('assertion') ?? '', await importSPKI(publicKey, 'RS256'), {
    audience: 'https://oauth2.googleapis.com/token',
    issuer: keyFile.client_email,
  }).catch(() => null)
  response.writeHead(signed === null ? 400 : 200, { 'content-type': 'application/json' })
  if (signed === null) response.end('{"error":"invalid_grant","error_description":"Invalid JWT Signature."}')
  else
    response.end(
      JSON.stringify({
        access_token: `ya29.${signed.payload.scope}`.replaceAll(' ', ','),
        expires_in: 3599,
        token_type: 'Bearer',
      }),
    )
})
let local: string
const asked: string[] = []
const fetchLocally: typeof fetch = (input, init) => {
  asked.push(String(input))
  return fetch(new URL('/token', local), init)
}
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  local = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

test('a key file signs for a token, at Google only', async () => {
  const { value, expires } = await googleToken(JSON.stringify({ ...keyFile, token_uri: 'https://evil.example/' }), fetchLocally)
  expect(value).toBe('ya29.https://www.googleapis.com/auth/cloud-platform,https://www.googleapis.com/auth/userinfo.email')
  expect(expires - Date.now()).toBeGreaterThan(3_000_000)
  expect(asked).toEqual(['https://oauth2.googleapis.com/token'])
})

test('a key that Google does not know is told in words without it', async () => {
  const { privateKey: other } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const refused = googleToken(JSON.stringify({ ...keyFile, private_key: other }), fetchLocally)
  await expect(refused).rejects.toMatchObject({
    code: 'connection_unavailable',
    message: 'The gateway has no access token of Google: invalid_grant: Invalid JWT Signature.',
    cause: undefined,
  })
})

test.each([
  ['no JSON', 'hunter2'],
  [
    'another kind of file, which names what is run',
    JSON.stringify({ type: 'external_account', credential_source: { executable: {} } }),
  ],
  ['another universe', JSON.stringify({ ...keyFile, universe_domain: 'evil.example' })],
  ['no key', JSON.stringify({ ...keyFile, private_key: '' })],
  ['what is no key', JSON.stringify({ ...keyFile, private_key: 'hunter2' })],
])('%s is refused', async (_, file) => {
  const refused = googleToken(file, fetchLocally)
  await expect(refused).rejects.toMatchObject({ code: 'connection_unavailable' })
  await expect(refused).rejects.not.toThrow(/hunter2/)
})
