import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class AccessRequest extends HoopCommand {
  static override summary = 'Ask for access to a connection, for a while.'
  static override description =
    'The time runs from the moment at which it is granted, and nothing makes it longer: who needs more asks again.'
  static override examples = ['<%= config.bin %> access request prod --reason "incident 4711" --for 2h']
  static override args = { name: Args.string({ required: true, description: 'connection', ignoreStdin: true }) }
  static override flags = {
    reason: Flags.string({ env: 'HOOP_REASON', required: true, description: 'why; approvers read it, and it is kept' }),
    for: Flags.string({ env: 'HOOP_FOR', default: '1h', helpValue: 'TIME', description: 'for how long, as in 30m or 2h' }),
    wait: Flags.boolean({ env: 'HOOP_WAIT', description: 'wait until it is granted or refused' }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(AccessRequest)
    const device = await this.device(flags)
    const [{ requestAccess, untilGranted }, { grantLine }, { untilSignal }] = await Promise.all([
      import('../../services/access.ts'),
      import('../../present/access.ts'),
      import('../../signals.ts'),
    ])
    const asked = await requestAccess(device, { connection: args.name, reason: flags.reason, lasts: flags.for })
    const screen = await this.screen()
    if (flags.wait && !flags.json) this.note(grantLine(screen, asked, Date.now()))
    const grant = flags.wait ? await untilGranted(device, asked.id, untilSignal()) : asked
    if (flags.json) return this.answerJson(grant)
    this.answer(grantLine(screen, grant, Date.now()))
    if (grant.state === 'requested') this.note(`It is for ${grant.approvers.join(' or ')} to decide: hoop access ls`)
  }
}
