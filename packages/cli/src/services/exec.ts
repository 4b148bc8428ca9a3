import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts'
import { isErrno } from '../state/folder.ts'
import type { Device } from './device.ts'
import { openDoorway } from './doorway.ts'
import { endpointOf, environmentOf, localPassword } from './endpoints.ts'
import { type Link, type LinkNews, openLink } from './link.ts'
import { keepAuthority } from './local-authority.ts'

/** What PostgreSQL's clients take where no port is given. */
const socketNumber = 5432

export interface ExecOptions {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  readonly reason: string | null
  readonly anyUser: boolean
  readonly localTls: boolean
  /** Folder for Unix sockets, in place of a port; null: a port. */
  readonly socketFolder: string | null
  readonly version: string
}
export interface ExecNews extends Omit<LinkNews, 'restored'> {
  restored(): void
  trouble(words: string): void
}

/** Runs a command with a connection wired in; gives its exit code, 128+n if signal n ended it. */
export async function exec(device: Device, options: ExecOptions, news: ExecNews): Promise<number> {
  const { name, command, anyUser, localTls, socketFolder, reason, version } = options
  const { secret, verifier } = await localPassword(device, name, false)
  const link = await openLink(device, {
    via: 'exec',
    reason,
    version,
    localTls,
    targets: [{ connection: name, localSecret: verifier }],
    news,
  })
  const own = socketFolder === null ? null : await ownFolder(socketFolder)
  try {
    const place = own === null ? 0 : { folder: own, port: socketNumber, lock: device.lock }
    const listener = await openDoorway({ place, anyUser, stream: (first) => link.stream(name, first), onTrouble: news.trouble })
    try {
      const session = sessionOf(link, name)
      const rootCertificate = await keepAuthority(device, [session])
      return await run(command, environmentOf(endpointOf(session.connection, listener, { password: secret, rootCertificate })))
    } finally {
      await listener.close()
    }
  } finally {
    await link.close()
    if (own !== null) await rm(own, { recursive: true, force: true })
  }
}

/** Each run has a folder of its own: several may run at once, and none has a number of its own. */
async function ownFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  return await mkdtemp(join(parent, 'exec-'))
}

function sessionOf(link: Link, name: string) {
  const session = link.sessions().get(name)
  if (!session) throw new Error(`no session for ${name}`)
  return session
}

async function run([file, ...args]: ExecOptions['command'], environment: Record<string, string | undefined>): Promise<number> {
  // The command gets the connection, and nothing that opens others.
  const env = { ...process.env, HOOP_TOKEN: undefined, ...environment }
  const child = spawn(file, args, { stdio: 'inherit', env })
  const stopForwarding = forwardSignals(child)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(notRunnable(file, error)))
      child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]))
    })
  } finally {
    stopForwarding()
  }
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
/** A terminal sends these to the command itself; a second copy would mean something else to many programs. */
const sentByTerminal: readonly string[] = ['SIGINT', 'SIGQUIT']

function forwardSignals(child: ChildProcess): () => void {
  const forward = (signal: NodeJS.Signals) => {
    if (process.stdin.isTTY && sentByTerminal.includes(signal)) return
    child.kill(signal)
  }
  const known = forwarded.filter((signal) => process.platform !== 'win32' || signal === 'SIGINT' || signal === 'SIGTERM')
  for (const signal of known) process.on(signal, forward)
  return () => {
    for (const signal of known) process.off(signal, forward)
  }
}

function notRunnable(file: string, error: Error): Error {
  if (!isErrno(error, 'ENOENT', 'EACCES', 'ENOEXEC')) return error
  // A folder on the PATH that may not be entered makes EACCES of a command that is nowhere.
  const nowhere = error.code === 'ENOENT' || (error.code === 'EACCES' && !file.includes('/'))
  const why = nowhere ? 'there is no such command' : error.message
  return new HoopError('invalid_request', `${file} cannot be run: ${why}`, {
    hint: 'is it installed, and on the PATH?',
    cause: error,
  })
}
