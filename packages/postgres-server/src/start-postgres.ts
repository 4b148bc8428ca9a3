import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, readFile, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { type Account, serverAccount } from './account.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import { createCluster, placeCluster, writePrivate } from './cluster.ts'
import { freePort } from './free-port.ts'
import { claim, portOf, stopServerOf } from './ownership.ts'

export interface PostgresOptions {
  /** Made if absent; belongs to one server at a time. */
  readonly dataFolder: string
  /** Absent or 0: a free one. */
  readonly port?: number
  /** Of the superuser `postgres`; set at the first start, and the same at each later one. */
  readonly password: string
  /** PEM. With it the server accepts TLS, and still plain connections on loopback; `clientCa` signs the certificates of clients. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string }
  /** Lines of pg_hba.conf, before one that lets `postgres` in by its password. Absent: everybody, by password. */
  readonly access?: readonly string[]
  /** Server settings by name; they win over ours. */
  readonly settings?: Readonly<Record<string, string>>
  /** Absent: true. False leaves out fsync: for data that may be lost with the machine's power. */
  readonly durable?: boolean
  /** Of another version of PostgreSQL than that of the npm package. */
  readonly binaries?: Binaries
}

/** A running PostgreSQL on loopback. */
export interface PostgresServer {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly user: 'postgres'
  readonly password: string
  readonly pid: number
  /** The server's own logs, one file a weekday. */
  readonly logFolder: string
  /** A connection string for the superuser; the database is `postgres` unless named. */
  url(database?: string): string
  /** Fast shutdown, then a harder one after a time limit. A second call waits for the first. */
  stop(): Promise<void>
}

const readyLimit = 60_000
const portTries = 5

/**
 * Starts a real PostgreSQL from the npm binaries on a data folder, creating its cluster at first use. A server that a killed process
 * left running on the folder is stopped first. As root it runs as `nobody`; where that account cannot reach the data folder, the
 * cluster lies in /var/lib/hoop and `cluster` in the data folder is a link to it.
 * @throws with the server's last log lines when it does not start, and when another living process uses the folder.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const account = serverAccount()
  const dataFolder = resolve(options.dataFolder)
  const cluster = await placeCluster(dataFolder, account)
  const release = await claim(dataFolder)
  try {
    const binaries = options.binaries ?? (await findBinaries(account))
    await stopServerOf(cluster)
    await createCluster(cluster, {
      initdb: binaries.initdb,
      account,
      password: options.password,
      durable: options.durable !== false,
    })
    if (options.tls !== undefined) {
      await writePrivate(join(cluster, 'server.crt'), options.tls.cert, account)
      await writePrivate(join(cluster, 'server.key'), options.tls.key, account)
      if (options.tls.clientCa !== undefined) await writePrivate(join(cluster, 'root.crt'), options.tls.clientCa, account)
    }
    if (options.access !== undefined) {
      const lines = [...options.access, 'host all postgres 127.0.0.1/32 scram-sha-256', '']
      await writePrivate(join(cluster, 'pg_hba.conf'), lines.join('\n'), account)
    }
    const { child, port, pid } = await launch(binaries.postgres, { options, dataFolder, cluster, account })
    return serverOf(child, { port, pid, password: options.password, logFolder: join(cluster, 'log'), release })
  } catch (error) {
    await release()
    throw error
  }
}

/** Stops the server that a killed process left running on the data folder, if there is one: for who starts none on it again. */
export async function stopLeftBehind(dataFolder: string): Promise<void> {
  const cluster = await realpath(join(resolve(dataFolder), 'cluster')).catch(() => null)
  if (cluster !== null) await stopServerOf(cluster)
}

/** The port of the server that runs on the data folder, whoever started it; null: none does, or it takes no connections yet. */
export async function runningPort(dataFolder: string): Promise<number | null> {
  const cluster = await realpath(join(resolve(dataFolder), 'cluster')).catch(() => null)
  return cluster === null ? null : await portOf(cluster)
}

interface Launch {
  readonly options: PostgresOptions
  readonly dataFolder: string
  readonly cluster: string
  readonly account: Account | undefined
}

async function launch(postgres: string, place: Launch): Promise<{ child: ChildProcess; port: number; pid: number }> {
  const wanted = place.options.port ?? 0
  for (let tries = 1; ; tries++) {
    const port = wanted === 0 ? await freePort() : wanted
    const output = await open(join(place.dataFolder, 'server.log'), 'w', 0o600)
    // A process group of its own: Ctrl-C in the terminal must not stop the database before its owner is done with it.
    const child = spawn(postgres, ['-D', place.cluster, ...flags(settings(place.options, port))], {
      cwd: '/',
      env: {},
      stdio: ['ignore', output.fd, output.fd],
      detached: true,
      ...place.account,
    })
    try {
      await once(child, 'spawn')
      await ready(child, port, place)
      if (child.pid === undefined) throw new Error('it has no process id')
      return { child, port, pid: child.pid }
    } catch (cause) {
      await shutDown(child)
      const words = await lastWords(place)
      if (wanted === 0 && tries < portTries && words.includes('could not bind')) continue
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`PostgreSQL did not start in ${place.dataFolder}: ${reason}${words === '' ? '' : `\n${words}`}`, { cause })
    } finally {
      await output.close()
    }
  }
}

function settings(options: PostgresOptions, port: number): Record<string, string> {
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    // Nothing stays behind outside the cluster, whatever kills the server, and a container's small /dev/shm does not matter.
    dynamic_shared_memory_type: 'mmap',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A week of logs, each day's overwritten a week later.
    logging_collector: 'on',
    log_directory: 'log',
    log_filename: 'postgres-%a.log',
    log_truncate_on_rotation: 'on',
    log_rotation_age: '1d',
    log_rotation_size: '0',
    ...(options.durable === false ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
    ...(options.tls === undefined ? {} : { ssl: 'on' }),
    ...(options.tls?.clientCa === undefined ? {} : { ssl_ca_file: 'root.crt' }),
    ...options.settings,
  }
}

function flags(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** Waits until the server has the port and accepts our password, which nobody else on that port is given. */
async function ready(child: ChildProcess, port: number, { cluster, options: { password } }: Launch): Promise<void> {
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`it ended with ${code ?? signal}`)
  })
  const accepting = async () => {
    const end = Date.now() + readyLimit
    while (Date.now() < end && child.exitCode === null && child.signalCode === null) {
      if ((await portOf(cluster)) === port && (await accepts(port, password))) return
      await delay(20)
    }
    throw new Error(`it was not ready within ${readyLimit / 1000} s`)
  }
  await Promise.race([accepting(), ended])
}

async function accepts(port: number, password: string): Promise<boolean> {
  const options = { host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres', connectionTimeoutMillis: 5000 }
  const client = new pg.Client(options)
  // A server that stops while we ask reports here too, and an event nobody hears would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '28P01') {
      throw new Error('it was created with another password', { cause: error })
    }
    return false
  }
}

/** The log collector writes on for a moment after the server is gone. */
async function lastWords(place: Launch): Promise<string> {
  const end = Date.now() + 1000
  for (;;) {
    const words = await lastLines(place)
    if (/FATAL|PANIC/.test(words) || Date.now() > end) return words
    await delay(20)
  }
}

async function lastLines({ dataFolder, cluster }: Launch): Promise<string> {
  const logs = await readdir(join(cluster, 'log')).catch(() => [])
  const texts = await Promise.all(
    [join(dataFolder, 'server.log'), ...logs.map((name) => join(cluster, 'log', name))].map((file) =>
      readFile(file, 'utf8').catch(() => ''),
    ),
  )
  return texts
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .slice(-10)
    .join('\n')
}

/** Fast shutdown (SIGINT), immediate shutdown (SIGQUIT), and the end (SIGKILL), each after the one before had its time. */
async function shutDown(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const exited = once(child, 'exit')
  for (const [signal, limit] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 5_000],
  ] as const) {
    child.kill(signal)
    const timer = new AbortController()
    const won = await Promise.race([exited.then(() => true), delay(limit, false, { signal: timer.signal }).catch(() => false)])
    timer.abort()
    if (won) return
  }
}

function serverOf(
  child: ChildProcess,
  { release, ...known }: { port: number; pid: number; password: string; logFolder: string; release: () => Promise<void> },
): PostgresServer {
  // The server is no reason for its owner to stay; an owner that ends without stop() takes it along.
  child.unref()
  const atExit = () => child.kill('SIGINT')
  process.once('exit', atExit)
  let stopped: Promise<void> | undefined
  const stop = async () => {
    await shutDown(child)
    process.removeListener('exit', atExit)
    await release()
  }
  return {
    host: '127.0.0.1',
    user: 'postgres',
    ...known,
    url: (database = 'postgres') =>
      `postgres://postgres:${encodeURIComponent(known.password)}@127.0.0.1:${known.port}/${encodeURIComponent(database)}`,
    stop: () => (stopped ??= stop()),
  }
}
