import { HoopCommand } from '../hoop-command.ts'
import { exitCodeTable } from '../present/exit-codes.ts'

export default class ExitCodes extends HoopCommand {
  static override summary = 'List the exit codes and what they mean.'
  static override description = exitCodeTable()

  override async run(): Promise<void> {
    const { flags } = await this.parse(ExitCodes)
    if (!flags.json) return this.answer(exitCodeTable())
    const { exitCodes } = await import('@hoop/contracts/errors')
    this.answerJson(exitCodes)
  }
}
