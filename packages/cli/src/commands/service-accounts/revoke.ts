import * as Args from '@oclif/core/args'
import { HoopCommand } from '../../hoop-command.ts'

export default class ServiceAccountsRevoke extends HoopCommand {
  static override summary = 'Revoke a key of a service account, with everything that came in by it.'
  static override examples = ['<%= config.bin %> service-accounts revoke devin sak_…']
  static override args = {
    name: Args.string({ required: true, description: 'service account', ignoreStdin: true }),
    key: Args.string({ required: true, description: 'id of the key; hoop service-accounts ls shows it', ignoreStdin: true }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ServiceAccountsRevoke)
    const device = await this.device(flags)
    await device.client.delete(`/v1/service-accounts/${encodeURIComponent(args.name)}/keys/${encodeURIComponent(args.key)}`)
    if (flags.json) return this.answerJson({ revoked: args.key })
    const { escapeLine } = await import('../../present/escape.ts')
    this.answer(`${escapeLine(args.key)} revoked`)
  }
}
