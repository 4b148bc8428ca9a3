import * as Args from '@oclif/core/args'
import { HoopCommand } from '../../hoop-command.ts'

export default class ServiceAccountsKey extends HoopCommand {
  static override summary = 'Make a key of a service account. It is shown once.'
  static override examples = ['<%= config.bin %> service-accounts key devin > key']
  static override args = { name: Args.string({ required: true, description: 'service account', ignoreStdin: true }) }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ServiceAccountsKey)
    const device = await this.device(flags)
    const { ServiceAccountKey } = await import('@hoop/contracts')
    const path = `/v1/service-accounts/${encodeURIComponent(args.name)}/keys`
    const made = await device.client.post(path, undefined, ServiceAccountKey)
    if (flags.json) return this.answerJson(made)
    this.answer(made.key)
    this.note(`The key ${made.id} of ${made.account}, for HOOP_SERVICE_ACCOUNT_KEY. It is not shown again.`)
  }
}
