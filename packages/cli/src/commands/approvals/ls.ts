import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class ApprovalsLs extends HoopCommand {
  static override summary = 'List approvals that concern you: asked by you, or yours to decide.'
  static override flags = {
    state: Flags.string({ env: 'HOOP_STATE', options: ['held', 'all'], default: 'held', description: 'which' }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(ApprovalsLs)
    const device = await this.device(flags)
    const { listApprovals } = await import('../../services/inbox.ts')
    const approvals = await listApprovals(device, flags.state === 'all' ? 'all' : 'held')
    if (flags.json) return this.answerJson(approvals)
    if (approvals.length === 0)
      return this.note(flags.state === 'all' ? 'No approvals concern you.' : 'Nothing is held that concerns you.')
    const { approvalTable } = await import('../../present/approvals.ts')
    this.answer(await approvalTable(await this.screen(), approvals, Date.now()))
  }
}
