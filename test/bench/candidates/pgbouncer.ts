import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort, serverAccount } from '@hoop/postgres-server'
import { type Sample, temporaryFolder } from '../../support/index.ts'
import { type Candidate, plainUrl, type Way } from './candidate.ts'

const run = promisify(execFile)
/** Debian has it where a user's PATH may not lead. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }
const readyLimit = 10_000

/** Whether it is there; as root on Debian it is installed if not. */
export async function hasPgbouncer(): Promise<boolean> {
  if (await answers('pgbouncer', '--version')) return true
  if (process.getuid?.() !== 0 || !(await answers('apt-get', '--version'))) return false
  const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } }
  try {
    await run('apt-get', ['update', '-qq'], options)
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'pgbouncer'], options)
  } catch {
    return false
  }
  return answers('pgbouncer', '--version')
}

function answers(program: string, argument: string): Promise<boolean> {
  return run(program, [argument], { env }).then(
    () => true,
    () => false,
  )
}

/** One that pools sessions, with the caller's password asked for as hoop's local port does. It refuses to run as root. */
export async function startPgbouncer(sample: Sample, way: Way): Promise<Candidate> {
  const folder = await temporaryFolder('pgbouncer')
  const account = serverAccount()
  const port = await freePort()
  const files = {
    users: `"${sample.user}" "${sample.password}"\n`,
    ini: settings(sample, port, join(folder.path, 'users')),
  }
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder.path, name), content, { mode: 0o600 })
    if (account !== undefined) await chown(join(folder.path, name), account.uid, account.gid)
  }
  if (account !== undefined) await chown(folder.path, account.uid, account.gid)
  const child = spawn('pgbouncer', [join(folder.path, 'ini')], { env, ...account, stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-2000)
  })
  const stop = async () => {
    child.kill('SIGQUIT')
    await exited
    await folder.stop()
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
