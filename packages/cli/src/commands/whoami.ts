import { HoopCommand } from '../hoop-command.ts'

export default class WhoAmICommand extends HoopCommand {
  static override summary = 'Show who you are to the gateway, until when, and where the login is kept.'

  override async run(): Promise<void> {
    const { flags } = await this.parse(WhoAmICommand)
    const device = await this.device(flags)
    const { WhoAmI } = await import('@hoop/contracts')
    const me = await device.client.get('/v1/whoami', WhoAmI)
    if (flags.json) return this.answerJson({ gateway: device.gateway, ...me, kept_in: device.tokenPlace })
    const { whoAmI } = await import('../present/who-am-i.ts')
    this.answer(whoAmI(await this.screen(), me, device))
  }
}
