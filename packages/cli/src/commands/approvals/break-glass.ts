import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class BreakGlass extends HoopCommand {
  static override summary = 'Pass a rule for your own held operation, in an emergency.'
  static override description =
    'It needs a Role with may: [break-glass] and a login of the last 15 minutes. It is recorded as such, and everyone concerned is told.'
  static override args = {
    id: Args.string({ required: true, description: 'approval, or the beginning of its id', ignoreStdin: true }),
  }
  static override flags = {
    reason: Flags.string({
      env: 'HOOP_REASON',
      required: true,
      description: 'the emergency; kept on the record, and told to everyone concerned',
    }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(BreakGlass)
    const [{ breakGlass }, { withRecentLogin }] = await Promise.all([
      import('../../services/inbox.ts'),
      import('../../present/recent-login.ts'),
    ])
    const item = await withRecentLogin(
      async () => breakGlass(await this.device(flags), args.id, flags.reason),
      () => this.config.runCommand('login', flags.gateway === undefined ? [] : [flags.gateway]),
    )
    if (flags.json) return this.answerJson(item)
    const { inboxLine } = await import('../../present/inbox.ts')
    this.answer(inboxLine(await this.screen(), item, Date.now()))
  }
}
