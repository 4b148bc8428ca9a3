import { HoopCommand } from '../../hoop-command.ts'

export default class ServiceAccountsLs extends HoopCommand {
  static override summary = 'List the keys of service accounts: who made them, and when they were used.'

  override async run(): Promise<void> {
    const { flags } = await this.parse(ServiceAccountsLs)
    const device = await this.device(flags)
    const { ServiceAccountList } = await import('@hoop/contracts')
    const list = await device.client.get('/v1/service-accounts', ServiceAccountList)
    if (flags.json) return this.answerJson(list)
    if (list.accounts.length === 0) return this.note('There are no service accounts: docs/machines.md says how to make one.')
    const { serviceAccountTable } = await import('../../present/service-accounts.ts')
    this.answer(await serviceAccountTable(await this.screen(), list.accounts))
  }
}
