import { HoopError } from '@hoop/contracts/errors'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class LoginsEnd extends HoopCommand {
  static override summary = 'End a login, with everything that goes on by it.'
  static override description =
    'One of your own, as on a device that is lost; admins end anybody’s. hoop logins shows the ids, of which a beginning is enough.'
  static override examples = ['<%= config.bin %> logins end 7c1f', '<%= config.bin %> logins end --of ada@example.com']
  static override args = { id: Args.string({ description: 'id of the login', ignoreStdin: true }) }
  static override flags = {
    of: Flags.string({
      env: 'HOOP_OF',
      helpValue: 'WHO',
      description: 'somebody’s (id or e-mail): without an ID, all of them; for admins',
    }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(LoginsEnd)
    if (args.id === undefined && flags.of === undefined) {
      throw new HoopError('invalid_request', 'which login?', {
        hint: 'hoop logins shows them; hoop logout --everywhere ends all of yours',
      })
    }
    const device = await this.device(flags)
    const { endAllLogins, endLogin } = await import('../../services/logins.ts')
    const of = flags.of ?? null
    const ended = args.id === undefined ? await endAllLogins(device, of) : await endLogin(device, args.id, of)
    if (flags.json) this.answerJson({ ended })
    else this.note(ended === 1 ? 'One login was ended.' : `${ended} logins were ended.`)
  }
}
