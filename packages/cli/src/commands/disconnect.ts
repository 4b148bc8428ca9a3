import * as Args from '@oclif/core/args'
import { HoopCommand } from '../hoop-command.ts'

export default class Disconnect extends HoopCommand {
  static override summary = 'End connects that run on this machine.'
  static override description =
    `Without a name: all in the background. With names: every connect that has one of them, wherever it runs. Waits until they have ended.

Exit codes: 0 ended, 1 nothing of that name is connected.`
  static override strict = false
  static override args = { name: Args.string({ description: 'connection; several may be given', ignoreStdin: true }) }
  static override examples = ['<%= config.bin %> disconnect', '<%= config.bin %> disconnect cloudsql-prod']

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Disconnect)
    const [{ disconnect }, { escapeLine }] = await Promise.all([
      import('../services/background.ts'),
      import('../present/escape.ts'),
    ])
    const ended = await disconnect(this.surroundings.home, argv.map(String))
    if (flags.json) return this.answerJson(ended)
    if (ended.length === 0) return this.note('Nothing runs in the background.')
    for (const { endpoints, pid } of ended) {
      this.answer(`${endpoints.map(({ connection }) => escapeLine(connection)).join(', ')}  ended (process ${pid})`)
    }
  }
}
