import * as Args from '@oclif/core/args'
import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import { gatewayFlags } from '../gateway.ts'

export default class GatewayBackup extends Command {
  static override summary = 'Copy the store of a gateway, which may run, into one file.'
  static override description =
    'Secrets stay encrypted under the master key, which is in the file only with --passphrase-file. docs/operations.md says what is in it and how it is restored.'
  static override examples = ['<%= config.bin %> gateway backup hoop.backup --records --passphrase-file passphrase']
  static override args = { file: Args.string({ required: true, description: 'the file to make' }) }
  static override flags = {
    ...gatewayFlags,
    records: Flags.boolean({ env: 'HOOP_BACKUP_RECORDS', description: 'the records of sessions too' }),
    'passphrase-file': Flags.string({
      env: 'HOOP_PASSPHRASE_FILE',
      helpValue: 'FILE',
      description: 'the keys too, encrypted under the passphrase in this file',
    }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(GatewayBackup)
    const { backUpGateway } = await import('@hoop/tunnel-server')
    const environment = { ...process.env, ...(flags.config !== undefined && { HOOP_CONFIG: flags.config }) }
    const { records, 'passphrase-file': passphraseFile = null } = flags
    const { tables, files } = await backUpGateway(environment, args.file, { records, passphraseFile })
    const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0)
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    process.stderr.write(
      `${args.file}: ${rows} rows of ${Object.keys(tables).length} tables, ${files.length} files, ${bytes} bytes.\n`,
    )
    if (passphraseFile === null)
      process.stderr.write('The keys are not in it: keep the folder keys/, or the master key, elsewhere.\n')
    if (!records) process.stderr.write('The records of sessions are not in it: copy the folder records/, or give --records.\n')
  }
}
