import { HoopCommand } from '../hoop-command.ts'

export default class Ls extends HoopCommand {
  static override summary = 'List the connections that you may use.'

  override async run(): Promise<void> {
    const { flags } = await this.parse(Ls)
    const device = await this.device(flags)
    const { ConnectionList } = await import('@hoop/contracts')
    const { connections } = await device.client.get('/v1/connections', ConnectionList)
    const { keepNames } = await import('../state/names.ts')
    await keepNames(
      device.home,
      connections.map(({ name }) => name),
    )
    if (flags.json) return this.answerJson(connections)
    if (connections.length === 0)
      return this.note('No connections that you may use. An admin gives access with an Access document.')
    const { connectionTable } = await import('../present/connections.ts')
    this.answer(await connectionTable(await this.screen(), connections))
  }
}
