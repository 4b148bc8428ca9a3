import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class PolicyExplain extends HoopCommand {
  static override summary =
    'Say what would become of a statement, and why: each rule that matched, each that did not, each masked column and field.'
  static override description =
    `The gateway reads the statement as it reads those of sessions, by the names that the database behind the connection has now, and judges it
by the documents in force. Nothing is run, and nobody is asked. It takes an admin or an auditor, and is in the gateway's admin log.

--as supposes somebody else: a kind and its groups. Given twice, the second is the person behind the first.
-f lays documents over those in force, as if they were applied: one of the same kind and name takes the other's place.

What only a session has is not known here: bound parameters, temporary tables, a search path that was set, names of prepared statements.`
  static override args = {
    statement: Args.string({
      required: true,
      description: 'in the language of the connection; - is standard input',
      ignoreStdin: true,
    }),
  }
  static override flags = {
    connection: Flags.string({
      char: 'c',
      env: 'HOOP_CONNECTION',
      required: true,
      helpValue: 'NAME',
      description: 'through which',
    }),
    as: Flags.string({
      env: 'HOOP_AS',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'KIND[:GROUP,…]',
      description: 'who sends it: person, service or ai-agent; else you',
    }),
    file: Flags.string({
      char: 'f',
      env: 'HOOP_FILE',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'FILE',
      description: 'YAML documents to suppose',
    }),
    database: Flags.string({ char: 'd', env: 'HOOP_DATABASE', description: "one of the connection's; else its first" }),
    reason: Flags.string({ env: 'HOOP_REASON', description: 'what the session would give as its reason' }),
    at: Flags.string({ env: 'HOOP_AT', helpValue: 'TIME', description: 'when, as in 2030-01-31T20:00:00+01:00; else now' }),
  }
  static override examples = [
    "<%= config.bin %> policy explain --connection sample 'delete from orders'",
    "<%= config.bin %> policy explain --connection sample --as ai-agent:coding-agents 'select * from cards'",
    "<%= config.bin %> policy explain --connection sample --as ai-agent:coding-agents --as person:dba -f new.yaml 'drop table orders'",
  ]

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(PolicyExplain)
    const { proposed, supposedIdentity } = await import('../../services/policy-questions.ts')
    const identity = supposedIdentity(flags.as ?? [])
    const { readGivenFiles } = await import('../../services/given-file.ts')
    const statement = args.statement === '-' ? await readGivenFiles(['-']) : args.statement
    const documents = await proposed(flags.file ?? [])
    const device = await this.device(flags)
    const { ExplainResponse } = await import('@hoop/contracts')
    const question = {
      connection: flags.connection,
      statement,
      reason: flags.reason ?? null,
      ...(identity && { identity }),
      ...(flags.database !== undefined && { database: flags.database }),
      ...(flags.at !== undefined && { at: flags.at }),
    }
    const answer = await device.client.post('/v1/policy/explain', { ...documents, questions: [question] }, ExplainResponse)
    const [explanation] = answer.explanations
    if (explanation === undefined) throw new Error('the gateway answered nothing')
    if (flags.json) return this.answerJson({ policyVersion: answer.policyVersion, ...explanation })
    const { explanationText } = await import('../../present/policy-questions.ts')
    this.answer(explanationText(await this.screen(), explanation, answer))
  }
}
