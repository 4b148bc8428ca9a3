import { Args, Flags } from '@oclif/core'
import { HoopCommand } from '../hoop-command.ts'

export default class Doctor extends HoopCommand {
  static override summary = 'Check a connection, and say for each finding what to do about it.'
  static override description =
    `The gateway looks at the backend as its sessions reach it, with its own account, and changes nothing there.
An admin sees everything; whoever may use the connection sees whether it works.

Exit codes: 0 nothing worse than warnings, 127 the gateway cannot log in there, 1 another problem.`
  static override args = {
    name: Args.string({ required: true, description: 'a connection', ignoreStdin: true }),
  }
  static override flags = {
    quiet: Flags.boolean({ char: 'q', env: 'HOOP_QUIET', description: 'leave out what is well' }),
  }
  static override examples = ['<%= config.bin %> doctor cloudsql-prod', '<%= config.bin %> doctor cloudsql-prod --quiet']

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Doctor)
    const device = await this.device(flags)
    const { DoctorReport } = await import('@hoop/contracts')
    const { doctorReport, exitCodeOf } = await import('../present/doctor.ts')
    const report = await device.client.post(`/v1/connections/${encodeURIComponent(args.name)}/doctor`, undefined, DoctorReport)
    if (flags.json) this.answerJson(report)
    else this.answer(doctorReport(await this.screen(), report, flags))
    this.exit(exitCodeOf(report))
  }
}
