import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Device } from './device.ts'
import { openDoorway } from './doorway.ts'
import { endpointOf, environmentOf, localPassword } from './endpoints.ts'
import { type Link, type LinkNews, openLink } from './link.ts'
import { keepAuthority } from './local-authority.ts'
import { type Command, runCommand } from './run-command.ts'

/** What PostgreSQL's clients take where no port is given. */
const socketNumber = 5432

export interface ExecOptions {
  readonly name: string
  readonly command: Command
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
      return await runCommand(
        command,
        environmentOf(endpointOf(session.connection, listener, { password: secret, rootCertificate })),
      )
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
