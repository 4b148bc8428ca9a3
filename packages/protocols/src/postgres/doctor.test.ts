import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { type DoctorFinding, HoopError } from '@hoop/contracts'
import { type PostgresServer, startPostgres } from '@hoop/postgres-server'
import { startTestPostgres } from '@hoop/postgres-server/testing'
import * as x509 from '@peculiar/x509'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BackendHost, PostgresUpstream } from '../protocol.ts'
import { examine } from './doctor.ts'

const day = 24 * 60 * 60 * 1000
let folder: string
let server: PostgresServer
let certificate: { cert: string; key: string }
let expired: { cert: string; key: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-doctor-'))
  ;[certificate, expired] = await Promise.all([selfSigned(90 * day), selfSigned(-day)])
  server = await startTestPostgres({ dataFolder: folder, password: 'postgres', tls: certificate, durable: false })
  await run(
    'postgres',
    `create role plain login password 'p';
     create role middle; grant pg_execute_server_program to middle;
     create role "Bad ""App" login createrole bypassrls replication createdb password 'p';
     grant middle, pg_read_all_data, pg_monitor to "Bad ""App";
     alter role "Bad ""App" set search_path = 'odd', 'public';
     create role root login superuser password 'p';
     set password_encryption = md5;
     create role old login password 'p';`,
  )
  await run('postgres', 'create database shop owner "Bad ""App"')
  await run('postgres', 'create database clean')
  await run(
    'shop',
    `create schema odd authorization "Bad ""App"; grant create on schema public to public;
     create table public.secrets (id int, email text); alter table public.secrets enable row level security, owner to "Bad ""App";
     create function public.as_root(int, text) returns int language sql security definer as 'select 1';
     create function public.noted() returns event_trigger language plpgsql as 'begin end';
     create extension dblink; create extension postgres_fdw; create extension file_fdw; create server elsewhere foreign data wrapper postgres_fdw;
     create foreign table public.far (id int) server elsewhere; grant select on public.far to "Bad ""App";
     create event trigger noted on ddl_command_end execute function public.noted();`,
  )
})
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function run(database: string, statements: string): Promise<void> {
  const client = new pg.Client(server.url(database))
  await client.connect()
  try {
    await client.query(statements)
  } finally {
    await client.end()
  }
}

async function selfSigned(left: number): Promise<{ cert: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=doctor',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 10 * day),
    notAfter: new Date(Date.now() + left),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'db.test' }])],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { cert: made.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
}

function dial({ host, port }: BackendHost): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.once('connect', () => resolve(socket))
    socket.once('error', (cause) => reject(new HoopError('connection_unavailable', 'It cannot be reached.', { cause })))
  })
}

interface Target {
  user?: string
  password?: string
  databases?: string[]
  tls?: Partial<NonNullable<BackendHost['tls']>> | null
  ports?: number[]
}

function upstream({
  user = 'plain',
  password = 'p',
  databases = ['clean'],
  tls = {},
  ports = [server.port],
}: Target): PostgresUpstream {
  const secured = tls === null ? null : { serverName: 'db.test', ca: certificate.cert, negotiation: 'postgres' as const, ...tls }
  return {
    hosts: ports.map((port) => ({ host: '127.0.0.1', port, tls: secured })),
    loadBalance: 'disable',
    targetSessionAttrs: 'any',
    connectTimeout: 10_000,
    user,
    password,
    certificate: null,
    databases,
  }
}

async function look(target: Target) {
  const findings: DoctorFinding[] = []
  const report = (found: DoctorFinding): void => void findings.push(found)
  const result = await examine({ upstream: upstream(target), dial, signal: AbortSignal.timeout(30_000), report })
  const of = (check: string) => findings.filter((found) => found.check === check)
  const statuses = Object.fromEntries(findings.map(({ check, status }) => [check, status]))
  return { ...result, findings, of, statuses }
}

test('a plain role in a clean database is well', async () => {
  const { statuses, available, columns, of } = await look({})
  expect(available).toBe(true)
  expect(columns.get('clean')).toEqual([])
  expect(statuses).toEqual({
    'tls.verified': 'ok',
    'tls.expiry': 'ok',
    'tls.version': 'ok',
    'login.method': 'ok',
    'login.works': 'ok',
    'login.round-trip': 'ok',
    'login.clock': 'ok',
    'login.version': 'ok',
    'login.connections': 'ok',
    'login.writable': 'ok',
    'role.superuser': 'ok',
    'role.membership': 'ok',
    'role.timeouts': 'warning',
    'role.server-log': 'ok',
    'role.owner': 'ok',
    'role.create': 'ok',
    'role.extensions': 'ok',
    'role.security-definer': 'ok',
    'databases.catalogue': 'ok',
  })
  expect(of('tls.verified')[0]?.details).toContain('names DNS:db.test')
  expect(of('role.timeouts')[0]?.statements).toContain("ALTER ROLE plain SET statement_timeout = '5min';")
})

test('a role that is bad on purpose: each right is found, and the statements that take it away are what the server takes', async () => {
  const { of, columns, findings } = await look({ user: 'Bad "App', databases: ['shop'] })
  const statements = (check: string) => of(check).flatMap((found) => found.statements)
  const bad = '"Bad ""App"'
  expect(statements('role.create-role')).toEqual([`ALTER ROLE ${bad} NOCREATEROLE;`])
  expect(statements('role.create-database')).toEqual([`ALTER ROLE ${bad} NOCREATEDB;`])
  expect(statements('role.bypass-row-security')).toEqual([`ALTER ROLE ${bad} NOBYPASSRLS;`])
  expect(statements('role.replication')).toEqual([`ALTER ROLE ${bad} NOREPLICATION;`])
  expect(statements('role.membership').toSorted()).toEqual(
    [
      'REVOKE pg_execute_server_program FROM middle;',
      `REVOKE pg_monitor FROM ${bad};`,
      `REVOKE pg_read_all_data FROM ${bad};`,
    ].toSorted(),
  )
  expect(of('role.membership').find(({ status }) => status === 'problem')?.details).toEqual([
    'role Bad "App is a member of pg_execute_server_program, through middle',
  ])
  expect(statements('role.settings')).toEqual([`ALTER ROLE ${bad} RESET search_path;`])
  expect(of('role.owner')[0]).toMatchObject({ status: 'warning', details: ['schema odd', 'public.secrets'] })
  expect(statements('role.row-security')).toEqual(['ALTER TABLE public.secrets FORCE ROW LEVEL SECURITY;'])
  expect(statements('role.create')).toEqual(['REVOKE CREATE ON SCHEMA public FROM PUBLIC;'])
  expect(statements('role.security-definer')).toEqual(['REVOKE EXECUTE ON ROUTINE public.as_root(integer,text) FROM PUBLIC;'])
  // Nobody but a superuser may use the wrappers; the server of one serves a table.
  expect(statements('role.extensions')).toEqual(['DROP EXTENSION dblink;'])
  expect(of('role.foreign-servers')).toMatchObject([
    { status: 'warning', details: ['server elsewhere (postgres_fdw): no usage, 1 foreign table'] },
  ])
  expect(of('role.event-triggers')[0]?.details).toEqual(['noted on ddl_command_end'])
  expect(columns.get('shop')).toContainEqual({ schema: 'public', table: 'secrets', column: 'email' })
  const all = findings.flatMap((found) => found.statements)
  await run('shop', `begin; ${all.join('\n')} rollback`)
})

test('a superuser is a problem, and nothing else is said about its rights', async () => {
  const { of, statuses } = await look({ user: 'root' })
  expect(of('role.superuser')).toMatchObject([{ status: 'problem', statements: ['ALTER ROLE root NOSUPERUSER;'] }])
  expect(statuses['role.owner']).toBe('not-checked')
  expect(statuses['role.membership']).toBe('ok')
})

test('nothing is changed, and nothing stays open', async () => {
  await look({ user: 'Bad "App', databases: ['shop', 'clean'] })
  const client = new pg.Client(server.url())
  await client.connect()
  const open = async () => (await client.query("select from pg_stat_activity where application_name = 'hoop doctor'")).rowCount
  await expect.poll(open).toBe(0)
  await client.end()
})

describe('logins', () => {
  test('a wrong password: the rest says why it was not checked', async () => {
    const { statuses, available, of } = await look({ password: 'wrong' })
    expect(available).toBe(false)
    expect(statuses).toMatchObject({
      'tls.verified': 'ok',
      'login.method': 'ok',
      'login.works': 'problem',
      'role.superuser': 'not-checked',
    })
    expect(of('login.works')[0]?.words).not.toContain('plain')
  })

  test('one database of two is not there: the other is looked at all the same', async () => {
    const { of, available } = await look({ databases: ['clean', 'absent', 'shop'] })
    expect(available).toBe(true)
    expect(of('databases.login')).toMatchObject([{ status: 'problem', database: 'absent' }])
    expect(of('databases.catalogue').map(({ database }) => database)).toEqual(['clean', 'shop'])
  })

  test('by MD5, in the clear, and by nothing at all', async () => {
    await setHba(
      'host all old all md5',
      'host all root all password',
      'host all plain all trust',
      'host all all all scram-sha-256',
    )
    try {
      expect((await look({ user: 'old' })).statuses['login.method']).toBe('warning')
      expect((await look({ user: 'root' })).statuses['login.method']).toBe('warning')
      expect((await look({ user: 'root', tls: null })).statuses['login.method']).toBe('problem')
      expect((await look({ user: 'plain' })).of('login.method')[0]?.words).toMatch(/no password/)
    } finally {
      await setHba('host all all all scram-sha-256')
    }
  })

  async function setHba(...lines: string[]): Promise<void> {
    const client = new pg.Client(server.url())
    await client.connect()
    const { rows } = await client.query<{ hba_file: string }>('show hba_file')
    const superuser = 'host all postgres all scram-sha-256'
    const values = [superuser, ...lines].map((line) => `(${client.escapeLiteral(line)})`).join(', ')
    await client.query(`copy (values ${values}) to ${client.escapeLiteral(rows[0]!.hba_file)}`)
    await reload(client)
    await client.end()
  }
})

/** Until the postmaster has read its files again: a new connection is by the new ones then. */
async function reload(client: pg.Client): Promise<void> {
  const loaded = async () => (await client.query<{ at: string }>('select pg_conf_load_time()::text as at')).rows[0]?.at
  const before = await loaded()
  await client.query('select pg_reload_conf()')
  await expect.poll(loaded).not.toBe(before)
}

describe('transport', () => {
  test('a dead host beside one that serves', async () => {
    const { findings, available } = await look({ ports: [1, server.port] })
    expect(available).toBe(true)
    expect(findings.filter(({ check }) => check === 'tls.verified').map(({ status }) => status)).toEqual(['not-checked', 'ok'])
    expect(findings[0]?.words).toMatch(/^Host 1 of 2: /)
  })

  test.each([
    ['an authority that is not trusted', { ca: null }, /signed by itself/],
    ['another name', { serverName: 'other.test' }, /names another server/],
  ])('%s', async (_, tls, words) => {
    const { of, statuses, available } = await look({ tls })
    expect(of('tls.verified')).toMatchObject([{ status: 'problem', words: expect.stringMatching(words) }])
    expect({ available, method: statuses['login.method'] }).toEqual({ available: false, method: undefined })
  })

  test('a certificate that has expired, and then no TLS at all', async () => {
    const other = await mkdtemp(join(tmpdir(), 'hoop-doctor-'))
    const options = { dataFolder: other, password: 'postgres', durable: false }
    const target = { user: 'postgres', password: 'postgres', databases: ['postgres'] }
    try {
      const old = await startPostgres({ ...options, tls: expired })
      const late = await look({ ...target, ports: [old.port], tls: { ca: expired.cert } }).finally(() => old.stop())
      expect(late.of('tls.verified')).toMatchObject([{ status: 'problem', words: expect.stringContaining('has expired') }])
      const plain = await startPostgres(options)
      const none = await look({ ...target, ports: [plain.port] }).finally(() => plain.stop())
      expect(none.of('tls.verified')).toMatchObject([{ status: 'problem', words: expect.stringContaining('offers no TLS') }])
      expect(none.statuses['login.works']).toBe('problem')
    } finally {
      await rm(other, { recursive: true, force: true })
    }
  })
})
