import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../hoop-command.ts'

export default class Logout extends HoopCommand {
  static override summary = 'End the login at the gateway and forget it on this machine.'
  static override flags = {
    everywhere: Flags.boolean({ env: 'HOOP_EVERYWHERE', description: 'end all your logins, those on other devices too' }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Logout)
    const device = await this.device(flags)
    const { logOut, logOutEverywhere } = await import('../services/login.ts')
    if (flags.everywhere) {
      const ended = await logOutEverywhere(device)
      if (flags.json) this.answerJson({ gateway: device.gateway, endedAtGateway: true, ended })
      else this.note(`Logged out of ${device.gateway} everywhere: ${ended === 1 ? 'one login' : `${ended} logins`}.`)
      return
    }
    const told = await logOut(device)
    if (flags.json) this.answerJson({ gateway: device.gateway, endedAtGateway: told })
    else if (told) this.note(`Logged out of ${device.gateway}.`)
    else this.note(`The login is forgotten here, but ${device.gateway} could not be told: it ends there by itself.`)
  }
}
