import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../hoop-command.ts'

export default class Delete extends HoopCommand {
  static override summary = 'Delete a document. On a terminal it asks first.'
  static override args = {
    kind: Args.string({ required: true, description: 'connection, access, policy, mask or role', ignoreStdin: true }),
    name: Args.string({ required: true, description: 'the document', ignoreStdin: true }),
  }
  static override flags = { yes: Flags.boolean({ char: 'y', env: 'HOOP_YES', description: 'do not ask' }) }
  static override examples = ['<%= config.bin %> delete connection old-db']

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Delete)
    const { deleteDocument, documentKind } = await import('../services/documents.ts')
    const kind = documentKind(args.kind)
    const device = await this.device(flags)
    if (!flags.yes && process.stdin.isTTY && process.stderr.isTTY) {
      const { confirm } = await import('../present/ask.ts')
      if (!(await confirm(`Delete ${kind}/${args.name} at ${device.gateway}?`))) return this.note('Nothing was deleted.')
    }
    await deleteDocument(device, kind, args.name)
    if (flags.json) this.answerJson({ kind, name: args.name, change: 'deleted' })
    else this.answer(`${kind}/${args.name} deleted`)
  }
}
