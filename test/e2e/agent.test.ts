import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { AgentList, exitCodes } from '@hoop/contracts'
import { demoDocuments, startAgent, startHoop } from '@hoop/demo'
import { execa } from 'execa'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  applyDocuments,
  hoop,
  type JoinedAgent,
  joinToken,
  keepUntilEnd,
  requires,
  type Sample,
  type System,
  startConnect,
  startJoinedAgent,
  startSystem,
  temporaryFolder,
} from '../support/index.ts'
import { readEvents } from '../support/recorded.ts'
import { startTokenPlatform } from '../support/token-platform.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let admin: string
let ada: string
let agent: JoinedAgent

/** What docs/agent.md says. The sample's connection again under other names, through agents. */
function throughAgents(sample: Sample): string {
  const [connection = '', access = '', ...others] = demoDocuments(sample).split('\n---\n')
  const again = (name: string, agentName: string, port = sample.port, change = (text: string) => text) =>
    change(
      connection
        .replace('name: sample', `name: ${name}\nagent: ${agentName}`)
        .replace(/^address: .*$/m, `address: ${sample.host}:${port}`),
    )
  const names = ['sample', 'far', 'unlisted', 'nobody-there']
  return [
    connection,
    again('far', 'private'),
    again('unlisted', 'private', 1),
    again('nobody-there', 'absent'),
    access.replace('names: [sample]', `names: [${names.join(', ')}]`),
    ...others,
  ].join('\n---\n')
}

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 50 }, documents: throughAgents }))
  ;[admin, ada] = await Promise.all([system.home('root-admin'), system.home('ada')])
  agent = await keep(start())
})

function start(state?: string): Promise<JoinedAgent> {
  const { host, port } = system.sample
  const again = state === undefined ? {} : { state }
  return startJoinedAgent({ gateway: system.gateway.url, name: 'private', allow: `${host}:${port}`, admin, ...again })
}

async function agents(): Promise<AgentList> {
  const { stdout } = await hoop(['agents', 'ls', '--json'], { home: admin })
  return AgentList.parse(JSON.parse(stdout))
}

async function exec(name: string, statement: string) {
  return await hoop(['exec', name, '--', process.execPath, '-e', asking, statement], { home: ada })
}

/** A client that has nothing but what `hoop exec` gives it, and ends with the error's words. */
const asking = `
const pg = require(${JSON.stringify(createRequire(import.meta.url).resolve('pg'))})
const client = new pg.Client(process.env.DATABASE_URL)
client.connect().then(() => client.query(process.argv[1])).then(() => client.end(), (error) => { console.error(error.message); process.exit(1) })
`

async function client(url: string): Promise<pg.Client> {
  const connected = new pg.Client(url)
  connected.on('error', () => undefined)
  await connected.connect()
  return connected
}

/** Which agent's stream each login was carried by, as the record of the session says. */
async function carriers(session: string): Promise<(string | undefined)[]> {
  const events = await readEvents(`${system.gateway.records}/${session}`)
  return events.flatMap((event) => (event.type === 'stream.login' ? [event.agent?.instance] : []))
}

test('a database behind an agent is used like any other, and the record says which agent carried it', async () => {
  const connect = await startConnect('far', { home: ada })
  try {
    const database = await client(connect.url)
    const { rows } = await database.query('select count(*)::int as n, min(email) as email from customers')
    expect(rows[0].n).toBe(50)
    expect(rows[0].email).toBe('[masked]')
    await expect(database.query('drop table customers')).rejects.toThrow(/migrations/)
    await database.end()
    expect(await carriers(connect.session)).toEqual([agent.id])
  } finally {
    await connect.stop()
  }
})

test('doctor goes through the agent, and ls shows it', async () => {
  const { code, stdout } = await hoop(['doctor', 'far', '--json'], { home: admin })
  expect(code).toBe(exitCodes.ok)
  expect(stdout).toContain('can be reached through the agent private')
  const list = await hoop(['ls', '--json'], { home: ada })
  expect(JSON.parse(list.stdout)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'far', agent: { name: 'private', online: true } }),
      expect.objectContaining({ name: 'nobody-there', agent: { name: 'absent', online: false } }),
    ]),
  )
  expect(await agents()).toMatchObject({
    agents: [{ name: 'private', id: agent.id, state: 'online', version: '0.1.0' }],
    missing: [{ name: 'absent', connections: ['nobody-there'] }],
  })
})

test('Ctrl-C reaches a statement behind an agent', async (context) => {
  requires(context, 'psql')
  const connect = await startConnect('far', { home: ada })
  try {
    const running = execa('psql', [connect.url, '-X', '-c', 'select pg_sleep(60)'], { reject: false })
    const superuser = await client(system.sample.server.url())
    const asleep = async () =>
      (await superuser.query("select from pg_stat_activity where state = 'active' and query like 'select pg_sleep(60)%'"))
        .rowCount ?? 0
    while ((await asleep()) === 0);
    running.kill('SIGINT')
    expect((await running).stderr).toContain('canceling statement')
    expect(await asleep()).toBe(0)
    await superuser.end()
  } finally {
    await connect.stop()
  }
})

test('a result of 30 MB passes through it whole', async () => {
  const connect = await startConnect('far', { home: ada })
  try {
    const database = await client(connect.url)
    const { rows } = await database.query('select repeat(md5(n::text), 320) as value from generate_series(1, 3072) n')
    expect(rows.reduce((sum, { value }) => sum + value.length, 0)).toBe(3072 * 10_240)
    await database.end()
  } finally {
    await connect.stop()
  }
})

describe('what cannot be reached is told in the words of the caller’s protocol', () => {
  test('an address that the agent does not list', async () => {
    const { code, stderr } = await exec('unlisted', 'select 1')
    expect(code).not.toBe(0)
    expect(stderr).toContain('through the agent private: its address is not on the list of what this agent may dial')
    expect(stderr).not.toContain('127.0.0.1')
  })

  test('no agent of the name online, within a few seconds', async () => {
    const began = performance.now()
    const { code, stderr } = await exec('nobody-there', 'select 1')
    expect(code).not.toBe(0)
    expect(stderr).toContain('no agent absent is online')
    expect(performance.now() - began).toBeLessThan(15_000)
  })
})

test('of two agents one is killed under load: its own streams end, new ones use the other at once, and it comes back', async () => {
  const other = await keep(start())
  const connect = await startConnect('far', { home: ada })
  try {
    const clients = await Promise.all(Array.from({ length: 6 }, () => client(connect.url)))
    const carrying = await carriers(connect.session)
    expect(new Set(carrying)).toEqual(new Set([agent.id, other.id]))
    const listed = (await agents()).agents.filter(({ state }) => state === 'online')
    expect(listed.map(({ streams }) => streams)).toEqual([3, 3])
    const results = clients.map((each) =>
      each.query('select pg_sleep(1), 7 as n').then(
        ({ rows }) => rows[0].n,
        (error: Error) => error.message,
      ),
    )
    other.program.kill('SIGKILL')
    await other.program.exited
    const fresh = await client(connect.url)
    expect((await fresh.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    await fresh.end()
    // The same agent with the same key, without a token: what it carried before is over at once.
    const back = await keep(start(other.state))
    expect(back.id).toBe(other.id)
    const outcomes = await Promise.all(results)
    expect(outcomes.filter((outcome) => outcome === 7).length).toBe(3)
    const lost =
      'the connection to the database was closed: the agent private lost its tunnel; another agent private is online, try again'
    for (const outcome of outcomes) if (outcome !== 7) expect(outcome).toBe(lost)
    await Promise.all(clients.map((each) => each.end().catch(() => undefined)))
    await back.stop()
  } finally {
    await connect.stop()
  }
})

test('a token is good once, for its name only', async () => {
  const token = await joinToken(admin, 'twice')
  const [first, second, wrong] = await Promise.all([1, 2, 3].map(() => keep(temporaryFolder('agent'))))
  const options = { gateway: system.gateway.url, name: 'twice', allow: 'db:1', token }
  await expect(startAgent({ ...options, name: 'another', state: wrong!.path })).rejects.toThrow(/is for another name/)
  const joined = await startAgent({ ...options, state: first!.path })
  await joined.stop()
  await expect(startAgent({ ...options, state: second!.path })).rejects.toThrow(/was used before/)
})

test('an agent joins by the identity of its pod, is out without its Trust, and joins again with the next token', async () => {
  const platform = await keep(startTokenPlatform())
  const [state, files] = await Promise.all([keep(temporaryFolder('agent')), keep(temporaryFolder('token'))])
  const pod = { sub: 'system:serviceaccount:hoop:agent', 'kubernetes.io': { serviceaccount: { uid: '4711' } }, aud: 'hoop-test' }
  const file = join(files.path, 'token')
  const trust = `
kind: Trust
name: gke-agents
issuer: ${platform.issuer}
platform: kubernetes
audience: hoop-test
when: claims['kubernetes.io'].serviceaccount.uid == '4711'
as: { kind: agent, name: pod }
`
  await applyDocuments(admin, trust)
  await writeFile(file, platform.token(pod))
  const args = ['agent', '--gateway', system.gateway.url, '--name', 'pod', '--allow', 'db:1', '--state', state.path]
  const program = await startHoop(args, { home: state.path, env: { HOOP_TOKEN_FILE: file } })
  onTestFinished(async () => void (await program.stop()))
  const said = (words: RegExp) => program.find('stderr', (line) => (words.test(line) ? line : undefined))
  await said(/ online online as pod /)
  const began = performance.now()
  expect((await hoop(['delete', 'Trust', 'gke-agents'], { home: admin })).code).toBe(0)
  await said(/ offline Trust\/gke-agents, which let this agent in, was removed/)
  expect(performance.now() - began).toBeLessThan(20_000)
  await applyDocuments(admin, trust.replace("== '4711'", "in ['4711', '4712']"))
  await writeFile(file, platform.token(pod))
  await expect
    .poll(async () => (await agents()).agents.filter(({ name, state }) => name === 'pod' && state === 'online').length, {
      timeout: 20_000,
    })
    .toBe(1)
  // Its key made it the same agent.
  expect((await agents()).agents.filter(({ name }) => name === 'pod').length).toBe(1)
})

test('who is no admin neither makes tokens nor revokes', async () => {
  const made = await hoop(['agents', 'token', 'mine'], { home: ada })
  const revoked = await hoop(['agents', 'revoke', 'private'], { home: ada })
  expect([made.code, revoked.code]).toEqual([exitCodes.noAccess, exitCodes.noAccess])
})

test('two agents do not share a key', async () => {
  const { host, port } = system.sample
  const options = { gateway: system.gateway.url, name: 'private', allow: `${host}:${port}`, state: agent.state }
  await expect(startAgent(options)).rejects.toThrow(/Another agent runs with the state folder/)
})

test('a revoked agent is gone within 5 seconds, with what it carries, and does not come back', async () => {
  const connect = await startConnect('far', { home: ada })
  try {
    const database = await client(connect.url)
    const sleeping = database.query('select pg_sleep(60)').catch((error: Error) => error.message)
    const began = performance.now()
    const { code, stdout } = await hoop(['agents', 'revoke', 'private'], { home: admin })
    expect(code).toBe(0)
    expect(stdout).toContain(`${agent.id} revoked`)
    expect(await sleeping).toContain('the agent private lost its tunnel; no other agent private is online at the moment')
    expect(performance.now() - began).toBeLessThan(20_000)
    const { code: ended, stderr } = await agent.program.finish()
    expect(ended).not.toBe(0)
    expect(stderr).toContain('was revoked')
    await expect(start(agent.state)).rejects.toThrow(/was revoked/)
  } finally {
    await connect.stop()
  }
})
