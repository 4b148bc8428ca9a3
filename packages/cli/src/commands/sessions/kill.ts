import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class SessionsKill extends HoopCommand {
  static override summary = 'End a session now: your own, or, as an admin, anybody’s.'
  static override examples = ['<%= config.bin %> sessions kill ses_k7m --reason "wrong database"']
  static override args = {
    id: Args.string({ required: true, description: 'session, or the beginning of its id', ignoreStdin: true }),
  }
  static override flags = { reason: Flags.string({ env: 'HOOP_REASON', description: 'why; shown to whoever used it' }) }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(SessionsKill)
    const device = await this.device(flags)
    const { killSession } = await import('../../services/record.ts')
    const { id } = await killSession(device, args.id, flags.reason ?? null)
    if (flags.json) return this.answerJson({ id, change: 'killed' })
    const { escapeLine } = await import('../../present/escape.ts')
    this.answer(`${escapeLine(id)} ended`)
  }
}
