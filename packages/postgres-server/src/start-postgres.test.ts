import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdtemp, readdir, readlink, realpath, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { freePort, type PostgresOptions, type PostgresServer, runningPort, startPostgres, stopLeftBehind } from './index.ts'

let folder: string
const running: PostgresServer[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-postgres-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(running.splice(0).map((server) => server.stop()))
  await rm(folder, { recursive: true, force: true })
})

async function start(options: Partial<PostgresOptions> = {}): Promise<PostgresServer> {
  const server = await startPostgres({ dataFolder: join(folder, 'store'), password: 'p@ss word', durable: false, ...options })
  running.push(server)
  return server
}

async function query(url: string, text: string): Promise<unknown> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query({ text, rowMode: 'array' })).rows[0]?.[0]
  } finally {
    await client.end()
  }
}

// A process that ended has no program any more, even before its parent has asked how it ended.
async function alive(pid: number): Promise<boolean> {
  return (await readlink(`/proc/${pid}/exe`).catch(() => null)) !== null
}

test('keeps its data from one start to the next', async () => {
  const first = await start()
  await query(first.url(), 'create table kept as select 7 as n')
  await first.stop()
  await first.stop()
  const second = await start()
  expect(await query(second.url(), 'select n from kept')).toBe(7)
  expect(await query(second.url(), "select setting from pg_settings where name = 'unix_socket_directories'")).toBe('')
})

test('applies settings and writes its log to the log folder', async () => {
  const server = await start({ settings: { log_destination: 'jsonlog', log_statement: 'all', log_filename: 'all.log' } })
  await query(server.url(), "select 'seen in the log'")
  expect(await readdir(server.logFolder)).toContain('all.json')
})

test('refuses a folder that a living process uses', async () => {
  await start()
  await expect(start()).rejects.toThrow(`is in use by process ${process.pid}`)
})

test('says so when the password is not the one of the first start', async () => {
  await (await start()).stop()
  await expect(start({ password: 'another' })).rejects.toThrow('created with another password')
  await start()
})

test('says so when the port is taken, and tells whoever has it no password', async () => {
  const port = await freePort()
  let told = ''
  const taken = createServer((socket) => {
    // AuthenticationCleartextPassword, which any client answers.
    socket.on('error', () => {}).write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]))
    socket.on('data', (bytes: Buffer) => {
      told += bytes.toString('latin1')
    })
  }).listen(port, '127.0.0.1')
  await once(taken, 'listening')
  try {
    await expect(start({ port })).rejects.toThrow(/Address already in use/)
    expect(told).toBe('')
  } finally {
    taken.close()
  }
})

test('knows the port of a server that runs, and not what a killed one left', async () => {
  const store = join(folder, 'store')
  expect(await runningPort(store)).toBeNull()
  const server = await start()
  expect(await runningPort(store)).toBe(server.port)
  process.kill(server.pid, 'SIGKILL')
  await expect.poll(() => alive(server.pid)).toBe(false)
  expect((await readdir(await realpath(join(store, 'cluster')))).includes('postmaster.pid')).toBe(true)
  // A process that is ending has no program any more, and still a folder.
  await expect.poll(() => runningPort(store)).toBeNull()
})

test('shows the log of a server that does not start', async () => {
  await expect(start({ settings: { shared_buffers: 'plenty' } })).rejects.toThrow(/invalid value for parameter "shared_buffers"/)
})

/** Starts a server in a process that is then killed; its id. */
async function leaveBehind(): Promise<number> {
  const index = join(import.meta.dirname, 'index.ts')
  const script = `import { startPostgres } from ${JSON.stringify(index)}
    const server = await startPostgres(${JSON.stringify({ dataFolder: join(folder, 'store'), password: 'p@ss word', durable: false })})
    console.log(server.pid)
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(owner.stdout, 'data')) as [Buffer]
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  return Number(line)
}

test('stops the server that a killed process left behind', async () => {
  const pid = await leaveBehind()
  expect(await alive(pid)).toBe(true)
  const server = await start()
  expect(server.pid).not.toBe(pid)
  expect(await alive(pid)).toBe(false)
})

test('stops it also when no other is to be started', async () => {
  const pid = await leaveBehind()
  await stopLeftBehind(join(folder, 'store'))
  expect(await alive(pid)).toBe(false)
  await stopLeftBehind(join(folder, 'store'))
})

test.runIf(process.getuid?.() === 0)('as root, keeps the cluster outside a closed home', async () => {
  const open = await mkdtemp(join(tmpdir(), 'hoop-other-'))
  // What is not below the temporary folder is treated as a home: it stays closed.
  vi.stubEnv('TMPDIR', open)
  await chmod(folder, 0o700)
  const server = await start()
  const elsewhere = dirname(await readlink(join(folder, 'store', 'cluster')))
  try {
    expect(elsewhere).toMatch(/^\/var\/lib\/hoop\/store-/)
    expect(((await lstat(folder)).mode & 0o777).toString(8)).toBe('700')
    expect(await query(server.url(), 'select 1')).toBe(1)
    await server.stop()
    expect(await realpath((await start()).logFolder)).toBe(join(elsewhere, 'cluster', 'log'))
  } finally {
    await Promise.all(running.splice(0).map((each) => each.stop()))
    await rm(elsewhere, { recursive: true })
    await rm(open, { recursive: true })
  }
})
