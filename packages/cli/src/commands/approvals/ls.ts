import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class ApprovalsLs extends HoopCommand {
  static override summary = 'List what is held and access that was asked for: by you, or yours to decide.'
  static override flags = {
    state: Flags.string({
      env: 'HOOP_STATE',
      options: ['held', 'all'],
      default: 'held',
      description: 'what waits for somebody, or all',
    }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(ApprovalsLs)
    const device = await this.device(flags)
    const { listInbox } = await import('../../services/inbox.ts')
    const items = await listInbox(device, flags.state === 'all' ? 'all' : 'held')
    if (flags.json) return this.answerJson(items)
    if (items.length === 0)
      return this.note(
        flags.state === 'all'
          ? 'Nothing was ever held or asked for that concerns you.'
          : 'Nothing that concerns you waits for anybody.',
      )
    const { inboxTable } = await import('../../present/inbox.ts')
    this.answer(await inboxTable(await this.screen(), items, Date.now()))
  }
}
