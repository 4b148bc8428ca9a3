import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand, localFlags } from '../hoop-command.ts'
import type { Output } from '../present/statements.ts'
import type { Device } from '../services/device.ts'
import type { ExecWork } from '../services/exec.ts'

/** Flags that mean nothing to a command, and why. */
const ofStatements = {
  output: 'a command prints its own results',
  wait: 'a command waits for approvals as long as they may take',
}

export default class Exec extends HoopCommand {
  static override summary = 'Run a command with a connection wired in, or statements by themselves.'
  static override description =
    `After --, a command: sets what its ecosystem reads (PGHOST, PGPASSWORD, DATABASE_URL, …; KUBECONFIG; BILLING_API_URL and BILLING_API_TOKEN), runs it, and ends with its exit code. What stands after -- is passed on
untouched. Without one, statements for PostgreSQL: of -c, of -f, or of standard input; they are one transaction unless they say otherwise.

Exit codes of statements: 0 done, 1 the database said no, 122 refused by policy, 123 an approver said no, 124 none answered in time, 125 still held when --wait
was over (and withdrawn, but for a ticket), 127 the connection cannot be used. hoop exit-codes lists them all.`
  static override usage = ['exec NAME [FLAGS] -- COMMAND…', 'exec NAME [FLAGS] -c STATEMENT', 'exec NAME [FLAGS] -f FILE']
  static override args = { name: Args.string({ required: true, description: 'connection', ignoreStdin: true }) }
  static override flags = {
    command: Flags.string({
      char: 'c',
      env: 'HOOP_COMMAND',
      helpValue: 'STATEMENT',
      multiple: true,
      multipleNonGreedy: true,
      description: 'run this; may be given several times',
    }),
    file: Flags.string({
      char: 'f',
      env: 'HOOP_FILE',
      helpValue: 'FILE',
      multiple: true,
      multipleNonGreedy: true,
      description: 'run the statements in it; - is standard input',
    }),
    output: Flags.option({
      char: 'o',
      env: 'HOOP_OUTPUT',
      options: ['table', 'json', 'csv'] as const,
      description: 'how to print results; table if not said otherwise, json with --json',
    })(),
    wait: Flags.string({
      env: 'HOOP_WAIT',
      helpValue: 'TIME',
      description:
        'wait so long for an approval, as in 10m, then withdraw the statement; one with a ticket is sent again once it is approved; 0s does not wait',
    }),
    report: Flags.string({
      env: 'HOOP_REPORT',
      helpValue: 'FILE',
      description: 'write what was refused and held, as JSON',
    }),
    reason: Flags.string({ env: 'HOOP_REASON', description: 'why, for the record and for approvers' }),
    'any-user': Flags.boolean({
      env: 'HOOP_ANY_USER',
      description: 'let in programs of other users of this machine who know the password',
    }),
    ...localFlags,
  }
  static override examples = [
    '<%= config.bin %> exec cloudsql-prod -- psql -c "select 1"',
    '<%= config.bin %> exec cloudsql-prod -c "select count(*) from orders" --output csv',
    '<%= config.bin %> exec gke-prod -- kubectl get pods',
    '<%= config.bin %> exec cloudsql-prod -f migration.sql --wait 30m --report refused.json',
  ]

  override async run(): Promise<void> {
    // oclif's own handling of -- sorts repeated arguments
    const dashes = this.argv.indexOf('--')
    const own = dashes === -1 ? this.argv : this.argv.slice(0, dashes)
    const [file, ...rest] = dashes === -1 ? [] : this.argv.slice(dashes + 1)
    const { args, flags, raw } = await this.parse(Exec, own)
    const { HoopError } = await import('@hoop/contracts/errors')
    if (file !== undefined && (flags.command ?? flags.file) !== undefined) {
      throw new HoopError('invalid_request', 'a command after -- and statements are two runs', { hint: 'leave one of them out' })
    }
    // In the environment they are for other runs.
    for (const [flag, why] of file === undefined ? [] : Object.entries(ofStatements)) {
      if (raw.some((token) => token.type === 'flag' && token.flag === flag)) {
        throw new HoopError('invalid_request', `--${flag} is for statements, not for a command after --: ${why}`, {
          hint: `leave --${flag} out, or give the statements themselves with -c or -f`,
        })
      }
    }
    const text = file === undefined ? await (await import('../services/statements.ts')).readStatements(flags) : null
    const device = await this.device(flags)
    const [{ exec, commandWork }, { execNews }] = await Promise.all([import('../services/exec.ts'), import('../present/exec.ts')])
    const options = {
      name: args.name,
      reason: flags.reason ?? null,
      anyUser: flags['any-user'],
      localTls: flags['local-tls'],
      socketFolder: await this.socketFolder(flags),
      report: flags.report ?? null,
      version: this.config.version,
    }
    const work = file === undefined ? await this.#statements(device, text ?? '', flags) : commandWork([file, ...rest])
    process.exitCode = await exec(
      device,
      options,
      execNews((words) => this.note(words)),
      work,
    )
  }

  async #statements(device: Device, text: string, flags: StatementFlags): Promise<ExecWork> {
    const [{ statementsWork }, { durationMs }, { resultText, statementError }, { escapeLine }, { untilSignal }] =
      await Promise.all([
        import('../services/exec-statements.ts'),
        import('../services/duration.ts'),
        import('../present/statements.ts'),
        import('../present/escape.ts'),
        import('../signals.ts'),
      ])
    const screen = await this.screen()
    const output = flags.output ?? (flags.json ? 'json' : 'table')
    const wait = flags.wait === undefined ? null : durationMs(flags.wait, '--wait')
    return statementsWork(
      device,
      { text, wait, signal: untilSignal() },
      {
        results: async (results) => this.answer(await resultText(screen, output, results)),
        failed: (error, exit) => this.note(statementError(error, exit, flags.json)),
        notice: (words) => {
          if (!flags.json) this.note(`hoop: ${escapeLine(words)}`)
        },
        stillHeld: (approval) => {
          const words = `still held (${approval}) after --wait ${flags.wait}; it was withdrawn and not run`
          this.note(
            statementError(
              { code: 'held', message: words, detail: null, hint: 'run it again when an approver is at hand' },
              125,
              flags.json,
            ),
          )
        },
      },
    )
  }
}

interface StatementFlags {
  readonly json: boolean
  readonly output?: Output | undefined
  readonly wait?: string | undefined
}
