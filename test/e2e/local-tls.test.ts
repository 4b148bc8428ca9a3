import { X509Certificate } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { connect as connectTo } from 'node:net'
import { dirname, join } from 'node:path'
import { freePort } from '@hoop/postgres-server'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withLibpq18 } from '../conformance/clients/libpq.ts'
import {
  type Connect,
  hoop,
  keepUntilEnd,
  requires,
  type System,
  startConnect,
  startSystem,
  temporaryFolder,
} from '../support/index.ts'
import { backendsOf } from './scratch.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let home: string
let plain: Connect
let secured: Connect
let authority: string

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 } }))
  home = await system.home('ada')
  plain = await keep(startConnect('sample', { home }))
  secured = await keep(startConnect('sample', { home, args: ['--local-tls'] }))
  authority = new URL(secured.url).searchParams.get('sslrootcert') ?? ''
})

/** What psql prints, or the last line of its error. */
async function psql(to: Connect, options: string, env: Record<string, string> = {}, script = 'select 42'): Promise<string> {
  const { password, user, database, port } = to
  const where = `host=localhost port=${port} user=${user} dbname=${database} gssencmode=disable ${options}`
  const run = await execa('psql', [where, '-XAtqc', script], {
    reject: false,
    timeout: 50_000,
    env: { PGPASSWORD: password, ...env },
  })
  return run.exitCode === 0 ? run.stdout : (run.stderr.split('\n').findLast((line) => line !== '') ?? '')
}

describe('psql', () => {
  const verified = (): string => `sslmode=verify-full sslrootcert=${authority}`
  test('without --local-tls', async (context) => {
    requires(context, 'psql')
    expect(await psql(plain, 'sslmode=disable')).toBe('42')
    expect(await psql(plain, 'sslmode=prefer')).toBe('42')
    expect(await psql(plain, 'sslmode=require')).toContain('server does not support SSL')
  })
  test('with --local-tls', async (context) => {
    requires(context, 'psql')
    expect(await psql(secured, 'sslmode=disable')).toBe('42')
    expect(await psql(secured, 'sslmode=prefer')).toBe('42')
    expect(await psql(secured, 'sslmode=require channel_binding=require')).toBe('42')
    expect(await psql(secured, verified())).toBe('42')
    expect(await psql(secured, `${verified()} hostaddr=::1`)).toBe('42')
    expect(await psql(secured, verified().replace('verify-full', 'verify-full host=127.0.0.1'))).toBe('42')
    expect(await psql(secured, 'sslmode=verify-full sslrootcert=/etc/ssl/certs/ca-certificates.crt')).toMatch(/certificate/)
    expect(await psql(secured, `${verified()} channel_binding=require`, {}, '\\conninfo')).toContain('protocol: TLSv1.3')
    const run = await execa('psql', [secured.url, '-XAtqc', 'select 42'])
    expect(run.stdout).toBe('42')
  })
  test('with the library of PostgreSQL 18', async (context) => {
    requires(context, 'psql')
    const env = withLibpq18()
    expect(await psql(secured, `${verified()} sslnegotiation=direct channel_binding=require`, env)).toBe('42')
    expect(await psql(plain, 'sslmode=require sslnegotiation=direct', env)).toMatch(/SSL|error/)
    expect(await psql(plain, 'max_protocol_version=3.2', env)).toBe('42')
    expect(await psql(plain, 'min_protocol_version=3.2 max_protocol_version=latest', env)).toBe('42')
    expect(await psql(secured, `${verified()} min_protocol_version=3.2 max_protocol_version=3.2`, env)).toBe('42')
  })
  test('a running statement is cancelled over TLS, with a key of either length', async (context) => {
    requires(context, 'psql')
    for (const [env, options] of [
      [{}, ''],
      [withLibpq18(), 'max_protocol_version=3.2'],
    ] as const) {
      const { password, user, database, port } = secured
      const where = `host=localhost port=${port} user=${user} dbname=${database} ${verified()} ${options}`
      const running = execa('psql', [where, '-Xqc', 'select pg_sleep(40)'], {
        reject: false,
        env: { PGPASSWORD: password, ...env },
      })
      await expect.poll(() => backendsOf(system.sample, 'active')).toHaveLength(1)
      running.kill('SIGINT')
      expect((await running).stderr).toContain('canceling statement')
    }
  })
})

test('an unknown version and an unknown option are answered', async () => {
  const body = Buffer.from('user\0hoop\0_pq_.test_protocol_negotiation\0\0\0')
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + body.length, 0)
  head.writeInt32BE(0x0003_270f, 4)
  const socket = connectTo(plain.port, '127.0.0.1')
  socket.write(Buffer.concat([head, body]))
  const [answer] = await new Promise<[Buffer]>((resolve) => socket.once('data', (chunk: Buffer) => resolve([chunk])))
  socket.destroy()
  expect(answer.toString('latin1', 0, 1)).toBe('v')
  expect(answer.readInt32BE(5)).toBe(196_610)
  expect(answer.readInt32BE(9)).toBe(1)
  expect(answer.toString('latin1', 13)).toContain('_pq_.test_protocol_negotiation\0')
})

test('the authority is this person’s, for localhost only, and its key is nowhere in plain', async () => {
  const certificate = new X509Certificate(await readFile(authority))
  expect(certificate.ca).toBe(true)
  expect(certificate.subject).toBe('CN=hoop on localhost for Ada Okafor')
  expect((await stat(authority)).mode & 0o077).toBe(0)
  // Name constraints, critical; 127.0.0.1/32 and ::1/128 in it.
  const der = certificate.raw.toString('hex')
  expect(der).toContain('0603551d1e0101ff')
  expect(der).toContain(`8209${Buffer.from('localhost').toString('hex')}`)
  expect(der).toContain('87087f000001ffffffff')
  expect(der).toContain(`8720${'00'.repeat(15)}01${'ff'.repeat(16)}`)
  const other = await keep(startConnect('sample', { home: await system.home('devin'), args: ['--local-tls'] }))
  const theirs = new X509Certificate(await readFile(new URL(other.url).searchParams.get('sslrootcert') ?? ''))
  expect(theirs.publicKey.equals(certificate.publicKey)).toBe(false)
})

test('exec sets what libpq reads', async (context) => {
  requires(context, 'psql')
  const run = await hoop(['exec', 'sample', '--local-tls', '--', 'psql', '-XAtqc', '\\conninfo'], { home })
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('TLSv1.3') })
})

describe('a Unix socket', () => {
  test('in place of a port: of this user alone, gone at the end', async (context) => {
    requires(context, 'psql')
    const connect = await startConnect('sample', { home, args: ['--socket'] })
    const path = join(home, 'sockets', `.s.PGSQL.${connect.port}`)
    expect(connect.host).toBe(join(home, 'sockets'))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700)
    const run = await execa('psql', [connect.url, '-XAtqc', 'select 42'], { reject: false })
    expect(run).toMatchObject({ stdout: '42', exitCode: 0 })
    const taken = await hoop(['connect', 'sample', '--socket', '--port', String(connect.port)], { home })
    expect(taken.stderr).toContain('is taken by another program')
    await connect.stop()
    expect(await readdir(dirname(path))).toEqual([])
  })
  test('that a killed process left is replaced; another file is not', async () => {
    const args = ['--socket', '--port', String(await freePort())]
    const killed = await startConnect('sample', { home, args })
    await killed.program.stop('SIGKILL')
    const path = join(home, 'sockets', `.s.PGSQL.${killed.port}`)
    expect((await stat(path)).isSocket()).toBe(true)
    const again = await startConnect('sample', { home, args })
    await again.stop()
    await writeFile(path, 'mine')
    expect((await hoop(['connect', 'sample', ...args], { home })).stderr).toContain('is taken')
    expect(await readFile(path, 'utf8')).toBe('mine')
  })
  test('is not opened in a folder that others may enter', async () => {
    const folder = await keep(temporaryFolder('sockets'))
    const open = join(folder.path, 'open')
    await mkdir(open, { mode: 0o755 })
    const refused = await hoop(['connect', 'sample', '--socket-folder', open], { home })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('not a folder of yours alone') })
  })
  test('for one command', async (context) => {
    requires(context, 'psql')
    const run = await hoop(['exec', 'sample', '--socket', '--', 'psql', '-XAtqc', '\\conninfo'], { home })
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('via socket in') })
    expect((await readdir(join(home, 'sockets'))).filter((name) => name.startsWith('exec-'))).toEqual([])
  })
})
