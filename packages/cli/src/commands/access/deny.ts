import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class AccessDeny extends HoopCommand {
  static override summary = 'Refuse access that somebody asked for; it needs a reason.'
  static override examples = ['<%= config.bin %> access deny ac_0540 --reason "ask again on Monday"']
  static override args = {
    id: Args.string({ required: true, description: 'request, or the beginning of its id', ignoreStdin: true }),
  }
  static override flags = {
    reason: Flags.string({ env: 'HOOP_REASON', required: true, description: 'why; shown to whoever asked' }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(AccessDeny)
    const device = await this.device(flags)
    const { settleGrant } = await import('../../services/access.ts')
    const grant = await settleGrant(device, args.id, 'deny', flags.reason ?? null)
    if (flags.json) return this.answerJson(grant)
    const { grantLine } = await import('../../present/access.ts')
    this.answer(grantLine(await this.screen(), grant, Date.now()))
  }
}
