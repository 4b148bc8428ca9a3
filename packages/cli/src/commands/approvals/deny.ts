import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class Deny extends HoopCommand {
  static override summary = 'Refuse a held operation, or access that was asked for; it needs a reason.'
  static override examples = ['<%= config.bin %> approvals deny ap_0540 --reason "in working hours only"']
  static override args = {
    id: Args.string({ required: true, description: 'approval, or the beginning of its id', ignoreStdin: true }),
  }
  static override flags = { reason: Flags.string({ env: 'HOOP_REASON', description: 'why; shown to whoever asked' }) }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Deny)
    const [{ decide }, { withRecentLogin }] = await Promise.all([
      import('../../services/inbox.ts'),
      import('../../present/recent-login.ts'),
    ])
    const reason = flags.reason ?? (await this.#askWhy())
    const item = await withRecentLogin(
      async () => decide(await this.device(flags), args.id, 'deny', { reason }),
      () => this.config.runCommand('login', flags.gateway === undefined ? [] : [flags.gateway]),
    )
    if (flags.json) return this.answerJson(item)
    const { inboxLine } = await import('../../present/inbox.ts')
    this.answer(inboxLine(await this.screen(), item, Date.now()))
  }

  async #askWhy(): Promise<string> {
    const { HoopError } = await import('@hoop/contracts/errors')
    const { ask } = await import('../../present/ask.ts')
    const reason = process.stdin.isTTY && process.stderr.isTTY ? await ask('Why is it refused?') : ''
    if (reason === '') throw new HoopError('invalid_request', 'a denial needs a reason', { hint: '--reason TEXT' })
    return reason
  }
}
