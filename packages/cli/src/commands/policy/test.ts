import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'
import type { Device } from '../../services/device.ts'

export default class PolicyTest extends HoopCommand {
  static override summary =
    'Check tables of statements and what is to become of them against the documents in force, or against others.'
  static override description = `A table is YAML:

connection: sample
cases:
- { name: agents may look, identity: { kind: ai-agent, groups: [coding-agents] }, statement: select email from customers, expect: permit, masked: [email] }
- { identity: { kind: person, groups: [dba] }, statements: [drop table orders, truncate orders], expect: refuse, rule: Policy/nothing-is-dropped }

expect is permit, approve, refuse or no-access; rule is the one that decides; masked are these columns of the result, and no others. The person behind an AI
agent is its identity's onBehalfOf: { groups: [engineering] }.

Connections to services and clusters have request and requests in place of statements: METHOD and path, headers, an empty line, and the body.

A case may also have: database, labels (as if the connection had these, too), reason, and at (a time). What stands above cases, of connection, identity and
labels, holds for all of them.

Statements are read by the gateway, which knows what their names mean; nothing is run. It takes an admin or an auditor.

--replay judges what is on the record instead, as if the documents of -f had been in force, and prints what would differ: the verdict before and after, how
often, and examples. What cannot be judged anew is counted with the reason.

Exit codes: 0 all as expected, 1 something is not (with --replay only by --fail-on-change), 2 a table or a document is not right.`
  static override strict = false
  static override args = {
    tables: Args.string({ description: 'files with cases; needed without --replay', ignoreStdin: true }),
  }
  static override flags = {
    file: Flags.string({
      char: 'f',
      env: 'HOOP_FILE',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FILE',
      description: 'YAML documents to lay over those in force',
    }),
    connection: Flags.string({
      char: 'c',
      env: 'HOOP_CONNECTION',
      helpValue: 'NAME',
      description: 'for all cases, whatever they say',
    }),
    replay: Flags.boolean({ env: 'HOOP_REPLAY', dependsOn: ['file'], description: 'judge recorded operations anew' }),
    session: Flags.string({
      env: 'HOOP_SESSION',
      helpValue: 'ID',
      dependsOn: ['replay'],
      exclusive: ['since'],
      description: 'those of one session',
    }),
    since: Flags.string({
      env: 'HOOP_SINCE',
      helpValue: 'TIME',
      dependsOn: ['replay'],
      description: 'those of sessions that were opened within 12h, 7d, …; else 7d',
    }),
    'fail-on-change': Flags.boolean({
      env: 'HOOP_FAIL_ON_CHANGE',
      dependsOn: ['replay'],
      description: 'end with 1 if a verdict would differ',
    }),
  }
  static override examples = [
    '<%= config.bin %> policy test cases.yaml',
    '<%= config.bin %> policy test cases.yaml -f new-policies.yaml',
    '<%= config.bin %> policy test -f new-policies.yaml --replay --since 7d --fail-on-change',
  ]

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(PolicyTest)
    const device = await this.device(flags)
    if (flags.replay) return await this.#replay(device, flags)
    if (argv.length === 0) {
      const { HoopError } = await import('@hoop/contracts/errors')
      throw new HoopError('invalid_request', 'which tables of cases?', {
        hint: 'name files, or judge what is on the record with --replay',
      })
    }
    const { testPolicies } = await import('../../services/policy-questions.ts')
    const run = await testPolicies(device, argv.map(String), {
      documents: flags.file ?? [],
      connection: flags.connection ?? null,
    })
    if (flags.json) this.answerJson(run)
    else {
      const { testReport } = await import('../../present/policy-questions.ts')
      this.answer(testReport(await this.screen(), run))
    }
    this.exit(run.results.every(({ wrong }) => wrong.length === 0) ? 0 : 1)
  }

  async #replay(device: Device, flags: ReplayFlags): Promise<void> {
    const { replayRecord } = await import('../../services/policy-replay.ts')
    const answer = await replayRecord(device, flags.file ?? [], { session: flags.session ?? null, since: flags.since ?? '7d' })
    if (flags.json) this.answerJson(answer)
    else {
      const { replayReport } = await import('../../present/policy-replay.ts')
      this.answer(replayReport(await this.screen(), answer))
    }
    this.exit(flags['fail-on-change'] && answer.changes.length > 0 ? 1 : 0)
  }
}

interface ReplayFlags {
  readonly file: string[] | undefined
  readonly session: string | undefined
  readonly since: string | undefined
  readonly 'fail-on-change': boolean
  readonly json: boolean
}
