import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { JoinAgentRequest } from '@hoop/contracts'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, gatewayUrl, login, openParts, type Parts, startServer, type TestServer } from '../testing/parts.ts'

let server: TestServer
let issuer: Issuer
let parts: Parts
let admin: Awaited<ReturnType<typeof callerOf>>['identity']

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
  admin = (await callerOf(parts, issuer, 'admin', ['admins'])).identity
})
afterAll(async () => {
  await parts?.close()
  await issuer?.close()
  await server?.remove()
})

const self = { version: '1', host: 'machine' }
const asking = (key: string = randomUUID()) => ({ key, address: '10.0.0.9' })
const joining = (token: string, name = 'a'): JoinAgentRequest => ({ grant: 'join_token', token, name, ...self })
const token = async (name = 'a') => (await parts.agents.enrolment.createToken(admin, name)).token

async function sql(text: string) {
  return (await parts.store.run((db) => db.execute(text))).rows
}

describe('a join token', () => {
  test('lets one agent in, of those who try at once', async () => {
    const given = await token()
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => parts.agents.enrolment.join(joining(given), asking())))
    expect(tries.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    for (const each of tries)
      if (each.status === 'rejected')
        expect(each.reason).toMatchObject({ code: 'invalid_token', message: expect.stringContaining('used before') })
  })

  test('is for one name, and is not used up by another', async () => {
    const given = await token('a')
    await expect(parts.agents.enrolment.join(joining(given, 'b'), asking())).rejects.toThrow(/another name/)
    expect((await parts.agents.enrolment.join(joining(given, 'a'), asking())).name).toBe('a')
  })

  test('ends after an hour, and is kept as a hash only', async () => {
    const given = await token()
    expect(JSON.stringify(await sql('select * from agent_join_tokens'))).not.toContain(given.slice(10))
    await sql("update agent_join_tokens set expires_at = now() - interval '1 second' where used_at is null")
    await expect(parts.agents.enrolment.join(joining(given), asking())).rejects.toThrow(/has run out/)
  })

  test('of nobody is none', async () => {
    await expect(parts.agents.enrolment.join(joining('hoop_join_x'), asking())).rejects.toMatchObject({ code: 'invalid_token' })
  })
})

describe('a key', () => {
  test('is known from then on, and gets credentials of ten minutes bound to it', async () => {
    const asked = asking()
    const joined = await parts.agents.enrolment.join(joining(await token()), asked)
    const renewed = await parts.agents.enrolment.renew({ version: '2', host: 'moved' }, asked)
    expect(renewed).toMatchObject({ id: joined.id, name: 'a', expires_in: 600 })
    expect(await parts.agents.credentials.verify(renewed.credential)).toMatchObject({ id: joined.id, name: 'a', key: asked.key })
    const { agents } = await parts.agents.list(parts.documents.current())
    expect(agents.find(({ id }) => id === joined.id)).toMatchObject({ version: '2', host: 'moved', state: 'offline', streams: 0 })
  })

  test('that is not known gets nothing', async () => {
    await expect(parts.agents.enrolment.renew(self, asking())).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('that was revoked is never taken again, and spends no token', async () => {
    const asked = asking()
    const { id } = await parts.agents.enrolment.join(joining(await token('gone'), 'gone'), asked)
    const unused = await token('gone')
    expect(await parts.agents.enrolment.revoke(admin, 'gone', null)).toEqual({ revoked: [id], tokens: 1 })
    await expect(parts.agents.enrolment.renew(self, asked)).rejects.toMatchObject({ code: 'no_access' })
    await expect(parts.agents.enrolment.join(joining(unused, 'gone'), asking())).rejects.toThrow(/not one of this gateway/)
    const another = await token('gone')
    await expect(parts.agents.enrolment.join(joining(another, 'gone'), asked)).rejects.toMatchObject({ code: 'no_access' })
    await parts.agents.enrolment.join(joining(another, 'gone'), asking())
  })

  test('revoked by its id leaves the others of its name', async () => {
    const [one, other] = [asking(), asking()]
    const { id } = await parts.agents.enrolment.join(joining(await token('two'), 'two'), one)
    await parts.agents.enrolment.join(joining(await token('two'), 'two'), other)
    await expect(parts.agents.enrolment.revoke(admin, 'another', id)).rejects.toMatchObject({ code: 'not_found' })
    expect(await parts.agents.enrolment.revoke(admin, 'two', id)).toEqual({ revoked: [id], tokens: 0 })
    await parts.agents.enrolment.renew(self, other)
    await expect(parts.agents.enrolment.renew(self, one)).rejects.toThrow(/revoked/)
  })
})

test('who admits and revokes is in the admin log, without any token', async () => {
  const given = await token('logged')
  const { id } = await parts.agents.enrolment.join(joining(given, 'logged'), asking())
  await parts.agents.enrolment.revoke(admin, 'logged', null)
  const rows = await sql("select action, by->>'id' as by, detail from admin_log where target = 'Agent/logged' order by id")
  expect(rows.map(({ action, by }) => [action, by])).toEqual([
    ['agent.token', admin.id],
    ['agent.join', admin.id],
    ['agent.revoke', admin.id],
  ])
  expect(rows[1]?.detail).toContain(`${id} at machine, from 10.0.0.9`)
  expect(JSON.stringify(rows)).not.toContain(given.slice(10))
})

describe('a credential of an agent', () => {
  const sign = async (change: { typ?: string; aud?: string; iss?: string; exp?: string; forged?: true }) => {
    const own = createPrivateKey(await readFile(`${server.folder}/access-tokens.pem`))
    return await new SignJWT({ agent: 'a', cnf: { jkt: 'k' } })
      .setProtectedHeader({ alg: 'EdDSA', typ: change.typ ?? 'agent+jwt' })
      .setIssuer(change.iss ?? gatewayUrl)
      .setAudience(change.aud ?? 'hoop-agent')
      .setSubject('agt_1')
      .setIssuedAt()
      .setExpirationTime(change.exp ?? '5m')
      .sign(change.forged ? generateKeyPairSync('ed25519').privateKey : own)
  }

  test('made by hand as the gateway makes them is accepted: the others fail for what is wrong in each', async () => {
    expect(await parts.agents.credentials.verify(await sign({}))).toMatchObject({ id: 'agt_1', name: 'a', key: 'k' })
  })

  test.each([{ exp: '-1s' }, { aud: 'hoop' }, { typ: 'at+jwt' }, { iss: 'http://elsewhere.test' }, { forged: true as const }])(
    '%o is none',
    async (change) => {
      await expect(parts.agents.credentials.verify(await sign(change))).rejects.toMatchObject({ code: 'invalid_token' })
    },
  )

  test('is no access token, and an access token is none', async () => {
    const { credential } = await parts.agents.enrolment.join(joining(await token()), asking())
    await expect(parts.tokens.verify(credential)).rejects.toMatchObject({ code: 'invalid_token' })
    const person = await login(parts, issuer, 'admin', ['admins'])
    await expect(parts.agents.credentials.verify(person.access_token)).rejects.toMatchObject({ code: 'invalid_token' })
  })
})
