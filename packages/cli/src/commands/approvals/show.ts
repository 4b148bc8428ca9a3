import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class ApprovalsShow extends HoopCommand {
  static override summary = 'Show what is to be decided: who asks for what, through which connection, and why.'
  static override args = {
    id: Args.string({ required: true, description: 'approval, or the beginning of its id', ignoreStdin: true }),
  }

  static override flags = {
    reveal: Flags.boolean({
      env: 'HOOP_REVEAL',
      description: 'the original, unmasked, where the rule lets approvers see it; that you looked is recorded',
    }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ApprovalsShow)
    const device = await this.device(flags)
    const { findInInbox, revealed } = await import('../../services/inbox.ts')
    const found = await findInInbox(device, args.id)
    const item = flags.reveal ? await revealed(device, found) : found
    if (flags.json) return this.answerJson(item)
    const [{ inboxDetails }, { escapeLine }] = await Promise.all([
      import('../../present/inbox.ts'),
      import('../../present/escape.ts'),
    ])
    this.answer(inboxDetails(await this.screen(), item, Date.now()))
    const id = escapeLine(item.id)
    if (item.mine === 'decide') this.note(`\nhoop approvals approve ${id}\nhoop approvals deny ${id} --reason …`)
  }
}
