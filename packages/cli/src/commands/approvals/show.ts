import * as Args from '@oclif/core/args'
import { HoopCommand } from '../../hoop-command.ts'

export default class ApprovalsShow extends HoopCommand {
  static override summary = 'Show what is to be decided: who asks for what, through which connection, and why.'
  static override args = {
    id: Args.string({ required: true, description: 'approval, or the beginning of its id', ignoreStdin: true }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ApprovalsShow)
    const device = await this.device(flags)
    const { findInInbox } = await import('../../services/inbox.ts')
    const item = await findInInbox(device, args.id)
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
