import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../hoop-command.ts'

export default class Get extends HoopCommand {
  static override summary = 'Print documents as YAML that can be applied again; secrets are left out.'
  static override args = {
    kind: Args.string({ required: true, description: 'connection, access, policy, mask or role', ignoreStdin: true }),
    name: Args.string({ description: 'one document; else all of the kind', ignoreStdin: true }),
  }
  static override flags = {
    output: Flags.string({ char: 'o', env: 'HOOP_OUTPUT', options: ['yaml', 'json'], default: 'yaml', description: 'format' }),
  }
  static override examples = [
    '<%= config.bin %> get connection -o yaml',
    '<%= config.bin %> get policy agents-ask-before-writing',
  ]

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Get)
    const { documentKind, getDocuments } = await import('../services/documents.ts')
    const kind = documentKind(args.kind)
    const yaml = await getDocuments(await this.device(flags), kind, args.name ?? null)
    if (!flags.json && flags.output === 'yaml') {
      const { escapeBlock } = await import('../present/escape.ts')
      // As it is for a file; a terminal would obey it.
      return this.answer(process.stdout.isTTY ? escapeBlock(yaml.trimEnd()) : yaml.trimEnd())
    }
    const { parseAllDocuments } = await import('yaml')
    const documents = parseAllDocuments(yaml).map((document) => document.toJS() as unknown)
    this.answerJson(args.name === undefined ? documents : documents[0])
  }
}
