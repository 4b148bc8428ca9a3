import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort, makeReachableFolder, serverAccount } from '@hoop/postgres-server'
import type { Sample } from '../../support/index.ts'
import { environment, isInstalled } from '../programs.ts'
import { type Candidate, plainUrl, type Way } from './candidate.ts'

const run = promisify(execFile)
const readyLimit = 10_000

/** Whether it is there; as root on Debian it is installed if not. */
export async function hasPgbouncer(): Promise<boolean> {
  if (await isInstalled('pgbouncer')) return true
  if (process.getuid?.() !== 0 || !(await isInstalled('apt-get'))) return false
  const options = { env: { ...environment, DEBIAN_FRONTEND: 'noninteractive' } }
  try {
    await run('apt-get', ['update', '-qq'], options)
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'pgbouncer'], options)
  } catch {
    return false
  }
  return isInstalled('pgbouncer')
}

/** One that pools sessions, with the caller's password asked for as hoop's local port does. It refuses to run as root. */
export async function startPgbouncer(sample: Sample, way: Way): Promise<Candidate> {
  const account = serverAccount()
  // As root it runs as `nobody`, who may not reach the folder for temporary files.
  const folder = await mkdtemp(join(account === undefined ? tmpdir() : await makeReachableFolder(), 'pgbouncer-'))
  const port = await freePort()
  const files = {
    users: `"${sample.user}" "${sample.password}"\n`,
    ini: settings(sample, port, join(folder, 'users')),
  }
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content, { mode: 0o600 })
    if (account !== undefined) await chown(join(folder, name), account.uid, account.gid)
  }
  if (account !== undefined) await chown(folder, account.uid, account.gid)
  const child = spawn('pgbouncer', [join(folder, 'ini')], {
    env: environment,
    ...account,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const atExit = () => child.kill('SIGQUIT')
  process.once('exit', atExit)
  const exited = once(child, 'exit')
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-2000)
  })
  const stop = async () => {
    atExit()
    await exited
    process.off('exit', atExit)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await untilAccepted(port, () => child.exitCode === null)
    return {
      name: 'pgbouncer',
      url: plainUrl(sample, await way(port)),
      programs: { pgbouncer: child.pid ?? 0 },
      recorded: null,
      stop,
    }
  } catch (error) {
    await stop()
    throw new Error(`pgbouncer does not start: ${words}`, { cause: error })
  }
}

/** https://www.pgbouncer.org/config.html */
function settings({ host, port, database }: Sample, listen: number, users: string): string {
  return `[databases]
${database} = host=${host} port=${port} dbname=${database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listen}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = session
default_pool_size = 1000
max_client_conn = 2000
server_idle_timeout = 1
server_tls_sslmode = disable
log_connections = 0
log_disconnections = 0
`
}

async function untilAccepted(port: number, running: () => boolean): Promise<void> {
  for (const end = Date.now() + readyLimit; ; await delay(20)) {
    const socket = connect({ port, host: '127.0.0.1' })
    try {
      await once(socket, 'connect')
      return
    } catch (error) {
      if (!running() || Date.now() > end) throw error
    } finally {
      socket.destroy()
    }
  }
}
