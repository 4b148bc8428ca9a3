import { HoopCommand } from '../hoop-command.ts'

export default class Logout extends HoopCommand {
  static override summary = 'End the login at the gateway and forget it on this machine.'

  override async run(): Promise<void> {
    const { flags } = await this.parse(Logout)
    const device = await this.device(flags)
    const { logOut } = await import('../services/login.ts')
    const told = await logOut(device)
    if (flags.json) this.answerJson({ gateway: device.gateway, endedAtGateway: told })
    else if (told) this.note(`Logged out of ${device.gateway}.`)
    else this.note(`The login is forgotten here, but ${device.gateway} could not be told: it ends there by itself.`)
  }
}
