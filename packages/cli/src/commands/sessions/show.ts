import * as Args from '@oclif/core/args'
import { HoopCommand } from '../../hoop-command.ts'

export default class SessionsShow extends HoopCommand {
  static override summary = 'Show a session: its operations, how each was judged, how it ended and how long it took.'
  static override description =
    'What hoop itself read of the catalogue is only counted; --json has it, too, and everything that the record says of each operation.'
  static override examples = ['<%= config.bin %> sessions show ses_k7m']
  static override args = {
    id: Args.string({ required: true, description: 'session, or the beginning of its id', ignoreStdin: true }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(SessionsShow)
    const device = await this.device(flags)
    const [{ findSession, sessionEvents }, { gatherOperations }, { sessionDetails }] = await Promise.all([
      import('../../services/record.ts'),
      import('../../present/operations.ts'),
      import('../../present/sessions.ts'),
    ])
    const session = await findSession(device, args.id)
    const operations = await gatherOperations(sessionEvents(device, { session: session.id, after: -1, follow: false }))
    if (flags.json) return this.answerJson({ ...session, operations })
    this.answer(await sessionDetails(await this.screen(), session, operations))
  }
}
