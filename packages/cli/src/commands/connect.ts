import { Args, Flags } from '@oclif/core'
import { HoopCommand, localFlags } from '../hoop-command.ts'

export default class Connect extends HoopCommand {
  static override summary = 'Open a local port for each connection and keep it open.'
  static override description =
    'The port of a connection is the same from run to run. Prints a connection string for each, then shows what happens: statements, masked values, held and refused statements. Ctrl-C ends it.'
  static override strict = false
  static override args = {
    name: Args.string({ required: true, description: 'connection; several may be given', ignoreStdin: true }),
  }
  static override flags = {
    port: Flags.integer({ env: 'HOOP_PORT', min: 1, max: 65_535, description: 'local port, from now on' }),
    reason: Flags.string({ env: 'HOOP_REASON', description: 'why, for the record and for approvers' }),
    'show-password': Flags.boolean({
      env: 'HOOP_SHOW_PASSWORD',
      description: 'print the local password in the connection string',
    }),
    'rotate-secret': Flags.boolean({ env: 'HOOP_ROTATE_SECRET', description: 'make a new local password first' }),
    'any-user': Flags.boolean({
      env: 'HOOP_ANY_USER',
      description: 'let in programs of other users of this machine who know the password',
    }),
    ...localFlags,
    'ready-file': Flags.string({
      env: 'HOOP_READY_FILE',
      helpValue: 'FILE',
      description: 'written when all ports are open, removed at the end',
    }),
  }
  static override examples = [
    '<%= config.bin %> connect cloudsql-prod',
    '<%= config.bin %> connect orders-db crm-db --reason INC-42',
  ]

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Connect)
    const [{ HoopError }, { connect }, { ConnectScreen }, { untilSignal }] = await Promise.all([
      import('@hoop/contracts'),
      import('../services/connect.ts'),
      import('../present/connect.ts'),
      import('../signals.ts'),
    ])
    const names = [...new Set(argv.map(String))]
    if (flags.port !== undefined && names.length > 1)
      throw new HoopError('invalid_request', '--port is for one connection at a time')
    const device = await this.device(flags)
    const signal = untilSignal()
    const screen = await this.screen(process.stderr)
    const show = new ConnectScreen(screen, {
      json: flags.json,
      showPassword: flags['show-password'],
      several: names.length > 1,
      answer: (text) => this.answer(text),
      note: (text) => this.note(text),
    })
    const options = {
      names,
      port: flags.port ?? null,
      reason: flags.reason ?? null,
      anyUser: flags['any-user'],
      localTls: flags['local-tls'],
      socketFolder: await this.socketFolder(flags),
      rotateSecret: flags['rotate-secret'],
      readyFile: flags['ready-file'] ?? null,
      version: this.config.version,
      signal,
    }
    await connect(device, options, show)
  }
}
