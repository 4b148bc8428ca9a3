import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class Revoke extends HoopCommand {
  static override summary = 'End what is left of an approval: a ticket that is not used yet, or a batch.'
  static override description = 'What has run has run. Whoever asked, whoever could have decided it, and admins may.'
  static override args = {
    id: Args.string({ required: true, description: 'approval, or the beginning of its id', ignoreStdin: true }),
  }
  static override flags = { reason: Flags.string({ env: 'HOOP_REASON', required: true, description: 'why; kept on the record' }) }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Revoke)
    const [{ revoke }, { withRecentLogin }] = await Promise.all([
      import('../../services/inbox.ts'),
      import('../../present/recent-login.ts'),
    ])
    const item = await withRecentLogin(
      async () => revoke(await this.device(flags), args.id, flags.reason),
      () => this.config.runCommand('login', flags.gateway === undefined ? [] : [flags.gateway]),
    )
    if (flags.json) return this.answerJson(item)
    const { inboxLine } = await import('../../present/inbox.ts')
    this.answer(inboxLine(await this.screen(), item, Date.now()))
  }
}
