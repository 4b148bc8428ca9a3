import * as Args from '@oclif/core/args'
import { HoopCommand } from '../../hoop-command.ts'

export default class AgentsToken extends HoopCommand {
  static override summary = 'Make a token by which one agent may join, within an hour. It is shown once.'
  static override examples = ['<%= config.bin %> agents token gke-europe > token']
  static override args = {
    name: Args.string({ required: true, description: 'of the agent, as connections name it', ignoreStdin: true }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(AgentsToken)
    const device = await this.device(flags)
    const { JoinToken } = await import('@hoop/contracts')
    const made = await device.client.post('/v1/agents/tokens', { name: args.name }, JoinToken)
    if (flags.json) return this.answerJson(made)
    const { localTime } = await import('../../present/time.ts')
    this.answer(made.token)
    this.note(`For one agent ${made.name}, until ${localTime(made.expires_at)}. It is not shown again.`)
  }
}
