import * as Args from '@oclif/core/args'
import { HoopCommand } from '../../hoop-command.ts'

export default class ApprovalsShow extends HoopCommand {
  static override summary = 'Show an approval: who asks for what, through which connection, and why.'
  static override args = {
    id: Args.string({ required: true, description: 'approval, or the beginning of its id', ignoreStdin: true }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ApprovalsShow)
    const device = await this.device(flags)
    const { findApproval } = await import('../../services/inbox.ts')
    const approval = await findApproval(device, args.id)
    if (flags.json) return this.answerJson(approval)
    const [{ approvalDetails }, { escapeLine }] = await Promise.all([
      import('../../present/approvals.ts'),
      import('../../present/escape.ts'),
    ])
    this.answer(approvalDetails(await this.screen(), approval, Date.now()))
    const id = escapeLine(approval.id)
    if (approval.mine === 'decide') this.note(`\nhoop approvals approve ${id}\nhoop approvals deny ${id} --reason …`)
  }
}
