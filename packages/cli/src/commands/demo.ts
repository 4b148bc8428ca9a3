import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'

export default class Demo extends Command {
  static override summary = 'Run everything on this machine with a sample database, and take a first tour.'
  static override description =
    'Starts a gateway, an identity provider and a PostgreSQL with made-up customers, shows what hoop does, and stays up until Ctrl-C. Ends with 1 if a check of the tour fails.'
  static override flags = { 'tour-only': Flags.boolean({ env: 'HOOP_TOUR_ONLY', description: 'end after the tour' }) }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Demo)
    const { runDemo } = await import('@hoop/demo')
    process.exitCode = await runDemo({ tourOnly: flags['tour-only'] })
  }
}
