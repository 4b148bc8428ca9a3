import { Args, Flags } from '@oclif/core'
import { HoopCommand } from '../hoop-command.ts'

export default class Login extends HoopCommand {
  static override summary = 'Log in with the company’s identity provider.'
  static override description =
    'Shows a code and an address, waits until the code was entered there, and keeps the login on this machine.'
  static override args = {
    gateway: Args.string({ description: 'address of the gateway; else that of the last login', ignoreStdin: true }),
  }
  static override flags = {
    'no-open': Flags.boolean({ env: 'HOOP_NO_OPEN', description: 'do not open the browser' }),
  }
  static override examples = ['<%= config.bin %> login https://hoop.example.com']

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Login)
    const [{ logIn }, presenter, { untilSignal }] = await Promise.all([
      import('../services/login.ts'),
      import('../present/login.ts'),
      import('../signals.ts'),
    ])
    const device = await this.device(flags, args.gateway ?? flags.gateway)
    const screen = await this.screen(process.stderr)
    const browser = !flags['no-open'] && screen.terminal && !flags.json
    const waiting = presenter.waiting(screen)
    try {
      const done = await logIn(
        device,
        (code) => {
          if (flags.json) this.answerJsonLine(presenter.codeEvent(code))
          else this.note(presenter.codeWords(screen, code))
          if (browser) void presenter.openBrowser(code)
          waiting.start()
        },
        untilSignal(),
      )
      waiting.stop()
      if (flags.json) this.answerJsonLine({ event: 'logged-in', ...done })
      else this.note(presenter.loggedIn(screen, done, device.store.place))
    } finally {
      waiting.stop()
    }
  }
}
