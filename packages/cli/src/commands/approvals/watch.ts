import { HoopCommand } from '../../hoop-command.ts'

export default class ApprovalsWatch extends HoopCommand {
  static override summary = 'Show what is held or asked for, and each decision, as it happens.'

  override async run(): Promise<void> {
    const { flags } = await this.parse(ApprovalsWatch)
    const device = await this.device(flags)
    const [{ watchInbox }, { inboxLine }, { untilSignal }] = await Promise.all([
      import('../../services/inbox.ts'),
      import('../../present/inbox.ts'),
      import('../../signals.ts'),
    ])
    const screen = await this.screen()
    for await (const item of watchInbox(device, untilSignal())) {
      if (flags.json) this.answerJsonLine(item)
      else this.answer(inboxLine(screen, item, Date.now()))
    }
  }
}
