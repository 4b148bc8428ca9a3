import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Dirent } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect as connectTo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hoop, keepUntilEnd, requires, type System, startConnect, startSystem, temporaryFolder } from '../support/index.ts'
import { RawCaller } from './security-caller.ts'

const keep = keepUntilEnd(afterAll)
let system: System

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 } }))
})

describe('exec', () => {
  const printed = async (env: Record<string, string>) => {
    const script = 'console.log(JSON.stringify(process.env))'
    const home = await system.home('ada')
    const { stdout, stderr, code } = await hoop(['exec', 'sample', '--', process.execPath, '-e', script], { home, env })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    return { text: stdout, env: JSON.parse(stdout) as Record<string, string> }
  }

  test('hands the command a connection and no token', async () => {
    const { token, refreshToken } = await RawCaller.from(system, 'ada')
    const { text, env } = await printed({ HOOP_TOKEN: token, HOOP_GATEWAY: system.gateway.url })
    expect(text).not.toContain(token)
    expect(text).not.toContain(refreshToken)
    expect(text).not.toContain(system.sample.password)
    expect(env.HOOP_TOKEN).toBeUndefined()
    expect(env.PGREQUIREAUTH).toBe('scram-sha-256')
  })

  test('leaves nothing that would lead the command past the gateway', async (context) => {
    const astray = {
      PGHOSTADDR: '192.0.2.1',
      PGSERVICE: 'production',
      PGHOST: '192.0.2.1',
      PGPORT: '1',
      DATABASE_URL: 'postgres://x',
    }
    const { env } = await printed(astray)
    expect(env).toMatchObject({ PGHOST: '127.0.0.1', PGPORT: expect.not.stringMatching(/^1$/) })
    expect(env.PGHOSTADDR).toBeUndefined()
    expect(env.PGSERVICE).toBeUndefined()
    expect(env.DATABASE_URL).toContain('@127.0.0.1:')
    requires(context, 'psql')
    const run = await hoop(['exec', 'sample', '--', 'psql', '-XAtc', 'select 42'], {
      home: await system.home('ada'),
      env: astray,
    })
    expect(run).toMatchObject({ code: 0, stdout: '42\n' })
  })
})

test('what is kept is for its owner only, and a file that others may read is not believed', async () => {
  const home = await system.home('devin')
  const connect = await startConnect('sample', { home })
  await connect.stop()
  expect((await stat(home)).mode & 0o077).toBe(0)
  for (const name of await readdir(home)) {
    const { mode } = await stat(join(home, name))
    // Locks are empty; caches of the command line's own help are no secret, and nobody else comes this far.
    if (!name.startsWith('lock') && name !== 'cache') expect([name, mode & 0o077]).toEqual([name, 0])
  }
  const file = join(home, 'credentials.json')
  await chmod(file, 0o644)
  const refused = await hoop(['whoami'], { home })
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toContain('can be read by other users')
  await chmod(file, 0o600)
  expect((await hoop(['whoami'], { home })).code).toBe(0)
})

describe('the local port', () => {
  test('is shut to every other user of the machine, whatever the password', async (context) => {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) context.skip('needs root, to be somebody else')
    const connect = await startConnect('sample', { home: await system.home('ada') })
    const script = `
      const socket = require('node:net').connect(${connect.port}, '127.0.0.1')
      const packet = Buffer.alloc(8); packet.writeInt32BE(8, 0); packet.writeInt32BE(80877103, 4)
      socket.on('connect', () => socket.write(packet))
      socket.on('data', () => process.exit(7))
      socket.on('close', () => process.exit(3))
      socket.on('error', () => process.exit(3))`
    // It becomes somebody else once it runs: others may not be able to reach the program itself.
    const answer = async (become: string) => {
      const [code] = await once(spawn(process.execPath, ['-e', become + script], { cwd: '/', stdio: 'ignore' }), 'exit')
      return code as number
    }
    expect(await answer('')).toBe(7)
    expect(await answer('process.setuid(65534)')).toBe(3)
    expect(await connect.program.find('stdout', (line) => (line.includes('"trouble"') ? line : undefined))).toContain(
      'another user',
    )
    await connect.stop()
  })

  test('cannot be taken by another user beside us, and what is kept for it cannot be read', async (context) => {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) context.skip('needs root, to be somebody else')
    const home = await system.home('ada')
    const connect = await startConnect('sample', { home })
    const kept = ['pgpass', 'credentials.json', 'ports.json', 'running'].map((name) => join(home, name))
    const script = `
      process.setgid(65534); process.setgroups([]); process.setuid(65534)
      const { readFileSync, readdirSync } = require('node:fs')
      const got = []
      for (const path of ${JSON.stringify(kept)}) {
        for (const read of [readFileSync, readdirSync]) try { read(path); got.push(path) } catch {}
      }
      const bind = (host) => new Promise((resolve) => {
        const server = require('node:net').createServer().listen({ host, port: ${connect.port}, exclusive: true })
        server.on('listening', () => { got.push(host); server.close(resolve) })
        server.on('error', resolve)
      })
      Promise.all(['127.0.0.1', '::1', '0.0.0.0', '::'].map(bind)).then(() => console.log(JSON.stringify(got)))`
    const other = spawn(process.execPath, ['-e', script], { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = (await once(other.stdout, 'data')) as [Buffer]
    expect(JSON.parse(said.toString())).toEqual([])
    await connect.stop()
  })

  test('that somebody else has taken is said, and no session is opened for it', async () => {
    const home = await system.home('grace')
    const first = await startConnect('sample', { home })
    await first.stop()
    const squatter = createTcpServer().listen(first.port, '127.0.0.1')
    await once(squatter, 'listening')
    const refused = await hoop(['connect', 'sample'], { home })
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain(`port ${first.port} on 127.0.0.1 is taken`)
    squatter.close()
    const sixth = createTcpServer().listen(first.port, '::1')
    if (
      await once(sixth, 'listening').then(
        () => true,
        () => false,
      )
    ) {
      expect((await hoop(['connect', 'sample'], { home })).stderr).toContain(`port ${first.port} on ::1 is taken`)
    }
    sixth.close()
    const { body } = await (await RawCaller.from(system, 'root-admin')).ask('GET', '/v1/sessions?state=open')
    expect(body).toEqual({ sessions: [] })
  })

  test('takes what a hostile program sends for what it is: nothing', async () => {
    const connect = await startConnect('sample', { home: await system.home('ada') })
    const hostile = [
      'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n',
      '\0\0\0\0',
      '\xff\xff\xff\xff\xff\xff\xff\xff',
      '\0\0\0\x08\x04\xd2\x16\x2f'.repeat(3),
    ]
    for (const bytes of hostile) {
      const socket = connectTo(connect.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.resume().write(Buffer.from(bytes, 'latin1'))
      await new Promise((resolve) => socket.once('close', resolve))
    }
    const run = await hoop(['sessions', 'show', connect.session], { home: await system.home('ada') })
    expect(run.stdout).toContain('no operations')
    await connect.stop()
  })
})

describe('a gateway that is not what it says', () => {
  const evil = '\u001b]0;owned\u0007\u001b[31m\u009b2J\u202e\u200b'
  const identity = { id: evil, kind: 'person', name: evil, email: evil, groups: [evil], issuer: evil }
  const session = {
    id: `ses_${evil}`,
    identity,
    connection: evil,
    via: evil,
    reason: evil,
    state: 'closed',
    openedAt: '2026-01-01T00:00:00Z',
    closedAt: '2026-01-01T00:00:00Z',
    words: evil,
    operations: 1,
  }
  const approval = {
    id: `ap_${evil}`,
    state: 'held',
    session: evil,
    operation: evil,
    connection: evil,
    requester: identity,
    reason: evil,
    rule: evil,
    message: evil,
    approvers: [evil],
    text: `delete ${evil}`,
    parameters: [{ type: evil, value: evil }],
    effects: ['write'],
    objects: [{ kind: evil, name: evil, access: evil }],
    heldAt: '2026-01-01T00:00:00Z',
    expiresAt: '2026-01-01T00:00:00Z',
    decidedBy: identity,
    decidedAt: '2026-01-01T00:00:00Z',
    decisionReason: evil,
    mine: 'decide',
  }
  const answers: Record<string, unknown> = {
    '/v1/whoami': { identity, may: ['admin'], login_expires_at: '2026-01-01T00:00:00Z' },
    '/v1/connections': { connections: [{ name: evil, protocol: evil, labels: { [evil]: evil }, databases: [evil] }] },
    '/v1/sessions': { sessions: [session] },
    '/v1/approvals': { approvals: [approval] },
    '/v1/documents/Policy': { yaml: `kind: Policy\nname: ${evil}\n` },
    '/v1/documents': { results: [{ kind: 'Policy', name: evil, change: 'created' }], policyVersion: evil },
  }
  let url: string
  let other: RequestListener | null = null
  const server = createServer((request, response) => {
    if (other !== null) return other(request, response)
    const { pathname } = new URL(request.url ?? '/', 'http://x')
    if (pathname.endsWith('/events')) return void response.end('')
    if (pathname.endsWith('/kill')) return void response.writeHead(204).end()
    const answer = answers[pathname] ?? (pathname.includes('/approv') ? approval : undefined)
    if (answer === undefined) response.statusCode = 500
    response.end(`${JSON.stringify(answer ?? { code: 'internal', message: evil, hint: evil, id: evil })}\n`)
  })
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => void server.close().closeAllConnections())

  const run = async (args: readonly string[], env: Record<string, string> = {}) => {
    const folder = await keep(temporaryFolder('victim'))
    await mkdir(join(folder.path, 'home'), { mode: 0o700 })
    return await hoop(args, {
      home: join(folder.path, 'home'),
      env: { HOOP_GATEWAY: url, HOOP_TOKEN: 'token', ...env },
      limit: 20_000,
    })
  }
  const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202e]/

  test.each([
    'whoami',
    'ls',
    'sessions ls',
    'sessions show ses_',
    'sessions kill ses_',
    'sessions tail ses_',
    'approvals ls',
    'approvals show ap_',
    'approvals approve ap_',
    'approvals watch',
    'connect sample',
    'exec sample -- true',
    'login',
    'whoami --json',
    'sessions ls --json',
    'sessions show ses_ --json',
    'approvals show ap_ --json',
    'get policy x',
    'get policy -o json',
  ])('cannot steer the terminal through: hoop %s', async (line) => {
    other = null
    const { stdout, stderr } = await run(line.split(' '))
    expect(stdout + stderr).not.toBe('')
    expect(stdout).not.toMatch(obeyed)
    expect(stderr).not.toMatch(obeyed)
  })

  test('cannot send the token elsewhere', async () => {
    const seen: (string | undefined)[] = []
    const elsewhere = createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await once(elsewhere, 'listening')
    const target = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/v1/whoami`
    for (const status of [301, 302, 307, 308]) {
      other = (_, response) => void response.writeHead(status, { location: target }).end()
      expect((await run(['whoami'])).code).not.toBe(0)
      expect((await run(['connect', 'sample'])).code).not.toBe(0)
    }
    expect(seen).toEqual([])
    elsewhere.close()
  })

  test('cannot fill the memory', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    let sent = 0
    other = (_, response) => {
      const pour = () => {
        while (!response.destroyed && response.write(chunk)) sent++
      }
      response.on('drain', pour)
      pour()
    }
    const { code, stderr } = await run(['whoami'])
    expect(code).not.toBe(0)
    expect(stderr).toContain('more than')
    expect(sent).toBeLessThan(200)
  })

  test('is not told a token in the clear', async () => {
    const { code, stderr } = await run(['whoami'], { HOOP_GATEWAY: 'http://gateway.example' })
    expect(code).toBe(2)
    expect(stderr).toContain('not encrypted')
  })
})

test('the credentials of a login are in one file and in no argument or other file', async () => {
  const home = await system.home('ada')
  const { token, refreshToken } = await RawCaller.from(system, 'ada')
  for (const { name, parentPath } of await readdir(home, { recursive: true, withFileTypes: true }).then(files)) {
    if (name === 'credentials.json') continue
    const text = await readFile(join(parentPath, name), 'latin1')
    expect(text.includes(token) || text.includes(refreshToken)).toBe(false)
  }
})

function files(entries: readonly Dirent[]): Dirent[] {
  return entries.filter((entry) => entry.isFile())
}
