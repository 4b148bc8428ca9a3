import * as Args from '@oclif/core/args'
import { HoopCommand } from '../../hoop-command.ts'

export default class SessionsTail extends HoopCommand {
  static override summary = 'Follow a session live, from its beginning to its end.'
  static override args = {
    id: Args.string({ required: true, description: 'session, or the beginning of its id', ignoreStdin: true }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(SessionsTail)
    const device = await this.device(flags)
    const [{ findSession, sessionEvents }, { liveLines, OperationTracker }, { escapeLine }, { untilSignal }] = await Promise.all([
      import('../../services/record.ts'),
      import('../../present/operations.ts'),
      import('../../present/escape.ts'),
      import('../../signals.ts'),
    ])
    const { id: session } = await findSession(device, args.id)
    const screen = await this.screen()
    const tracker = new OperationTracker()
    for await (const event of sessionEvents(device, { session, after: -1, follow: true, signal: untilSignal() })) {
      if (flags.json) {
        this.answerJsonLine(event)
        continue
      }
      const view = tracker.add(event)
      if (view && view.operation.by !== 'hoop') for (const line of liveLines(screen, view, event)) this.answer(line)
      if (event.type === 'session.closed') this.answer(screen.colour.dim(`ended    ${escapeLine(event.words)}`))
    }
  }
}
