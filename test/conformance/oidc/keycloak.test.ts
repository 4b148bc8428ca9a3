import { WhoAmI } from '@hoop/contracts'
import { demoDocuments, demoUsers, samplePasswordVariable, startHoop } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import pg from 'pg'
import { afterAll, beforeEach, expect, test } from 'vitest'
import {
  applyDocuments,
  type GatewayProcess,
  hoop,
  keepUntilEnd,
  requires,
  startConnect,
  startGatewayProcess,
  startSamplePostgres,
  temporaryFolder,
} from '../../support/index.ts'
import { logInAtKeycloak } from './browser.ts'
import { type Keycloak, startKeycloak } from './keycloak.ts'

const keep = keepUntilEnd(afterAll)
let keycloak: Keycloak
let gateway: GatewayProcess
/** Seconds between checks of an account, and what it takes to end what is live after one. */
const [checkEvery, endWithin] = [2, 5]

let starting: Promise<void> | null = null
beforeEach(async (context) => {
  requires(context, 'java', 'mvn')
  starting ??= start()
  await starting
})

async function start(): Promise<void> {
  const port = await freePort()
  const [kc, sample] = await Promise.all([
    keep(startKeycloak({ users: demoUsers, gateway: `http://127.0.0.1:${port}` })),
    keep(startSamplePostgres({ customers: 10 })),
  ])
  keycloak = kc
  const env = {
    [samplePasswordVariable]: sample.password,
    HOOP_LOG: 'info',
    HOOP_OIDC_SCOPES: 'openid profile email',
    HOOP_OIDC_CHECK_EVERY: `${checkEvery}s`,
  }
  gateway = await keep(startGatewayProcess({ provider: keycloak, port, env }))
  await applyDocuments(await logIn('root-admin', '--device'), demoDocuments(sample))
}

/** A home where this user is logged in by the real `hoop login`. */
async function logIn(name: string, way: '--device' | '--browser'): Promise<string> {
  const home = (await keep(temporaryFolder('keycloak-home'))).path
  const program = await startHoop(['login', gateway.url, '--json', '--no-open', way], { home })
  try {
    const url = await program.find('stdout', (line) => {
      const event = JSON.parse(line) as { address?: string; verificationUriComplete?: string }
      return event.address ?? event.verificationUriComplete
    })
    await logInAtKeycloak(url, demoUsers.find((user) => user.name === name)!)
    const run = await program.finish()
    expect(run, `${run.stderr}\n${gateway.logs()}`).toMatchObject({ code: 0 })
  } finally {
    await program.stop()
  }
  return home
}

async function whoAmI(home: string): Promise<WhoAmI> {
  const run = await hoop(['whoami', '--json'], { home })
  expect(run.stderr).toBe('')
  return WhoAmI.parse(JSON.parse(run.stdout))
}

/** A client that is connected, and the words with which its connection ends. */
async function liveClient(home: string): Promise<{ client: pg.Client; ended: Promise<string> }> {
  const connect = await keep(startConnect('sample', { home }))
  const client = new pg.Client({ connectionString: connect.url })
  const ended = new Promise<string>((resolve) => client.on('error', ({ message }) => resolve(message)))
  await client.connect()
  await client.query('select count(*) from customers')
  return { client, ended }
}

test.each(['--device', '--browser'] as const)('a login by %s gives groups, and an account that is checked', async (way) => {
  const me = await whoAmI(await logIn('grace', way))
  expect(me).toMatchObject({
    identity: { kind: 'person', name: 'grace Test', email: 'grace@shop.example', groups: ['dba'], issuer: keycloak.issuer },
    account_checked_at: expect.any(String),
  })
})

test('the account is checked again and again while a client is connected, with tokens that work once', async () => {
  const home = await logIn('otto', '--device')
  await logIn('ada', '--browser')
  const adaHome = await logIn('ada', '--device')
  const { client } = await liveClient(adaHome)
  const first = (await whoAmI(adaHome)).account_checked_at
  let last = first
  for (let checks = 0; checks < 3; checks++) {
    const before = last
    await expect
      .poll(
        async () => {
          last = (await whoAmI(adaHome)).account_checked_at
          return last
        },
        { timeout: 15_000, interval: 300 },
      )
      .not.toBe(before)
  }
  await client.query('select 1')
  await client.end()
  expect((await whoAmI(home)).identity.groups).toEqual(['audit'])
})

async function endsIn(change: () => Promise<void>, user: string, way: '--device' | '--browser', seconds: number, words: string) {
  const home = await logIn(user, way)
  const { ended } = await liveClient(home)
  await change()
  const began = performance.now()
  expect(await ended, gateway.logs()).toContain(words)
  expect(performance.now() - began).toBeLessThan(seconds * 1000)
  expect(await hoop(['whoami'], { home })).toMatchObject({ code: 120 })
}

test('who logs out at the provider is logged out here: back-channel logout', { timeout: 60_000 }, async () => {
  // Of a login with nothing live nobody asks: what ends it is the provider's word.
  const quiet = await logIn('devin', '--browser')
  await keycloak.logOut('devin')
  const whoami = async () => (await hoop(['whoami'], { home: quiet })).stderr
  await expect.poll(whoami, { timeout: endWithin * 1000 }).toContain('the identity provider logged it out')
})

// Keycloak tells of one session only, whichever it comes to first (https://github.com/keycloak/keycloak/issues/22914).
test('who is logged out of several sessions at the provider loses each login here', { timeout: 60_000 }, async () => {
  const words = /the identity provider (logged it out|does not vouch for it any more)/
  const quiet = await logIn('devin', '--browser')
  const { ended } = await liveClient(await logIn('devin', '--browser'))
  await keycloak.logOut('devin')
  const began = performance.now()
  expect(await ended).toMatch(words)
  expect(performance.now() - began).toBeLessThan(endWithin * 1000)
  // On a busy machine the gateway's first question may come before Keycloak is done.
  await expect.poll(async () => (await hoop(['whoami'], { home: quiet })).stderr, { timeout: 20_000 }).toMatch(words)
})

test('a group that is taken at the provider ends the live connection', { timeout: 60_000 }, async () => {
  const take = () => keycloak.removeFromGroup('devin', 'coding-agents')
  // Its last one: Keycloak leaves the claim out then.
  const lastGroup = 'the identity provider does not say any more what a login needs'
  await endsIn(take, 'devin', '--device', checkEvery + endWithin, lastGroup)
})

test('an account that is disabled at the provider ends the live connection', { timeout: 60_000 }, async () => {
  const words = 'the identity provider does not vouch for it any more'
  await endsIn(() => keycloak.disable('ada'), 'ada', '--browser', checkEvery + endWithin, words)
})
