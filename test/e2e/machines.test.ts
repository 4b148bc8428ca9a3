import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AccessGrant, exitCodes, type ServiceAccountSummary, type SessionSummary } from '@hoop/contracts'
import { demoDocuments, type Run, startHoop } from '@hoop/demo'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { hoop, keepUntilEnd, requires, type System, startSystem, temporaryFolder } from '../support/index.ts'
import { readEvents } from '../support/recorded.ts'
import { startTokenPlatform, type TokenPlatform } from '../support/token-platform.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let platform: TokenPlatform
/** As in a container: there is no folder of one's own, no terminal, no keychain, and nobody has logged in. */
const nowhere = '/dev/null/home'

const documents = (issuer: string) => `
kind: Trust
name: github-deploy
issuer: ${issuer}
platform: github
audience: hoop-test
when: claims.repository_id == '74' && claims.ref == 'refs/heads/main' && claims.event_name != 'pull_request'
as: { kind: service, name: deploy, groups: [engineering] }
---
kind: ServiceAccount
name: reports
groups: [engineering]
---
kind: ServiceAccount
name: coder
identity: ai-agent
groups: [coding-agents]
onBehalfOf: required
---
kind: Access
name: just-in-time
groups: [audit]
connections: { names: [sample] }
request: { approvers: [dba], max: 4h }
`
const job = { sub: 'repo:acme/shop:ref:refs/heads/main', repository_id: '74', ref: 'refs/heads/main', event_name: 'push' }

beforeAll(async () => {
  platform = await keep(startTokenPlatform())
  system = await keep(
    startSystem({ sample: { customers: 10 }, documents: (sample) => `${demoDocuments(sample)}---${documents(platform.issuer)}` }),
  )
})
beforeEach((context) => requires(context, 'psql'))

const select = ['exec', 'sample', '--', 'psql', '-XAtc', 'select count(*) from customers']
function machine(args: readonly string[], env: Record<string, string>): Promise<Run> {
  return hoop(args, {
    home: nowhere,
    env: { HOME: nowhere, HOOP_GATEWAY: system.gateway.url, HOOP_AUDIENCE: 'hoop-test', ...env },
  })
}
async function as(user: string, ...args: string[]): Promise<string> {
  const run = await hoop(args, { home: await system.home(user) })
  expect(run, `${args.join(' ')}\n${run.stderr}`).toMatchObject({ code: 0 })
  return run.stdout.trimEnd()
}
const json = async <T>(user: string, ...args: string[]) => JSON.parse(await as(user, ...args, '--json')) as T
const latest = async () => (await json<SessionSummary[]>('root-admin', 'sessions', 'ls'))[0]!

describe('a job in CI', () => {
  test('comes in by the token of its platform, with nothing kept anywhere', async () => {
    expect(await machine(select, platform.githubJob(job))).toMatchObject({ code: 0, stdout: '10\n' })
    expect((await latest()).identity).toMatchObject({ id: 'hoop#Trust/github-deploy', kind: 'service', name: 'deploy' })
  })

  test('comes in by a token in a file, once', async () => {
    const file = join((await keep(temporaryFolder('machines'))).path, 'token')
    await writeFile(file, platform.token({ ...job, aud: 'hoop-test' }))
    expect(await machine(select, { HOOP_TOKEN_FILE: file })).toMatchObject({ code: 0, stdout: '10\n' })
    const again = await machine(select, { HOOP_TOKEN_FILE: file })
    expect(again).toMatchObject({ code: exitCodes.notLoggedIn, stdout: '' })
    expect(again.stderr).toContain('used before')
  })

  test('of a fork, or for another audience, is told what is wrong', async () => {
    const fork = { ...job, repository_id: '99', event_name: 'pull_request', ref: 'refs/pull/1/merge' }
    const refused = await machine(select, platform.githubJob(fork))
    expect(refused).toMatchObject({ code: exitCodes.notLoggedIn, stdout: '' })
    expect(refused.stderr).toMatch(/no.* Trust document takes: it says .*repository_id 99, .*event_name pull_request/)
    const elsewhere = await machine(select, { ...platform.githubJob(job), HOOP_AUDIENCE: 'https://vault.example.com' })
    expect(elsewhere.stderr).toContain('must be for hoop-test alone')
  })

  test('does not hand its token on to what it runs', async () => {
    const print = ['exec', 'sample', '--', process.execPath, '-p', 'JSON.stringify(Object.keys(process.env))']
    const env = { HOOP_ID_TOKEN: platform.token({ ...job, aud: 'hoop-test' }) }
    const { stdout } = await machine(print, env)
    expect(stdout).toContain('PGPASSWORD')
    expect(stdout).not.toContain('HOOP_ID_TOKEN')
  })
})

test('a key of a service account works until it is revoked, and then what goes on by it ends', async () => {
  const key = await as('root-admin', 'service-accounts', 'key', 'reports')
  expect(key).toMatch(/^hoop_sa_[\w-]{43}$/)
  const env = { HOME: nowhere, HOOP_GATEWAY: system.gateway.url, HOOP_SERVICE_ACCOUNT_KEY: key }
  const args = ['exec', 'sample', '--', 'psql', '-XAt', '-c', "select 'up'", '-c', 'select pg_sleep(60)']
  const program = await startHoop(args, { home: nowhere, env })
  onTestFinished(async () => void (await program.stop()))
  await program.find('stdout', (line) => (line === 'up' ? line : undefined))
  const [account] = (await json<{ accounts: ServiceAccountSummary[] }>('root-admin', 'service-accounts', 'ls')).accounts.filter(
    ({ name }) => name === 'reports',
  )
  const began = performance.now()
  await as('root-admin', 'service-accounts', 'revoke', 'reports', account!.keys[0]!.id)
  const { code, stderr } = await program.finish()
  expect(code).not.toBe(0)
  expect(stderr).toContain('its key was revoked')
  expect(performance.now() - began).toBeLessThan(30_000)
  expect(await machine(select, { HOOP_SERVICE_ACCOUNT_KEY: key })).toMatchObject({ code: exitCodes.notLoggedIn })
})

test('an AI agent acts for a person who lets it, within what both may, and for nobody else', async () => {
  const key = await as('root-admin', 'service-accounts', 'key', 'coder')
  const alone = await machine(select, { HOOP_SERVICE_ACCOUNT_KEY: key })
  expect(alone).toMatchObject({ code: exitCodes.notLoggedIn })
  expect(alone.stderr).toContain('hoop agent-token --for coder')

  const for_ = async (user: string) => ({
    HOOP_SERVICE_ACCOUNT_KEY: key,
    HOOP_ON_BEHALF_OF: await as(user, 'agent-token', '--for', 'coder'),
  })
  expect(await machine(select, await for_('ada'))).toMatchObject({ code: 0, stdout: '10\n' })
  const session = await latest()
  expect(session.identity).toMatchObject({
    kind: 'ai-agent',
    name: expect.stringMatching(/^coder for /),
    onBehalfOf: { name: 'Ada Okafor' },
  })
  expect((await json<SessionSummary[]>('ada', 'sessions', 'ls')).map(({ id }) => id)).toContain(session.id)
  // An auditor may not use the connection, and so nobody may for one.
  expect(await machine(select, await for_('otto'))).toMatchObject({ code: exitCodes.noAccess })
})

test('access for a while is asked for, granted, and ends on time with what goes on', async () => {
  expect(await hoop([...select], { home: await system.home('otto') })).toMatchObject({
    code: exitCodes.noAccess,
    stderr: expect.stringContaining('hoop access request sample'),
  })
  const asked = await json<AccessGrant>('otto', 'access', 'request', 'sample', '--for', '8s', '--reason', 'audit 4711')
  expect(asked).toMatchObject({ state: 'requested', mine: 'requested', approvers: ['dba'] })
  const own = await hoop(['access', 'approve', asked.id], { home: await system.home('otto') })
  expect(own).toMatchObject({ code: exitCodes.noAccess })
  const granted = await json<AccessGrant>('grace', 'access', 'approve', asked.id)
  const endsAt = Date.parse(granted.endsAt!)

  const home = await system.home('otto')
  const args = ['exec', 'sample', '--', 'psql', '-XAt', '-c', "select 'up'", '-c', 'select pg_sleep(60)']
  const program = await startHoop(args, { home })
  onTestFinished(async () => void (await program.stop()))
  await program.find('stdout', (line) => (line === 'up' ? line : undefined))
  const { id } = await latest()
  const { code, stderr } = await program.finish()
  const late = Date.now() - endsAt
  expect(code).not.toBe(0)
  expect(stderr).toContain('The access to sample has ended.')
  expect(late).toBeGreaterThanOrEqual(0)
  expect(late).toBeLessThan(20_000)
  expect(await hoop([...select], { home })).toMatchObject({ code: exitCodes.noAccess })
  const [, opened] = await readEvents(join(system.gateway.records, id))
  expect(opened).toMatchObject({ type: 'session.opened', grants: [asked.id] })
  const [again] = await json<AccessGrant[]>('otto', 'access', 'ls', '--state', 'all')
  expect(again).toMatchObject({ id: asked.id, state: 'ended' } satisfies Partial<AccessGrant>)
})
