import { Args, Flags } from '@oclif/core'
import { HoopCommand, localFlags } from '../hoop-command.ts'

export default class Exec extends HoopCommand {
  static override summary = 'Run a command with a connection wired in.'
  static override description =
    'Sets what the command’s ecosystem reads (PGHOST, PGPASSWORD, DATABASE_URL, …), runs it, and ends with its exit code. What stands after -- is passed on untouched.'
  static override usage = 'exec NAME [--reason TEXT] -- COMMAND…'
  static override args = { name: Args.string({ required: true, description: 'connection', ignoreStdin: true }) }
  static override flags = {
    reason: Flags.string({ env: 'HOOP_REASON', description: 'why, for the record and for approvers' }),
    'any-user': Flags.boolean({
      env: 'HOOP_ANY_USER',
      description: 'let in programs of other users of this machine who know the password',
    }),
    ...localFlags,
  }
  static override examples = ['<%= config.bin %> exec cloudsql-prod -- psql -c "select 1"']

  override async run(): Promise<void> {
    // oclif's own handling of -- sorts repeated arguments
    const dashes = this.argv.indexOf('--')
    const own = dashes === -1 ? this.argv : this.argv.slice(0, dashes)
    const [file, ...rest] = dashes === -1 ? [] : this.argv.slice(dashes + 1)
    const { args, flags } = await this.parse(Exec, own)
    const [{ HoopError }, { exec }, { execNews }] = await Promise.all([
      import('@hoop/contracts'),
      import('../services/exec.ts'),
      import('../present/exec.ts'),
    ])
    if (file === undefined) {
      throw new HoopError('invalid_request', 'there is no command to run', {
        hint: `hoop exec ${args.name} -- psql -c 'select 1'`,
      })
    }
    const device = await this.device(flags)
    const options = {
      name: args.name,
      command: [file, ...rest] as const,
      reason: flags.reason ?? null,
      anyUser: flags['any-user'],
      localTls: flags['local-tls'],
      socketFolder: await this.socketFolder(flags),
      version: this.config.version,
    }
    process.exitCode = await exec(
      device,
      options,
      execNews((text) => this.note(text)),
    )
  }
}
