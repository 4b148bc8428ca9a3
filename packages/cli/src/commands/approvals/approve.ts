import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class Approve extends HoopCommand {
  static override summary = 'Let a held operation go on, or grant access that was asked for.'
  static override description =
    'With --for or --uses it grants all that differ from it in constants only: by the same identity, on the same connection and objects, as long as no rule changes.'
  static override examples = [
    '<%= config.bin %> approvals approve ap_0540',
    '<%= config.bin %> approvals approve ap_0540 --for 30m --uses 300',
  ]
  static override args = {
    id: Args.string({ required: true, description: 'approval, or the beginning of its id', ignoreStdin: true }),
  }
  static override flags = {
    reason: Flags.string({ env: 'HOOP_REASON', description: 'why; kept on the record' }),
    for: Flags.string({
      env: 'HOOP_FOR',
      helpValue: 'TIME',
      description: 'others like it, too, for so long: 30m; 1h with --uses',
    }),
    uses: Flags.integer({ env: 'HOOP_USES', min: 1, description: 'others like it, too, so many in all' }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Approve)
    const [{ decide }, { withRecentLogin }] = await Promise.all([
      import('../../services/inbox.ts'),
      import('../../present/recent-login.ts'),
    ])
    const answer = { reason: flags.reason ?? null, for: flags.for, uses: flags.uses }
    const item = await withRecentLogin(
      async () => decide(await this.device(flags), args.id, 'approve', answer),
      () => this.config.runCommand('login', flags.gateway === undefined ? [] : [flags.gateway]),
    )
    if (flags.json) return this.answerJson(item)
    const { inboxLine } = await import('../../present/inbox.ts')
    this.answer(inboxLine(await this.screen(), item, Date.now()))
  }
}
