import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class AccessApprove extends HoopCommand {
  static override summary = 'Grant access that somebody asked for.'
  static override examples = ['<%= config.bin %> access approve ac_0540']
  static override args = {
    id: Args.string({ required: true, description: 'request, or the beginning of its id', ignoreStdin: true }),
  }
  static override flags = { reason: Flags.string({ env: 'HOOP_REASON', description: 'why; kept on the record' }) }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(AccessApprove)
    const device = await this.device(flags)
    const { settleGrant } = await import('../../services/access.ts')
    const grant = await settleGrant(device, args.id, 'approve', flags.reason ?? null)
    if (flags.json) return this.answerJson(grant)
    const { grantLine } = await import('../../present/access.ts')
    this.answer(grantLine(await this.screen(), grant, Date.now()))
  }
}
