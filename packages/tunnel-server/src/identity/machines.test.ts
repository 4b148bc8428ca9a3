import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { makeDevice } from '../testing/device.ts'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, login, openParts, type Parts, startServer, type TestServer } from '../testing/parts.ts'
import { type PlatformKind, startPlatform, type TokenPlatform } from '../testing/platforms.ts'

const audience = 'https://hoop.example.com'
let server: TestServer
let issuer: Issuer
let parts: Parts
let platforms: Record<PlatformKind, TokenPlatform>

const conditions: Record<PlatformKind, string> = {
  github: "claims.repository_id == '74' && claims.ref == 'refs/heads/main' && claims.event_name != 'pull_request'",
  gitlab: "claims.project_id == '22' && claims.ref_protected == 'true'",
  google: "claims.sub == '113774264463038321964'",
  kubernetes: "claims['kubernetes.io'].serviceaccount.uid == '1b0e7a2c-5f33-4f0a-9a55-0d5d0c6f8a11'",
}
const trust = (kind: PlatformKind, change: Record<string, string> = {}) => {
  const fields = {
    kind: 'Trust',
    name: kind,
    issuer: platforms[kind].issuer,
    platform: kind,
    audience,
    when: JSON.stringify(conditions[kind]),
    as: `{ kind: service, name: ${kind}-deploy, groups: [ci] }`,
    ...change,
  }
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
}
const accounts = `kind: ServiceAccount
name: reports
groups: [reports]
---
kind: ServiceAccount
name: devin
identity: ai-agent
groups: [coding-agents]
onBehalfOf: required`

const apply = async (yaml: string) =>
  await parts.documentStore.apply((await callerOf(parts, issuer, 'admin', ['admins'])).identity, yaml, 'test.yaml')
const exchange = (token: string, device: string | null = null, delegation: string | null = null) =>
  parts.machines.exchange({ token, device, delegation })
const refusal = (token: string) =>
  exchange(token).then(
    () => 'it was taken',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  )
const verify = (token: string) =>
  parts.authenticator.authenticate({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } })

beforeAll(async () => {
  const kinds = ['github', 'gitlab', 'google', 'kubernetes'] as const
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
  platforms = Object.fromEntries(
    await Promise.all(kinds.map(async (kind) => [kind, await startPlatform(kind, audience)])),
  ) as typeof platforms
  await apply([...kinds.map((kind) => trust(kind)), accounts].join('\n---\n'))
})
afterAll(async () => {
  await parts?.close()
  await issuer?.close()
  for (const platform of Object.values(platforms ?? {})) await platform.close()
  await server?.remove()
})

describe('a workload', () => {
  test.each(['github', 'gitlab', 'google', 'kubernetes'] as const)('of %s comes in by its token', async (kind) => {
    const answer = await exchange(await platforms[kind].token())
    expect(answer).toMatchObject({
      token_type: 'Bearer',
      refresh_token: null,
      identity: {
        id: `hoop#Trust/${kind}`,
        kind: 'service',
        name: `${kind}-deploy`,
        groups: ['ci'],
        issuer: platforms[kind].issuer,
      },
    })
    expect((await verify(answer.access_token)).identity).toEqual(answer.identity)
    const { rows } = await parts.store.run((db) =>
      db.execute(
        `select detail from admin_log where action = 'machine.login' and target = 'Trust/${kind}' order by id desc limit 1`,
      ),
    )
    expect(rows).toEqual([{ detail: expect.stringContaining('sub ') }])
  })

  const refused: [what: string, kind: PlatformKind, claims: Record<string, unknown>, words: RegExp][] = [
    [
      'of a fork',
      'github',
      { repository_id: '99', repository: 'mallory/shop', event_name: 'pull_request' },
      /repository_id 99.*event_name pull_request/,
    ],
    ['of a pull request', 'github', { event_name: 'pull_request', ref: 'refs/pull/1/merge' }, /event_name pull_request/],
    ['of a repository that took the name', 'github', { repository_id: '100' }, /repository acme\/shop, repository_id 100/],
    ['of another project', 'gitlab', { project_id: '23' }, /project_id 23/],
    [
      'of a service account that took the name',
      'kubernetes',
      { 'kubernetes.io': { serviceaccount: { name: 'deploy', uid: 'other' } } },
      /not one that a Trust document takes/,
    ],
    ['without the claim that is asked for', 'gitlab', { ref_protected: undefined }, /not one that a Trust document takes/],
    ['whose id is a number', 'gitlab', { project_id: 22 }, /not one that a Trust document takes/],
    [
      'for another audience',
      'github',
      { aud: 'https://github.com/acme' },
      /audience https:\/\/github.com\/acme, and must be for https:\/\/hoop.example.com alone/,
    ],
    [
      'for another audience, too',
      'github',
      { aud: [audience, 'https://other.example.com'] },
      /must be for https:\/\/hoop.example.com alone/,
    ],
    ['for no audience', 'github', { aud: undefined }, /of nobody/],
    ['that has expired', 'github', { exp: Math.floor(Date.now() / 1000) - 31 }, /has expired/],
    ['that does not end', 'github', { exp: undefined }, /wrong "exp"/],
    ['that is not good yet', 'github', { nbf: Math.floor(Date.now() / 1000) + 600 }, /wrong "nbf"/],
    ['that is as old as a day', 'github', { iat: Math.floor(Date.now() / 1000) - 90_000 }, /expired/],
    [
      'of an issuer that nobody trusts',
      'github',
      { iss: 'https://token.actions.githubusercontent.com' },
      /no Trust document names/,
    ],
    ['of another issuer by its name', 'github', { iss: 'will be another' }, /not signed|no Trust/],
  ]
  test.each(refused)('%s is refused', async (what, kind, claims, words) => {
    const said = what.includes('by its name') ? { ...claims, iss: platforms.gitlab.issuer } : claims
    expect(await refusal(await platforms[kind].token(said))).toMatch(words)
  })

  test('with a signature that is none, another algorithm, or keys of its own is refused', async () => {
    const [head = '', body = '', signature = ''] = (await platforms.github.token()).split('.')
    const as = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url')
    const jwks = await (await fetch(`${platforms.github.issuer}/jwks`)).text()
    const hmac = (header: string) => createHmac('sha256', jwks).update(`${header}.${body}`).digest('base64url')
    const none = as({ alg: 'none', typ: 'JWT' })
    const symmetric = as({ alg: 'HS256', kid: 'key-0', typ: 'JWT' })
    for (const token of [
      `${none}.${body}.`,
      `${none}.${body}.${signature}`,
      `${symmetric}.${body}.${hmac(symmetric)}`,
      `${head}.${body}.`,
      'x',
      '..',
      '',
    ]) {
      expect(await refusal(token)).toMatch(/^invalid_token: /)
    }
  })

  test('cannot say where its keys are', async () => {
    let asked = 0
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const own = createServer((_, response) => {
      asked++
      response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'mine' }] }))
    }).listen(0, '127.0.0.1')
    await once(own, 'listening')
    const url = `http://127.0.0.1:${(own.address() as AddressInfo).port}/jwks`
    try {
      const stranger = await startPlatform('github', audience)
      const claims = { iss: platforms.github.issuer }
      for (const header of [
        { jku: url },
        { x5u: url },
        { jwk: publicKey.export({ format: 'jwk' }) as never },
        { kid: '../../etc/passwd' },
        { kid: 'mine', jku: url },
      ]) {
        expect(await refusal(await stranger.token(claims, header))).toMatch(/^invalid_token: .* is not signed/)
      }
      await stranger.close()
      expect(asked).toBe(0)
    } finally {
      own.close()
    }
  })

  test('uses its token once: only the device that did may do so again', async () => {
    const [device, thief] = await Promise.all([makeDevice(), makeDevice()])
    const once_ = await platforms.github.token()
    expect(await Promise.all([refusal(once_), refusal(once_)])).toEqual(
      expect.arrayContaining(['it was taken', expect.stringMatching(/was used before/)]),
    )
    const bound = await platforms.kubernetes.token({ jti: undefined })
    expect(await exchange(bound, device.thumbprint)).toMatchObject({ token_type: 'DPoP' })
    expect(await exchange(bound, device.thumbprint)).toMatchObject({ token_type: 'DPoP' })
    await expect(exchange(bound, thief.thumbprint)).rejects.toThrow('used before')
    await expect(exchange(bound)).rejects.toThrow('used before')
    // The same with its last, unused bits changed.
    const last = bound.at(-1) === 'A' ? 'B' : 'A'
    expect(await refusal(`${bound.slice(0, -1)}${last}`)).toMatch(/^invalid_token/)
    // One without an end is good for a day, and remembered for no longer.
    const endless = await platforms.github.token({ exp: 1e300 })
    expect([await refusal(endless), await refusal(endless)]).toEqual(['it was taken', expect.stringMatching(/was used before/)])
    // Another gateway on the same store.
    const other = await openParts(server, issuer, 'gateway-2')
    await expect(other.machines.exchange({ token: once_, device: null, delegation: null })).rejects.toThrow('used before')
    await other.close()
  })

  test('keeps its token if what it asked for was refused for something else', async () => {
    const token = await platforms.gitlab.token()
    await expect(exchange(token, null, 'hoop_dg_unknown')).rejects.toThrow('Nobody lets gitlab-deploy act')
    expect(await refusal(token)).toBe('it was taken')
  })

  test('is known by keys that the issuer has changed, which are not asked for again and again', async () => {
    await platforms.google.rotate()
    expect(await refusal(await platforms.google.token())).toMatch(/it was taken|not signed/)
    const before = platforms.google.asked()
    for (let tries = 0; tries < 10; tries++) await refusal(await platforms.google.token({}, { kid: randomUUID() }))
    expect(platforms.google.asked()).toBeLessThanOrEqual(before + 1)
  })

  test('that two documents take is nobody', async () => {
    await apply(trust('gitlab', { name: 'gitlab-too' }))
    expect(await refusal(await platforms.gitlab.token())).toMatch(/Trust\/gitlab and Trust\/gitlab-too/)
    const admin = (await callerOf(parts, issuer, 'admin', ['admins'])).identity
    await parts.documentStore.remove(admin, 'Trust', 'gitlab-too')
  })

  test('is out as soon as its document says something else, or is gone', async () => {
    const { access_token } = await exchange(await platforms.gitlab.token())
    const caller = await verify(access_token)
    const standing = parts.standing.hold(caller)
    await apply(trust('gitlab', { as: '{ kind: service, name: gitlab-deploy, groups: [] }' }))
    await vi.waitFor(() => expect(standing.signal.aborted).toBe(true), { timeout: 30_000 })
    expect(standing.signal.reason).toMatchObject({ code: 'invalid_token', message: expect.stringContaining('was changed') })
    await expect(verify(access_token)).rejects.toThrow('Trust/gitlab, which let this machine in, was changed.')
    const admin = (await callerOf(parts, issuer, 'admin', ['admins'])).identity
    await parts.documentStore.remove(admin, 'Trust', 'gitlab')
    await expect(verify(access_token)).rejects.toThrow('was removed')
    standing.release()
  })
})

describe('a service account', () => {
  const newKey = async (name: string) =>
    await parts.serviceAccounts.createKey((await callerOf(parts, issuer, 'admin', ['admins'])).identity, name)

  test('comes in by its key, of which only a hash is kept', async () => {
    const { key, id } = await newKey('reports')
    expect(key).toMatch(/^hoop_sa_[\w-]{43}$/)
    const answer = await exchange(key)
    expect(answer.identity).toMatchObject({ id: 'hoop#ServiceAccount/reports', kind: 'service', groups: ['reports'] })
    const { rows } = await parts.store.run((db) => db.execute('select row_to_json(k)::text as row from service_account_keys k'))
    expect(JSON.stringify(rows)).not.toContain(key.slice(8))
    const [account] = (await parts.serviceAccounts.list()).filter(({ name }) => name === 'reports')
    expect(account?.keys.find((each) => each.id === id)).toMatchObject({ lastUsedAt: expect.any(String), revokedAt: null })
  })

  test('is out within seconds everywhere when its key is revoked; another key goes on', async () => {
    const [first, second] = [await newKey('reports'), await newKey('reports')]
    const [gone, stays] = [await exchange(first.key), await exchange(second.key)]
    const other = await openParts(server, issuer, 'gateway-2')
    const caller = await other.logins.verifyAccessToken(gone.access_token)
    const standing = other.standing.hold(caller)
    const admin = (await callerOf(parts, issuer, 'admin', ['admins'])).identity
    await parts.serviceAccounts.revokeKey(admin, 'reports', first.id)
    await vi.waitFor(() => expect(standing.signal.aborted).toBe(true), { timeout: 30_000 })
    expect(standing.signal.reason).toMatchObject({ message: 'The login was ended: its key was revoked.' })
    await expect(verify(gone.access_token)).rejects.toThrow('its key was revoked')
    expect(await refusal(first.key)).toMatch(/was revoked/)
    expect((await verify(stays.access_token)).identity.name).toBe('reports')
    await expect(parts.serviceAccounts.revokeKey(admin, 'reports', first.id)).rejects.toMatchObject({ code: 'not_found' })
    await other.close()
  })

  test('that is made anew under an old name has no old keys', async () => {
    await apply('{ kind: ServiceAccount, name: short-lived }')
    const { key } = await newKey('short-lived')
    const admin = (await callerOf(parts, issuer, 'admin', ['admins'])).identity
    await parts.documentStore.remove(admin, 'ServiceAccount', 'short-lived')
    expect(await refusal(key)).toMatch(/was revoked/)
    await apply('{ kind: ServiceAccount, name: short-lived }')
    expect(await refusal(key)).toMatch(/was revoked/)
    await expect(newKey('absent')).rejects.toMatchObject({ code: 'not_found' })
    expect(await refusal('hoop_sa_guess')).toMatch(/not one of this gateway/)
  })

  describe('that must act for a person', () => {
    const delegate = async (person: string, request: { machine?: string; lasts?: string; once?: boolean } = {}) => {
      const { access_token, refresh_token } = await login(parts, issuer, person, ['eng'])
      const caller = await parts.logins.verifyAccessToken(access_token)
      const made = await parts.delegations.create(caller, { machine: 'devin', lasts: '2h', once: false, ...request })
      return { token: made.token, caller, logout: () => parts.logins.logout(refresh_token) }
    }

    test('is nobody without one, and both with one', async () => {
      const { key } = await newKey('devin')
      expect(await refusal(key)).toMatch(/devin acts for a person only/)
      const { token, caller } = await delegate('ada')
      const { identity, login_expires_at } = await exchange(key, null, token)
      expect(identity).toMatchObject({
        id: `hoop#ServiceAccount/devin for ${issuer.url}#ada`,
        kind: 'ai-agent',
        name: 'devin for Ada',
        groups: ['coding-agents'],
        onBehalfOf: { id: `${issuer.url}#ada`, groups: ['eng'] },
      })
      expect(Date.parse(login_expires_at)).toBeLessThanOrEqual(caller.loginExpiresAt.getTime())
      expect((await exchange(key, null, token)).identity).toEqual(identity)
    })

    test('is out when the person is', async () => {
      const { key } = await newKey('devin')
      const { token, logout } = await delegate('bob')
      const { access_token } = await exchange(key, null, token)
      const standing = parts.standing.hold(await verify(access_token))
      await logout()
      await vi.waitFor(() => expect(standing.signal.aborted).toBe(true), { timeout: 30_000 })
      expect(standing.signal.reason).toMatchObject({ code: 'invalid_token' })
      await expect(verify(access_token)).rejects.toThrow('logged out')
      await expect(exchange(key, null, token)).rejects.toThrow('Nobody lets devin act for them by this token')
    })

    test("takes no token that is another machine's, was used, or has ended", async () => {
      const { key } = await newKey('devin')
      const others = await delegate('ada', { machine: 'reports' })
      await expect(exchange(key, null, others.token)).rejects.toThrow('Nobody lets devin act')
      const once_ = await delegate('ada', { once: true })
      await exchange(key, null, once_.token)
      await expect(exchange(key, null, once_.token)).rejects.toThrow('Nobody lets devin act')
      const short = await delegate('ada')
      await parts.store.run((db) => db.execute("update delegations set expires_at = now() - interval '1 second'"))
      await expect(exchange(key, null, short.token)).rejects.toThrow('Nobody lets devin act')
    })

    test('lets nobody else act for the person', async () => {
      const { key } = await newKey('devin')
      const { token } = await delegate('ada')
      const agent = await verify((await exchange(key, null, token)).access_token)
      await expect(parts.delegations.create(agent, { machine: 'devin', lasts: '2h', once: false })).rejects.toMatchObject({
        code: 'no_access',
      })
      await expect(delegate('ada', { machine: 'absent' })).rejects.toMatchObject({ code: 'not_found' })
    })

    test('is admin only where both are', async () => {
      const { key } = await newKey('devin')
      await apply('kind: ServiceAccount\nname: devin\nidentity: ai-agent\ngroups: [admins]\nonBehalfOf: required')
      const { token } = await delegate('ada')
      expect(parts.access.roles((await exchange(key, null, token)).identity)).toEqual([])
    })
  })
})
