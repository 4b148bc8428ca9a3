import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../hoop-command.ts'

export default class ImportKubeconfig extends HoopCommand {
  static override summary = 'Print a cluster of a kubeconfig as a connection, with its secrets, for hoop apply.'
  static override args = {
    file: Args.string({ required: true, description: 'a kubeconfig; - is standard input', ignoreStdin: true }),
  }
  static override flags = {
    context: Flags.string({ env: 'HOOP_CONTEXT', helpValue: 'NAME', description: 'one of its contexts; else the current one' }),
    name: Flags.string({
      env: 'HOOP_NAME',
      helpValue: 'NAME',
      description: 'of the connection; else made of that of the context',
    }),
    'access-key-id': Flags.string({
      env: 'HOOP_ACCESS_KEY_ID',
      helpValue: 'ID',
      description:
        'EKS: the key by which the gateway signs; its secret is in AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) where the gateway runs',
    }),
  }
  static override examples = ['<%= config.bin %> import-kubeconfig ~/.kube/config --context prod | <%= config.bin %> apply -f -']

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ImportKubeconfig)
    const { importKubeconfig } = await import('../services/import-kubeconfig.ts')
    const { document, notes } = await importKubeconfig(args.file, {
      context: flags.context ?? null,
      name: flags.name ?? null,
      accessKeyId: flags['access-key-id'] ?? null,
    })
    for (const note of notes) this.note(note)
    if (flags.json) return this.answerJson(document)
    const { stringify } = await import('yaml')
    this.answer(stringify(document, { lineWidth: 0 }).trimEnd())
  }
}
