import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class AgentsRevoke extends HoopCommand {
  static override summary = 'Revoke the agents of a name, or one of them: for good, with everything that goes through them.'
  static override description = 'Tokens of that name that were not used are taken back, too, unless --id names one agent.'
  static override examples = [
    '<%= config.bin %> agents revoke gke-europe',
    '<%= config.bin %> agents revoke gke-europe --id agt_…',
  ]
  static override args = { name: Args.string({ required: true, description: 'of the agents', ignoreStdin: true }) }
  static override flags = { id: Flags.string({ env: 'HOOP_AGENT_ID', description: 'only this one; hoop agents ls shows them' }) }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(AgentsRevoke)
    const device = await this.device(flags)
    const { RevokeAgentsResponse } = await import('@hoop/contracts')
    const path = `/v1/agents/${encodeURIComponent(args.name)}/revoke`
    const { revoked, tokens } = await device.client.post(path, { id: flags.id ?? null }, RevokeAgentsResponse)
    if (flags.json) return this.answerJson({ revoked, tokens })
    const { escapeLine } = await import('../../present/escape.ts')
    for (const id of revoked) this.answer(`${escapeLine(id)} revoked`)
    if (tokens > 0) this.answer(`${tokens} unused ${tokens === 1 ? 'token' : 'tokens'} taken back`)
  }
}
