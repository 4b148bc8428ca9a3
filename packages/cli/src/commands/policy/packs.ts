import { HoopCommand } from '../../hoop-command.ts'

export default class PolicyPacks extends HoopCommand {
  static override summary = 'List the policies that come with hoop, ready to be applied or changed.'
  static override examples = ['<%= config.bin %> policy packs']

  override async run(): Promise<void> {
    const { flags } = await this.parse(PolicyPacks)
    const { listPacks } = await import('../../services/packs.ts')
    const packs = await listPacks()
    if (flags.json) return this.answerJson(packs)
    const screen = await this.screen()
    const { table } = await import('../../present/screen.ts')
    const rows = packs.map(({ name, summary }) => [name, summary])
    this.answer(
      await table(screen, ['PACK', 'WHAT IT IS FOR'], rows, (cell, column) => (column === 0 ? screen.colour.bold(cell) : cell)),
    )
  }
}
