import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../hoop-command.ts'

export default class AgentToken extends HoopCommand {
  static override summary = 'Let an AI agent act for you: make the token that it needs besides its own.'
  static override description =
    'It may then do what both of you may, until the token ends, or your login does. The token is shown once, and is worth nothing without the agent’s own.'
  static override examples = ['<%= config.bin %> agent-token --for devin --lasts 2h']
  static override flags = {
    for: Flags.string({ env: 'HOOP_FOR_AGENT', required: true, helpValue: 'NAME', description: 'what the agent is called here' }),
    lasts: Flags.string({ env: 'HOOP_LASTS', default: '8h', helpValue: 'TIME', description: 'for how long, as in 30m or 2h' }),
    once: Flags.boolean({ env: 'HOOP_ONCE', description: 'good for one login of the agent' }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(AgentToken)
    const device = await this.device(flags)
    const { Delegation } = await import('@hoop/contracts')
    const request = { machine: flags.for, lasts: flags.lasts, once: flags.once }
    const made = await device.client.post('/v1/delegations', request, Delegation)
    if (flags.json) return this.answerJson(made)
    const { localTime } = await import('../present/time.ts')
    this.answer(made.token)
    this.note(
      `For ${made.machine}, as HOOP_ON_BEHALF_OF, until ${localTime(made.expires_at)}. hoop logout ends it, and it is not shown again.`,
    )
  }
}
