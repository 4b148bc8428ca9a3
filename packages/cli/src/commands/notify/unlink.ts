import { HoopCommand } from '../../hoop-command.ts'

export default class NotifyUnlink extends HoopCommand {
  static override summary = 'Let no account of a chat decide as you any more.'
  static override examples = ['<%= config.bin %> notify unlink']

  override async run(): Promise<void> {
    const { flags } = await this.parse(NotifyUnlink)
    const device = await this.device(flags)
    const { ChatUnlinked } = await import('@hoop/contracts')
    const unlinked = await device.client.post('/v1/notify/unlink', undefined, ChatUnlinked)
    if (flags.json) return this.answerJson(unlinked)
    this.note(unlinked.accounts === 1 ? 'One account was unlinked.' : `${unlinked.accounts} accounts were unlinked.`)
  }
}
