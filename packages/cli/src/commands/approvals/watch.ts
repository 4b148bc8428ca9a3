import { HoopCommand } from '../../hoop-command.ts'

export default class ApprovalsWatch extends HoopCommand {
  static override summary = 'Show what is held, and each decision, as it happens.'

  override async run(): Promise<void> {
    const { flags } = await this.parse(ApprovalsWatch)
    const device = await this.device(flags)
    const [{ watchApprovals }, { approvalLine }, { untilSignal }] = await Promise.all([
      import('../../services/inbox.ts'),
      import('../../present/approvals.ts'),
      import('../../signals.ts'),
    ])
    const screen = await this.screen()
    for await (const approval of watchApprovals(device, untilSignal())) {
      if (flags.json) this.answerJsonLine(approval)
      else this.answer(approvalLine(screen, approval, Date.now()))
    }
  }
}
