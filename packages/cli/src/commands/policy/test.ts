import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class PolicyTest extends HoopCommand {
  static override summary =
    'Check tables of statements and what is to become of them against the documents in force, or against others.'
  static override description = `A table is YAML:

  connection: sample
  cases:
    - name: an AI agent may look
      identity: { kind: ai-agent, groups: [coding-agents] }
      statement: select email from customers
      expect: permit                # permit, approve, refuse or no-access
      masked: [email]               # these columns of the result, and no others
    - identity: { kind: ai-agent, groups: [coding-agents], onBehalfOf: { groups: [engineering] } }
      statements: [drop table orders, truncate orders]
      expect: refuse
      rule: Policy/nothing-is-dropped

A case may also have: database, labels (as if the connection had these, too), reason, and at (a time). What stands above cases, of connection, identity and
labels, holds for all of them.

Statements are read by the gateway, which knows what their names mean; nothing is run. It takes an admin or an auditor.

Exit codes: 0 all as expected, 1 something is not, 2 a table or a document is not right.`
  static override strict = false
  static override args = {
    tables: Args.string({ required: true, description: 'files with cases; - is standard input', ignoreStdin: true }),
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
  }
  static override examples = [
    '<%= config.bin %> policy test cases.yaml',
    '<%= config.bin %> policy test cases.yaml -f new-policies.yaml',
    '<%= config.bin %> policy test read-only.cases.yaml --connection sample',
  ]

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(PolicyTest)
    const { testPolicies } = await import('../../services/policy-questions.ts')
    const device = await this.device(flags)
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
}
