import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ConnectionDocument } from '@hoop/contracts'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { References } from '../secrets/references.ts'
import { CredentialCache } from './credential-cache.ts'
import { httpCredentials, kubernetesCredentials } from './credentials.ts'
import { Secrets } from './secrets.ts'

/** Issues `1 of SECRET`, `2 of SECRET` and so on. */
const issuer = createServer(async (request, response) => {
  await text(request)
  const secret = atob(request.headers.authorization?.split(' ')[1] ?? '').split(':')[1]
  issued += 1
  response.end(JSON.stringify({ access_token: `${issued}-of-${secret}`, token_type: 'Bearer', expires_in: 3600 }))
})
let issued = 0
let environment: Record<string, string>
beforeAll(() => new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve)))
afterAll(() => issuer.close())
beforeEach(() => {
  issued = 0
  environment = { S: 'first', K: 'of-header' }
})

/** Secrets stand in the environment here: the store is never asked. */
function secretsOf(connection: ConnectionDocument): Secrets {
  const references = new References((name) => environment[name])
  return new Secrets(connection, { references, store: null as never, cipher: null as never })
}
function service(login: Record<string, unknown>, cache = new CredentialCache()) {
  const connection = ConnectionDocument.parse({ kind: 'Connection', name: 'api', protocol: 'http', address: 'a:443', login })
  if (connection.protocol !== 'http') throw new Error('is of another protocol')
  return httpCredentials(connection, secretsOf(connection), cache)
}
function cluster(login: Record<string, unknown>) {
  const connection = ConnectionDocument.parse({ kind: 'Connection', name: 'k', protocol: 'kubernetes', address: 'a:443', login })
  if (connection.protocol !== 'kubernetes') throw new Error('is of another protocol')
  return kubernetesCredentials(connection, secretsOf(connection), new CredentialCache())
}
const secret = { env: 'S' }
const oauth = () => ({
  tokenUrl: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/`,
  clientId: 'hoop',
  clientSecret: secret,
})

test.each<[string, Record<string, unknown>, string[][]]>([
  ['a token', { bearer: secret }, [['authorization', 'Bearer first']]],
  ['a password', { basic: { user: 'ada', password: secret } }, [['authorization', `Basic ${btoa('ada:first')}`]]],
  ['headers of its own', { bearer: null, headers: [{ name: 'X-Key', value: { env: 'K' } }] }, [['x-key', 'of-header']]],
])('a service is shown %s', async (_, login, headers) => {
  expect(await service(login)()).toEqual(headers)
})

test('all sessions of a connection have one token, until its secret is another', async () => {
  const cache = new CredentialCache()
  const sessions = [service({ oauth: oauth() }, cache), service({ oauth: oauth() }, cache)]
  const shown = async () => (await Promise.all(sessions.map((session) => session()))).flat(2)
  const token = (value: string) => ['authorization', `Bearer ${value}`, 'authorization', `Bearer ${value}`]
  expect(await shown()).toEqual(token('1-of-first'))
  expect(await shown()).toEqual(token('1-of-first'))
  environment.S = 'second'
  expect(await shown()).toEqual(token('2-of-second'))
})

test('another document has another token', async () => {
  const cache = new CredentialCache()
  await service({ oauth: oauth() }, cache)()
  expect(await service({ oauth: { ...oauth(), scope: 'read' } }, cache)()).toEqual([['authorization', 'Bearer 2-of-first']])
})

test('a cluster is shown a token, of its own kind where it asks for one', async () => {
  expect(await cluster({ token: secret })()).toEqual([['authorization', 'Bearer first']])
  const eks = { cluster: 'prod', region: 'eu-west-1', accessKeyId: 'AKID', secretAccessKey: secret, sessionToken: null }
  expect(await cluster({ eks })()).toEqual([['authorization', expect.stringMatching(/^Bearer k8s-aws-v1\./)]])
  const [[, shown] = []] = await cluster({ eks: { ...eks, sessionToken: { env: 'K' } } })()
  expect(atob(shown?.slice('Bearer k8s-aws-v1.'.length) ?? '')).toContain('X-Amz-Security-Token=of-header')
})

test('a secret that is gone is told by its place', async () => {
  const refused = service({ oauth: { ...oauth(), clientSecret: null } })()
  await expect(refused).rejects.toThrow('The connection api has no login.oauth.clientSecret.')
})
