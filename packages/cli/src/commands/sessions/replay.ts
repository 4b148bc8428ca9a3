import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class SessionsReplay extends HoopCommand {
  static override summary = 'Play back what a program printed that a session ran, as in kubectl exec.'
  static override description =
    `Plays at the pace at which it came. Colours and moves of the cursor are kept; what would do something to your terminal (titles, links, the clipboard, questions to
it) is left out, since a program may have printed it to deceive whoever looks: --raw keeps it. --asciicast writes a file for asciinema in place of playing, and --json prints the same.`
  static override examples = [
    '<%= config.bin %> sessions replay ses_k7m --speed 4',
    '<%= config.bin %> sessions replay ses_k7m --asciicast incident.cast',
  ]
  static override args = {
    id: Args.string({ required: true, description: 'session, or the beginning of its id', ignoreStdin: true }),
  }
  static override flags = {
    operation: Flags.string({
      env: 'HOOP_OPERATION',
      helpValue: 'ID',
      description: 'the operation that ran the program, where the session ran several',
    }),
    speed: Flags.integer({ env: 'HOOP_SPEED', min: 1, max: 1000, default: 1, description: 'so many times as fast' }),
    'idle-limit': Flags.string({
      env: 'HOOP_IDLE_LIMIT',
      helpValue: 'TIME',
      default: '2s',
      description: 'no pause is longer',
    }),
    asciicast: Flags.string({
      env: 'HOOP_ASCIICAST',
      helpValue: 'FILE',
      description: 'write an asciicast (version 2), which asciinema plays; - is standard output',
    }),
    raw: Flags.boolean({ env: 'HOOP_RAW', description: 'leave all control sequences as they were printed' }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(SessionsReplay)
    const device = await this.device(flags)
    const [{ findSession }, { terminalRecording }, { durationMs }] = await Promise.all([
      import('../../services/record.ts'),
      import('../../services/terminal-recording.ts'),
      import('../../services/duration.ts'),
    ])
    const idleLimit = durationMs(flags['idle-limit'], '--idle-limit')
    const { id } = await findSession(device, args.id)
    const recording = await terminalRecording(device, id, flags.operation ?? null)
    if (flags.asciicast !== undefined || flags.json) {
      const { asciicast } = await import('../../present/asciicast.ts')
      const lines = asciicast(recording, { raw: flags.raw, idleLimit })
      if (flags.asciicast === undefined || flags.asciicast === '-') for await (const line of lines) this.answer(line)
      else {
        const { writeNewFile } = await import('../../state/new-file.ts')
        await writeNewFile(flags.asciicast, lines)
      }
      return
    }
    const [{ replay }, { TerminalFilter, terminalReset }, { untilSignal }] = await Promise.all([
      import('../../services/terminal-replay.ts'),
      import('../../present/terminal-filter.ts'),
      import('../../signals.ts'),
    ])
    const filter = new TerminalFilter()
    const write = (text: string) => void process.stdout.write(flags.raw ? text : filter.filter(text))
    const { isTTY } = process.stdout
    // nobody looks on
    const speed = isTTY ? flags.speed : Number.POSITIVE_INFINITY
    await replay(recording.events(), { speed, idleLimit, signal: untilSignal(), write })
    if (isTTY) process.stdout.write(`${terminalReset}\n`)
  }
}
