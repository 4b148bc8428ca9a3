import { resolve } from 'node:path'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { HoopCommand, localFlags } from '../hoop-command.ts'
import { backgroundLog } from '../surroundings.ts'

export default class Connect extends HoopCommand {
  static override summary = 'Open a local port for each connection and keep it open.'
  static override description =
    `The port of a connection is the same from run to run. Prints a connection string for each (for Kubernetes: a kubeconfig), then shows what happens: statements
and requests, masked values, what is held and what is refused. A terminal's last lines are what is held now, and its desktop is told. Ctrl-C ends it.

Exit codes: 0 ended by you, 120 not logged in, 121 no access, 126 the gateway is away, 127 the gateway ended every session.`
  static override strict = false
  static override args = {
    name: Args.string({ required: true, description: 'connection; several may be given', ignoreStdin: true }),
  }
  static override flags = {
    port: Flags.integer({ env: 'HOOP_PORT', min: 1, max: 65_535, description: 'local port, from now on' }),
    reason: Flags.string({ env: 'HOOP_REASON', description: 'why, for the record and for approvers' }),
    duration: Flags.string({ env: 'HOOP_DURATION', helpValue: 'TIME', description: 'end after so long, as in 30m or 8h' }),
    background: Flags.boolean({
      env: 'HOOP_BACKGROUND',
      description: 'go on without this terminal, once the ports are open; hoop disconnect ends it',
    }),
    open: Flags.option({
      env: 'HOOP_OPEN',
      options: ['psql', 'pgcli', 'dbeaver'] as const,
      exclusive: ['background'],
      description: 'open the connection in this program; psql and pgcli take the terminal, and connect ends with them',
    })(),
    'show-password': Flags.boolean({
      env: 'HOOP_SHOW_PASSWORD',
      description: 'print the local password in the connection string',
    }),
    pgpass: Flags.boolean({
      env: 'HOOP_PGPASS',
      description: 'put the local password into ~/.pgpass, too, as long as the ports are open',
    }),
    kubeconfig: Flags.string({
      env: 'HOOP_KUBECONFIG',
      helpValue: 'FILE',
      description: 'put a context hoop-NAME for each cluster into this kubeconfig, too, as long as the ports are open',
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
    'no-notice': Flags.boolean({ env: 'HOOP_NO_NOTICE', description: 'no bell and no desktop notice when a statement is held' }),
  }
  static override examples = [
    '<%= config.bin %> connect cloudsql-prod',
    '<%= config.bin %> connect orders-db crm-db --reason INC-42 --duration 2h',
    '<%= config.bin %> connect cloudsql-prod --background',
    '<%= config.bin %> connect cloudsql-prod --open psql',
    '<%= config.bin %> connect gke-prod --kubeconfig ~/.kube/config',
  ]

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Connect)
    const [{ HoopError }, { durationMs }] = await Promise.all([
      import('@hoop/contracts/errors'),
      import('../services/duration.ts'),
    ])
    const names = [...new Set(argv.map(String))]
    const one = (flag: string) => new HoopError('invalid_request', `${flag} is for one connection at a time`)
    if (flags.port !== undefined && names.length > 1) throw one('--port')
    if (flags.open !== undefined && names.length > 1) throw one('--open')
    const duration = flags.duration === undefined ? null : durationMs(flags.duration, '--duration')
    const log = this.surroundings.backgroundLog
    // what we start is not in the background
    delete process.env[backgroundLog]
    if (flags.background && log === null) {
      const device = await this.device(flags)
      // else the one in the background says so, less well
      await device.tokens.accessToken()
      const args = process.argv.slice(2).filter((word) => word !== '--background')
      const { startInBackground } = await import('../services/background.ts')
      const started = await startInBackground(device.home, process.argv[1] ?? '', args)
      for (const line of started.lines) this.answer(line)
      if (!flags.json) this.note(`In the background as process ${started.pid}, until: hoop disconnect ${names.join(' ')}`)
      return
    }
    const opening = this.device(flags)
    // who is not logged in need not wait for the rest to load; in the background the parent is told
    if (log === null) await opening
    else opening.catch(() => {})
    const [
      { runConnect },
      { ConnectScreen },
      { StatusLines },
      { desktopNotice },
      { ownPasswordFile },
      { statePaths },
      { boundLog },
    ] = await Promise.all([
      import('../services/run-connect.ts'),
      import('../present/connect.ts'),
      import('../present/status-line.ts'),
      import('../present/notices.ts'),
      import('../local/password-file.ts'),
      import('../state/folder.ts'),
      import('../state/background-logs.ts'),
    ])
    const screen = await this.screen(process.stderr)
    const { passwords } = statePaths(this.surroundings.home)
    const kubeconfig = flags.kubeconfig === undefined ? null : resolve(flags.kubeconfig)
    const quiet = flags.open === 'psql' || flags.open === 'pgcli'
    const live = screen.terminal && !flags.json && !quiet
    const status = live ? new StatusLines(process.stderr, screen) : null
    const lines: string[] = []
    const wrote = log === null ? () => {} : boundLog(log, process.stderr.fd)
    const show = new ConnectScreen(screen, {
      json: flags.json,
      showPassword: flags['show-password'],
      several: names.length > 1,
      quiet,
      passwordFile: passwords,
      kubeconfig,
      status,
      notify:
        live && !flags['no-notice'] ? (title, words) => process.stderr.write(desktopNotice(title, words, process.env)) : null,
      answer: (text) => {
        if (log !== null && lines.length < names.length) lines.push(text)
        this.answer(text)
        wrote()
      },
      note: (text) => {
        this.note(text)
        wrote()
      },
    })
    try {
      process.exitCode = await runConnect(
        () => opening,
        {
          names,
          port: flags.port ?? null,
          reason: flags.reason ?? null,
          anyUser: flags['any-user'],
          localTls: flags['local-tls'],
          socketFolder: await this.socketFolder(flags),
          rotateSecret: flags['rotate-secret'],
          readyFile: flags['ready-file'] ?? null,
          kubeconfig,
          passwordFiles: [passwords, ...(flags.pgpass ? [ownPasswordFile(process.env)] : [])],
          version: this.config.version,
          duration,
          program: flags.open ?? null,
          log,
          answered: () => lines,
        },
        show,
      )
    } finally {
      status?.clear()
    }
  }
}
