import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class SessionsLs extends HoopCommand {
  static override summary = 'List sessions that you may see, newest first.'
  static override examples = [
    '<%= config.bin %> sessions ls --state open',
    '<%= config.bin %> sessions ls --connection orders-db --json',
  ]
  static override flags = {
    connection: Flags.string({ env: 'HOOP_CONNECTION', description: 'only of this connection' }),
    identity: Flags.string({ env: 'HOOP_IDENTITY', description: 'only of this identity (its id)' }),
    state: Flags.string({ env: 'HOOP_STATE', options: ['open', 'closed'], description: 'only these' }),
    limit: Flags.integer({ env: 'HOOP_LIMIT', min: 1, max: 500, default: 50, description: 'at most so many' }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(SessionsLs)
    const device = await this.device(flags)
    const { listSessions } = await import('../../services/record.ts')
    const sessions = await listSessions(device, {
      connection: flags.connection ?? null,
      identity: flags.identity ?? null,
      state: flags.state === 'open' || flags.state === 'closed' ? flags.state : null,
      limit: flags.limit,
    })
    if (flags.json) return this.answerJson(sessions)
    if (sessions.length === 0) return this.note('No sessions.')
    const { sessionTable } = await import('../../present/sessions.ts')
    this.answer(await sessionTable(await this.screen(), sessions))
  }
}
