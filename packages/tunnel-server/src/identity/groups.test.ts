import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { GoogleGroups } from './google-groups.ts'
import { UserinfoGroups } from './groups.ts'
import { MicrosoftGroups } from './microsoft-groups.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

/** A service that answers as its documentation says; what it answers to nobody known is 401. */
async function serve(answer: (request: IncomingMessage, body: string) => [number, unknown] | null): Promise<string> {
  const server = createServer(async (request, response) => {
    const known = request.headers.authorization === 'Bearer theirs'
    const [status, body] = (known ? answer(request, await text(request)) : null) ?? [known ? 404 : 401, { error: {} }]
    response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const unavailable = { code: 'unavailable' }

describe('Google', () => {
  const claims = { sub: '1', email: 'ada@shop.example', email_verified: true }
  const membership = (id: string) => ({
    groupKey: { id },
    group: `groups/${id.length}`,
    displayName: id,
    roles: [{ name: 'MEMBER' }],
    relationType: 'DIRECT_AND_INDIRECT',
    labels: { 'cloudidentity.googleapis.com/groups.discussion_forum': '' },
  })

  test('groups are those in which the person is, directly or not, page by page', async () => {
    const asked: URL[] = []
    const origin = await serve(({ url = '', method }) => {
      const at = new URL(url, 'http://x')
      asked.push(at)
      if (method !== 'GET' || at.pathname !== '/v1/groups/-/memberships:searchTransitiveGroups') return null
      if (at.searchParams.get('pageToken') === 'two') return [200, { memberships: [membership('dba@shop.example')] }]
      return [200, { memberships: [membership('engineering@shop.example')], nextPageToken: 'two' }]
    })
    const groups = await new GoogleGroups(origin).groupsOf({ claims, accessToken: 'theirs' })
    expect(groups).toEqual(['engineering@shop.example', 'dba@shop.example'])
    expect(asked[0]?.searchParams.get('query')).toBe(
      "member_key_id == 'ada@shop.example' && 'cloudidentity.googleapis.com/groups.discussion_forum' in labels",
    )
  })

  test('who is in none has an empty answer', async () => {
    const origin = await serve(() => [200, {}])
    expect(await new GoogleGroups(origin).groupsOf({ claims, accessToken: 'theirs' })).toEqual([])
  })

  test.each<[string, [number, unknown]]>([
    ['an edition without it', [403, { error: { code: 403, status: 'PERMISSION_DENIED' } }]],
    ['a failure', [503, 'busy']],
    ['something else', [200, { memberships: [{ groupKey: {} }] }]],
    ['no JSON', [200, '<html>']],
    ['pages without an end', [200, { memberships: [], nextPageToken: 'again' }]],
    ['more than can be', [200, { memberships: Array.from({ length: 3000 }, () => membership('x')) }]],
  ])('%s is no login', async (_, answer) => {
    const lookup = new GoogleGroups(await serve(() => answer))
    await expect(lookup.groupsOf({ claims, accessToken: 'theirs' })).rejects.toMatchObject(unavailable)
  })

  test.each([
    [{ ...claims, email_verified: false }],
    [{ ...claims, email: undefined }],
    [{ ...claims, email: "a' || true || 'b@shop.example" }],
    [{ ...claims, email: "o'neil@shop.example" }],
  ])('an address that cannot be asked for is not: %j', async (odd) => {
    const lookup = new GoogleGroups(await serve(() => [200, {}]))
    await expect(lookup.groupsOf({ claims: odd as typeof claims, accessToken: 'theirs' })).rejects.toMatchObject(unavailable)
  })

  test('without an access token, or with one that is refused, there are no groups', async () => {
    const lookup = new GoogleGroups(await serve(() => [200, {}]))
    for (const accessToken of [null, 'another']) {
      await expect(lookup.groupsOf({ claims, accessToken })).rejects.toMatchObject(unavailable)
    }
  })
})

describe('Microsoft', () => {
  const oid = '6f5f2a5e-6c1b-4f0e-9a35-0c1d2e3f4a5b'
  const ids = ['fee2c45b-915a-4a64-b130-f4eb9e75525e', '4fe90ae7-065a-478b-9400-e0a0e1cbd540']
  const overage = {
    oid,
    _claim_names: { groups: 'src1' },
    _claim_sources: { src1: { endpoint: 'https://elsewhere.example/getMemberObjects' } },
  }

  test('groups that are in the token are not asked for', async () => {
    const lookup = new MicrosoftGroups('http://127.0.0.1:1')
    expect(await lookup.groupsOf({ claims: { oid, groups: ids }, accessToken: null })).toEqual(ids)
  })

  test('where they are too many Graph is asked, about the one whom the token names', async () => {
    const origin = await serve(({ url, method, headers }, body) => {
      expect(headers['content-type']).toBe('application/json')
      expect(JSON.parse(body)).toEqual({ securityEnabledOnly: true })
      if (method !== 'POST' || url !== `/v1.0/users/${oid}/getMemberObjects`) return null
      return [200, { '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)', value: ids }]
    })
    expect(await new MicrosoftGroups(origin).groupsOf({ claims: overage, accessToken: 'theirs' })).toEqual(ids)
  })

  test.each<[string, [number, unknown]]>([
    ['a refusal', [403, { error: { code: 'Authorization_RequestDenied' } }]],
    ['a failure', [500, {}]],
    ['something else', [200, { value: [1] }]],
  ])('%s is no login', async (_, answer) => {
    const lookup = new MicrosoftGroups(await serve(() => answer))
    await expect(lookup.groupsOf({ claims: overage, accessToken: 'theirs' })).rejects.toMatchObject(unavailable)
  })

  test.each([[{}], [{ groups: 'x' }], [{ ...overage, oid: undefined }], [{ ...overage, oid: '../me' }]])(
    'a token that says nothing of groups is not one without groups: %j',
    async (claims) => {
      const lookup = new MicrosoftGroups(await serve(() => [200, { value: [] }]))
      await expect(lookup.groupsOf({ claims: claims as { oid?: string }, accessToken: 'theirs' })).rejects.toMatchObject(
        unavailable,
      )
    },
  )
})

describe('userinfo', () => {
  const at = async (answer: [number, unknown]) => {
    const url = await serve(() => answer)
    return new UserinfoGroups({ endpoint: async () => url, claim: 'groups' })
  }
  const proof = { claims: { sub: 'ada' }, accessToken: 'theirs' }

  test('groups are in its claim', async () => {
    expect(await (await at([200, { sub: 'ada', groups: ['dba'] }])).groupsOf(proof)).toEqual(['dba'])
  })

  test.each<[string, [number, unknown]]>([
    ['about somebody else', [200, { sub: 'grace', groups: ['admins'] }]],
    ['without groups', [200, { sub: 'ada' }]],
    ['without JSON', [200, 'x']],
    ['refused', [401, {}]],
  ])('an answer %s is no login', async (_, answer) => {
    await expect((await at(answer)).groupsOf(proof)).rejects.toMatchObject(unavailable)
  })

  test('a provider without one is no login', async () => {
    const lookup = new UserinfoGroups({ endpoint: async () => undefined, claim: 'groups' })
    await expect(lookup.groupsOf(proof)).rejects.toMatchObject(unavailable)
  })
})
