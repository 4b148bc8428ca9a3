import { resolve } from 'node:path'
import type { LoginFlow } from '@hoop/contracts'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { TokenSource } from '../credentials/token-source.ts'
import { HoopCommand } from '../hoop-command.ts'
import type { Way } from '../services/provider-login.ts'

export default class Login extends HoopCommand {
  static override summary = 'Log in with the company’s identity provider.'
  static override description =
    'Opens the browser of this machine, or shows a code and an address for any browser; waits until that is done, and keeps the login here.'
  static override args = {
    gateway: Args.string({ description: 'address of the gateway; else that of the last login', ignoreStdin: true }),
  }
  static override flags = {
    browser: Flags.boolean({
      env: 'HOOP_BROWSER',
      description: 'log in in a browser on this machine: the default at a terminal where there is one',
    }),
    device: Flags.boolean({
      env: 'HOOP_DEVICE',
      exclusive: ['browser'],
      description: 'show a code and an address, for any browser',
    }),
    'no-open': Flags.boolean({ env: 'HOOP_NO_OPEN', description: 'do not open the browser' }),
    'admin-token-file': Flags.string({
      env: 'HOOP_ADMIN_TOKEN_FILE',
      helpValue: 'FILE',
      description: 'become the first admin by the one-time token that the gateway left in this file; - is standard input',
    }),
    'token-file': Flags.string({
      env: 'HOOP_TOKEN_FILE',
      helpValue: 'FILE',
      exclusive: ['token-command', 'browser', 'device'],
      description: 'take the identity token from a file, again whenever the login has ended',
    }),
    'token-command': Flags.string({
      env: 'HOOP_TOKEN_COMMAND',
      helpValue: 'COMMAND',
      exclusive: ['browser', 'device'],
      description: 'take the identity token from what a command prints, again whenever the login has ended',
    }),
  }
  static override examples = ['<%= config.bin %> login https://hoop.example.com']

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Login)
    const [{ logIn, logInFrom }, { becomeAdmin, readAdminToken }, presenter, { untilSignal }] = await Promise.all([
      import('../services/login.ts'),
      import('../services/first-admin.ts'),
      import('../present/login.ts'),
      import('../signals.ts'),
    ])
    const adminTokenFile = flags['admin-token-file']
    // Before anybody logs in for nothing.
    const adminToken = adminTokenFile === undefined ? null : await readAdminToken(adminTokenFile)
    const device = await this.device(flags, args.gateway ?? flags.gateway)
    const screen = await this.screen(process.stderr)
    const here = presenter.hasBrowser(process.env)
    const opens = !flags['no-open'] && screen.terminal && !flags.json && here
    const waiting = presenter.waiting(screen)
    try {
      const source = tokenSource(flags) ?? (screen.terminal || flags.browser || flags.device ? null : await machineSource())
      const show = (words: string, event: object, address: string) => {
        if (flags.json) this.answerJsonLine(event)
        else this.note(words)
        if (opens) void presenter.openBrowser(address)
        waiting.start()
      }
      const asked = flags.browser ? 'browser' : flags.device ? 'device' : null
      const suits = opens ? 'browser' : 'device'
      const ways: Record<LoginFlow, Way> = {
        browser: {
          kind: 'browser',
          show: (address) => {
            const words = presenter.addressWords(screen, address, { here: here || asked === 'browser' })
            show(words, presenter.addressEvent(address), address)
          },
        },
        device: {
          kind: 'code',
          show: (code) => show(presenter.codeWords(screen, code), presenter.codeEvent(code), presenter.codeAddress(code)),
        },
      }
      const done = source === null ? await logIn(device, { ways, asked, suits }, untilSignal()) : await logInFrom(device, source)
      const role = adminToken === null ? null : await becomeAdmin(device, adminToken)
      waiting.stop()
      if (flags.json) this.answerJsonLine({ event: 'logged-in', ...done, ...(role !== null && { role }) })
      else this.note(presenter.loggedIn(screen, done, { place: device.store.place, role }))
    } finally {
      waiting.stop()
    }
  }
}

interface SourceFlags {
  readonly 'token-file'?: string | undefined
  readonly 'token-command'?: string | undefined
}

/** In CI and the like, where nobody looks: what the environment or the platform gives. */
async function machineSource(): Promise<TokenSource | null> {
  const { givenSource, platformSource } = await import('../services/machine.ts')
  return givenSource(process.env) ?? platformSource(process.env)
}

/** Null: a person logs in. */
function tokenSource({ 'token-file': file, 'token-command': command }: SourceFlags): TokenSource | null {
  if (file !== undefined) return { file: resolve(file) }
  return command === undefined ? null : { command }
}
