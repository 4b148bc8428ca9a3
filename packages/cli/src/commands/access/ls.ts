import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class AccessLs extends HoopCommand {
  static override summary = 'List access that was asked for: by you, or yours to decide.'
  static override flags = {
    state: Flags.string({ env: 'HOOP_STATE', options: ['open', 'all'], default: 'open', description: 'which' }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(AccessLs)
    const device = await this.device(flags)
    const { listGrants } = await import('../../services/access.ts')
    const grants = await listGrants(device, flags.state === 'all' ? 'all' : 'open')
    if (flags.json) return this.answerJson(grants)
    if (grants.length === 0) return this.note('No access was asked for that concerns you.')
    const { grantTable } = await import('../../present/access.ts')
    this.answer(await grantTable(await this.screen(), grants, Date.now()))
  }
}
