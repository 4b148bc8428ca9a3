import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand } from '../hoop-command.ts'
import type { Device } from '../services/device.ts'

export default class Doctor extends HoopCommand {
  static override summary = 'Check a connection, and say for each finding what to do about it.'
  static override description =
    `The gateway looks at the backend as its sessions reach it, with its own account, and changes nothing there.
An admin sees everything; whoever may use the connection sees whether it works.

--bypass looks from this machine instead, and needs no name: does a backend answer here directly, and does a credential for Google, AWS, Kubernetes or
a database lie about? It reads names and places, never a secret.

Exit codes: 0 nothing worse than warnings, 127 the gateway cannot log in there, 1 another problem.`
  static override args = {
    name: Args.string({ description: 'a connection; needed without --bypass', ignoreStdin: true }),
  }
  static override flags = {
    bypass: Flags.boolean({ env: 'HOOP_BYPASS', description: 'look for ways around the gateway on this machine' }),
    quiet: Flags.boolean({ char: 'q', env: 'HOOP_QUIET', description: 'leave out what is well' }),
  }
  static override examples = [
    '<%= config.bin %> doctor cloudsql-prod',
    '<%= config.bin %> doctor cloudsql-prod --quiet',
    '<%= config.bin %> doctor --bypass',
  ]

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Doctor)
    const device = await this.device(flags)
    if (flags.bypass) return await this.#bypass(device, args.name ?? null, flags)
    if (args.name === undefined) {
      const { HoopError } = await import('@hoop/contracts/errors')
      throw new HoopError('invalid_request', 'which connection?', { hint: 'hoop ls shows those that you may use' })
    }
    const { DoctorReport } = await import('@hoop/contracts')
    const { doctorReport, exitCodeOf } = await import('../present/doctor.ts')
    const report = await device.client.post(`/v1/connections/${encodeURIComponent(args.name)}/doctor`, undefined, DoctorReport)
    if (flags.json) this.answerJson(report)
    else this.answer(doctorReport(await this.screen(), report, flags))
    this.exit(exitCodeOf(report))
  }

  async #bypass(device: Device, name: string | null, flags: { json: boolean; quiet: boolean }): Promise<void> {
    const [{ findBypasses, metadataAddress, podTokenFile }, { bypassReport }, { homedir }] = await Promise.all([
      import('../services/bypass.ts'),
      import('../present/bypass.ts'),
      import('node:os'),
    ])
    const machine = { env: process.env, home: homedir(), metadata: metadataAddress, podToken: podTokenFile }
    const findings = await findBypasses(device, name, machine)
    if (flags.json) this.answerJson(findings)
    else this.answer(bypassReport(await this.screen(), findings, flags))
    this.exit(findings.some(({ status }) => status === 'problem') ? 1 : 0)
  }
}
