import * as Args from '@oclif/core/args'
import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import { gatewayFlags } from '../gateway.ts'

export default class GatewayRestore extends Command {
  static override summary = 'Restore a backup into an empty store and data folder.'
  static override description =
    'The whole file is verified before anything is written. Every login ends. A store that is not empty, a newer version and a damaged file are refused.'
  static override examples = ['<%= config.bin %> gateway restore hoop.backup --passphrase-file passphrase']
  static override args = { file: Args.string({ required: true, description: 'the backup' }) }
  static override flags = {
    ...gatewayFlags,
    'passphrase-file': Flags.string({
      env: 'HOOP_PASSPHRASE_FILE',
      helpValue: 'FILE',
      description: 'restores the keys too, which are encrypted under the passphrase in this file',
    }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(GatewayRestore)
    const { restoreGateway } = await import('@hoop/tunnel-server')
    const environment = { ...process.env, ...(flags.config !== undefined && { HOOP_CONFIG: flags.config }) }
    const { manifest, notes } = await restoreGateway(environment, args.file, { passphraseFile: flags['passphrase-file'] ?? null })
    process.stderr.write(`Restored the gateway as it was at ${manifest.madeAt}.\n${notes.map((note) => `${note}\n`).join('')}`)
  }
}
