import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class Approve extends HoopCommand {
  static override summary = 'Let a held operation go on, or grant access that was asked for.'
  static override examples = ['<%= config.bin %> approvals approve ap_0540']
  static override args = {
    id: Args.string({ required: true, description: 'approval, or the beginning of its id', ignoreStdin: true }),
  }
  static override flags = { reason: Flags.string({ env: 'HOOP_REASON', description: 'why; kept on the record' }) }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Approve)
    const device = await this.device(flags)
    const { decide } = await import('../../services/inbox.ts')
    const item = await decide(device, args.id, 'approve', flags.reason ?? null)
    if (flags.json) return this.answerJson(item)
    const { inboxLine } = await import('../../present/inbox.ts')
    this.answer(inboxLine(await this.screen(), item, Date.now()))
  }
}
