import * as Args from '@oclif/core/args'
import { HoopCommand } from '../../hoop-command.ts'

export default class ApprovalsWait extends HoopCommand {
  static override summary = 'Wait until what you asked for is decided.'
  static override description = 'Exit codes: 0 approved, 123 denied, 124 nobody answered in time, 1 it was withdrawn.'
  static override examples = ['<%= config.bin %> approvals wait ap_0540']
  static override args = {
    id: Args.string({ required: true, description: 'approval, or the beginning of its id', ignoreStdin: true }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ApprovalsWait)
    const device = await this.device(flags)
    const [{ untilDecided, exitOfDecision }, { inboxLine }, { untilSignal }] = await Promise.all([
      import('../../services/inbox.ts'),
      import('../../present/inbox.ts'),
      import('../../signals.ts'),
    ])
    const item = await untilDecided(device, args.id, untilSignal())
    if (flags.json) this.answerJson(item)
    else this.answer(inboxLine(await this.screen(), item, Date.now()))
    process.exitCode = exitOfDecision(item)
  }
}
