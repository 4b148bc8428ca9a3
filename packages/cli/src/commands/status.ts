import { HoopCommand } from '../hoop-command.ts'

export default class StatusCommand extends HoopCommand {
  static override summary = 'Show the gateway, your login and what is connected; say what is wrong and what to do.'
  static override description =
    `Looks whether the gateway answers, which version it is and how far its clock is from this machine's; who is logged in, until when and where that is kept; which
connects run on this machine, with their ports and the health of their tunnels; and what you have asked for that waits for an approver.

Exit codes: 0 all is well, 120 not logged in, 126 the gateway cannot be reached.`
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --json']

  override async run(): Promise<void> {
    const { flags } = await this.parse(StatusCommand)
    const { lookAround, exitOf } = await import('../services/status.ts')
    const status = await lookAround(this.surroundings, () => this.device(flags), flags.gateway ?? null, this.config.version)
    if (flags.json) this.answerJson(status)
    else {
      const { statusWords } = await import('../present/status.ts')
      this.answer(statusWords(await this.screen(), status, Date.now()))
    }
    this.exit(exitOf(status))
  }
}
