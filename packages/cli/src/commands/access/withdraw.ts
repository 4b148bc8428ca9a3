import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class AccessWithdraw extends HoopCommand {
  static override summary =
    'Take back what you asked for, granted or not: sessions by it end. Admins take back what others asked for.'
  static override examples = ['<%= config.bin %> access withdraw ac_0540']
  static override args = {
    id: Args.string({ required: true, description: 'request, or the beginning of its id', ignoreStdin: true }),
  }
  static override flags = { reason: Flags.string({ env: 'HOOP_REASON', description: 'why; kept on the record' }) }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(AccessWithdraw)
    const device = await this.device(flags)
    const { settleGrant } = await import('../../services/access.ts')
    const grant = await settleGrant(device, args.id, 'withdraw', flags.reason ?? null)
    if (flags.json) return this.answerJson(grant)
    const { grantLine } = await import('../../present/access.ts')
    this.answer(grantLine(await this.screen(), grant, Date.now()))
  }
}
