import { readFile } from 'node:fs/promises'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class PolicyPack extends HoopCommand {
  static override summary = 'Print a pack: policies and masks as YAML, to be applied as they are or changed first.'
  static override args = {
    name: Args.string({ required: true, description: 'one that hoop policy packs lists', ignoreStdin: true }),
  }
  static override flags = {
    cases: Flags.boolean({ env: 'HOOP_CASES', description: 'its table of cases for hoop policy test instead' }),
    path: Flags.boolean({ env: 'HOOP_PATH', description: 'only where the file is' }),
  }
  static override examples = [
    '<%= config.bin %> policy pack pci > pci.yaml',
    '<%= config.bin %> policy pack pci --path',
    '<%= config.bin %> policy pack pci --cases',
  ]

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(PolicyPack)
    const { findPack } = await import('../../services/packs.ts')
    const pack = await findPack(args.name)
    const file = flags.cases ? pack.casesPath : pack.path
    if (flags.path) return flags.json ? this.answerJson({ path: file }) : this.answer(file)
    const text = await readFile(file, 'utf8')
    if (flags.json) return this.answerJson({ path: file, yaml: text })
    this.answer(text.trimEnd())
  }
}
