import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../hoop-command.ts'

export default class Apply extends HoopCommand {
  static override summary = 'Create or change connections, access, policies, masks and roles from a file: all of it, or nothing.'
  static override flags = {
    file: Flags.string({
      char: 'f',
      env: 'HOOP_FILE',
      required: true,
      helpValue: 'FILE',
      description: 'YAML documents; - is standard input',
    }),
  }
  static override examples = ['<%= config.bin %> apply -f connections.yaml']

  override async run(): Promise<void> {
    const { flags } = await this.parse(Apply)
    const device = await this.device(flags)
    const { applyFile } = await import('../services/documents.ts')
    const result = await applyFile(device, flags.file)
    if (flags.json) return this.answerJson(result)
    if (result.results.length === 0) return this.note(`There are no documents in ${flags.file}: nothing was applied.`)
    const { applied } = await import('../present/documents.ts')
    this.answer(applied(await this.screen(), result))
  }
}
