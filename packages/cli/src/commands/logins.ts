import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../hoop-command.ts'

export default class LoginsCommand extends HoopCommand {
  static override summary = 'List the logins that run: on which device, since when, and when each was last used.'
  static override description =
    'Your own, and those of machines that act for you. The name of a device is what it calls itself. hoop logins end ID ends one, hoop logout --everywhere all of them.'
  static override examples = ['<%= config.bin %> logins', '<%= config.bin %> logins --of ada@example.com']
  static override flags = {
    of: Flags.string({ env: 'HOOP_OF', helpValue: 'WHO', description: 'somebody’s (id or e-mail): for admins and auditors' }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(LoginsCommand)
    const device = await this.device(flags)
    const { listLogins } = await import('../services/logins.ts')
    const logins = await listLogins(device, flags.of ?? null)
    if (flags.json) return this.answerJson({ logins })
    if (logins.length === 0) return this.note('No logins.')
    const { loginTable } = await import('../present/logins.ts')
    this.answer(await loginTable(await this.screen(), logins))
  }
}
