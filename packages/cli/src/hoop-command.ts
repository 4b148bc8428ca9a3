import { resolve } from 'node:path'
import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import { escapedJson } from './present/escape.ts'
import type { Screen } from './present/screen.ts'
import type { Device } from './services/device.ts'
import { namesProxy, readSurroundings, type Surroundings } from './surroundings.ts'

const group = 'GLOBAL'

/** Flags of every command; each has an environment twin. */
const globalFlags = {
  gateway: Flags.string({
    env: 'HOOP_GATEWAY',
    helpGroup: group,
    helpValue: 'URL',
    description: 'the gateway; else that of the last login',
  }),
  json: Flags.boolean({ env: 'HOOP_JSON', helpGroup: group, description: 'print JSON, for programs' }),
  'ca-file': Flags.string({
    env: 'HOOP_CA_FILE',
    helpGroup: group,
    helpValue: 'FILE',
    description: 'certificates to trust besides the known ones (PEM)',
  }),
}

/** How commands that open something for local programs open it. */
export const localFlags = {
  'local-tls': Flags.boolean({
    env: 'HOOP_LOCAL_TLS',
    exclusive: ['socket', 'socket-folder'],
    description: 'TLS at the local port, with a certificate for localhost',
  }),
  socket: Flags.boolean({
    env: 'HOOP_SOCKET',
    exclusive: ['any-user'],
    description: 'a Unix socket, for programs of this user only, in place of a port',
  }),
  'socket-folder': Flags.string({
    env: 'HOOP_SOCKET_FOLDER',
    helpValue: 'DIR',
    exclusive: ['any-user'],
    description: 'folder of the Unix socket; else one in ~/.hoop',
  }),
}
interface LocalFlags {
  readonly socket: boolean
  readonly 'socket-folder'?: string | undefined
}

interface GlobalFlags {
  readonly gateway?: string | undefined
  readonly 'ca-file'?: string | undefined
}

/** What commands share: global flags, where output goes. A command parses, calls a service, and prints what a presenter gives. */
export abstract class HoopCommand extends Command {
  static override baseFlags = globalFlags

  protected readonly surroundings: Surroundings = readSurroundings(process.env)

  /** The user on this machine at the gateway of the flags. */
  protected async device(flags: GlobalFlags, gateway = flags.gateway): Promise<Device> {
    const address = gateway ?? (await this.knownGateway())
    await this.trust(flags)
    const { openDevice } = await import('./services/device.ts')
    return openDevice(this.surroundings, address)
  }

  /** That of the last login. Asked before anything else is loaded: who is not logged in is told so at once. */
  private async knownGateway(): Promise<string> {
    const { currentGateway } = await import('./state/config.ts')
    const known = await currentGateway(this.surroundings.home)
    if (known !== null) return known
    const { HoopError } = await import('@hoop/contracts/errors')
    throw new HoopError('invalid_token', 'not logged in: no gateway is known', { hint: 'hoop login https://your-gateway' })
  }

  /** Takes the ways and the certificates that this network needs. */
  protected async trust(flags: GlobalFlags): Promise<void> {
    const { proxies } = this.surroundings
    if (namesProxy(proxies)) {
      const { useProxies } = await import('./gateway/proxies.ts')
      useProxies(proxies)
    }
    if (flags['ca-file'] === undefined) return
    const { trustCertificates } = await import('./gateway/certificates.ts')
    trustCertificates(flags['ca-file'])
  }

  /** Null: a port is opened. */
  protected async socketFolder(flags: LocalFlags): Promise<string | null> {
    const given = flags['socket-folder']
    if (given !== undefined) return resolve(given)
    if (!flags.socket) return null
    const { statePaths } = await import('./state/folder.ts')
    return statePaths(this.surroundings.home).sockets
  }

  protected async screen(stream: NodeJS.WriteStream = process.stdout): Promise<Screen> {
    const { screenOf } = await import('./present/screen.ts')
    return screenOf(stream)
  }

  /** The answer. */
  protected answer(text: string): void {
    if (text !== '') process.stdout.write(`${text}\n`)
  }
  /** The answer as one JSON value; indented for a person's terminal. */
  protected answerJson(value: unknown): void {
    this.answer(escapedJson(value, process.stdout.isTTY ? 2 : 0))
  }
  /** One JSON value a line, of answers that go on. */
  protected answerJsonLine(value: unknown): void {
    this.answer(escapedJson(value))
  }
  /** Progress and hints. */
  protected note(text: string): void {
    process.stderr.write(`${text}\n`)
  }

  /** Errors are told in one place, main.ts. */
  protected override async catch(error: Error): Promise<never> {
    throw error
  }
}
