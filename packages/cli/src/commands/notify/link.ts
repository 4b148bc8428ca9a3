import { HoopError } from '@hoop/contracts/errors'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../../hoop-command.ts'

export default class NotifyLink extends HoopCommand {
  static override summary = 'Say that an account of a chat is yours: what it decides there, you decide.'
  static override description =
    'The chat shows the code to the account that presses a button. Take no code from anybody else: their account would decide as you.'
  static override examples = ['<%= config.bin %> notify link 4tq9x0m2kd']
  static override args = {
    code: Args.string({ required: true, description: 'the code that the chat showed', ignoreStdin: true }),
  }
  static override flags = {
    yes: Flags.boolean({ env: 'HOOP_YES', description: 'the account is yours: do not ask' }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(NotifyLink)
    const device = await this.device(flags)
    const { ChatLink } = await import('@hoop/contracts')
    const link = (confirm: boolean) => device.client.post('/v1/notify/link', { code: args.code, confirm }, ChatLink)
    const { name, account, team, notifier } = await link(false)
    const { escapeLine } = await import('../../present/escape.ts')
    const what = escapeLine(`${name} (${account} of ${team}, by Notifier/${notifier})`)
    if (!flags.yes) {
      if (!process.stdin.isTTY) {
        throw new HoopError('invalid_request', `the account is ${what}, and nobody can be asked whether it is yours`, {
          hint: 'if it is: --yes',
        })
      }
      const { confirm } = await import('../../present/ask.ts')
      if (!(await confirm(`Is ${what} your account? It decides as you from then on.`))) return this.note('Nothing was linked.')
    }
    const linked = await link(true)
    if (flags.json) return this.answerJson(linked)
    this.note(`${what} decides as you now. hoop notify unlink ends that.`)
  }
}
