import type { HoopError, LiveEvent, PassedOperations, RecordedEvent } from '@hoop/contracts'
import type { ConnectNews } from '../services/connect.ts'
import { connectionString, type Endpoint, socketName } from '../services/endpoints.ts'
import { type ConnectEvent, connectEvents } from './connect-events.ts'
import { escapedJson, escapeLine, firstLine } from './escape.ts'
import { liveLines, OperationTracker, type OperationView } from './operations.ts'
import type { Screen } from './screen.ts'
import type { StatusLines } from './status-line.ts'

export interface ConnectScreenOptions {
  readonly json: boolean
  readonly showPassword: boolean
  /** Several connections: live lines say whose they are. */
  readonly several: boolean
  /** A program of the person's has the terminal: only what it cannot tell is said. */
  readonly quiet: boolean
  /** libpq's password file that knows the ports. */
  readonly passwordFile: string
  /** A kubeconfig of the person's that has the contexts; null: none. */
  readonly kubeconfig: string | null
  /** Says lines above what is held now; null: not a terminal. */
  readonly status: StatusLines | null
  /** A desktop notice; null: none are wanted. */
  readonly notify: ((title: string, words: string) => void) | null
  answer(text: string): void
  note(text: string): void
}

/** What `hoop connect` shows: connection strings on stdout, what happens on stderr; with JSON all of it as events on stdout. */
export class ConnectScreen implements ConnectNews {
  readonly #screen: Screen
  readonly #options: ConnectScreenOptions
  readonly #trackers = new Map<string, OperationTracker>()
  /** Went through and were not listed, by connection, since that was last said. */
  readonly #passed = new Map<string, { operations: number; rows: number }>()
  #counting: NodeJS.Timeout | null = null
  readonly #protocols = new Map<string, string>()

  constructor(screen: Screen, options: ConnectScreenOptions) {
    this.#screen = screen
    this.#options = options
  }

  ready(endpoint: Endpoint, session: string): void {
    const { json, showPassword, quiet, answer } = this.#options
    this.#protocols.set(endpoint.connection, endpoint.protocol)
    const url = connectionString(endpoint, showPassword)
    const { password: _, ...shown } = endpoint
    if (json) {
      const passwordFile = endpoint.protocol === 'postgres' ? this.#options.passwordFile : null
      return this.#tell({ event: 'ready', ...shown, passwordFile, url, session })
    }
    const { configuration } = endpoint
    answer(
      `${escapeLine(endpoint.connection)}  →  ${url}${configuration === null ? '' : `  KUBECONFIG=${escapeLine(configuration)}`}`,
    )
    if (!quiet) for (const line of this.#howToUse(endpoint)) this.#say(this.#screen.colour.dim(line))
  }

  /** How a program of the protocol is told where to go, and its password. */
  #howToUse(endpoint: Endpoint): string[] {
    const { showPassword, passwordFile, kubeconfig } = this.#options
    const { connection, protocol, password, configuration } = endpoint
    switch (protocol) {
      case 'kubernetes':
        return kubeconfig === null
          ? [`export KUBECONFIG=${escapeLine(configuration ?? '')}`, 'kubectl get pods']
          : [`kubectl --kubeconfig ${escapeLine(kubeconfig)} --context hoop-${connection} get pods`]
      case 'http': {
        const { host, port } = endpoint
        return [
          ...(host.startsWith('/')
            ? [
                `curl --unix-socket ${escapeLine(`${host}/${socketName({ name: connection, protocol }, port)}`)} http://localhost/…`,
              ]
            : []),
          showPassword
            ? `Authorization: Bearer ${password}`
            : `a request shows the local password: Authorization: Bearer …; --show-password prints it, and hoop exec ${connection} -- gives a command URL and TOKEN`,
        ]
      }
      default:
        return showPassword
          ? []
          : [`psql finds the local password by PGPASSFILE=${escapeLine(passwordFile)}; --show-password prints it`]
    }
  }

  interrupted(words: string): void {
    if (this.#options.json) this.#tell({ event: 'interrupted', words })
    else this.#say(this.#screen.colour.yellow(`the network is away: ${escapeLine(words)} What is under way waits for it`))
  }

  resumed(): void {
    if (this.#options.json) this.#tell({ event: 'resumed' })
    else this.#say(this.#screen.colour.green('the network is back; nothing was lost'))
  }

  lost(words: string): void {
    this.#options.status?.clear()
    if (this.#options.json) this.#tell({ event: 'lost', words })
    else this.#say(this.#screen.colour.yellow(`the tunnel was lost: ${escapeLine(words)}; reconnecting`))
  }

  retrying(error: HoopError, delayMs: number): void {
    if (this.#options.json) this.#tell({ event: 'retrying', words: error.message, delayMs })
    else this.#say(this.#screen.colour.yellow(`${escapeLine(error.message)}; trying again within ${Math.ceil(delayMs / 1000)} s`))
  }

  restored(): void {
    if (this.#options.json) this.#tell({ event: 'restored' })
    else this.#say(this.#screen.colour.green('connected again, in a new session; same port'))
  }

  event(connection: string, session: string, event: LiveEvent): void {
    if (event.type === 'passed') return this.#count(connection, session, event)
    const tracker = this.#trackers.get(session) ?? new OperationTracker()
    this.#trackers.set(session, tracker)
    const view = tracker.add(event)
    if (event.type === 'session.closed') this.#trackers.delete(session)
    if (!view || view.operation.by === 'hoop') return
    if (this.#options.json) {
      for (const told of connectEvents(connection, session, view, event)) this.#tell(told)
      return
    }
    const whose = this.#options.several ? `${this.#screen.colour.dim(connection)}  ` : ''
    if (!this.#options.quiet) for (const line of liveLines(this.#screen, view, event)) this.#say(whose + line)
    this.#hold(connection, view, event)
  }

  /** Once a second is as often as a person reads it. */
  #count(connection: string, session: string, { operations, rows }: PassedOperations): void {
    if (this.#options.json) return this.#tell({ event: 'passed', connection, session, operations, rows })
    if (this.#options.quiet) return
    const passed = this.#passed.get(connection)
    this.#passed.set(connection, {
      operations: (passed?.operations ?? 0) + operations,
      rows: (passed?.rows ?? 0) + rows,
    })
    this.#counting ??= setTimeout(() => this.#sayPassed(), 1000).unref()
  }

  #sayPassed(): void {
    this.#counting = null
    const { colour } = this.#screen
    for (const [connection, { operations, rows }] of this.#passed) {
      const whose = this.#options.several ? `${colour.dim(escapeLine(connection))}  ` : ''
      const what =
        this.#protocols.get(connection) === 'postgres'
          ? `${operations} more statements  ${colour.dim(`${rows} rows`)}`
          : `${operations} more requests`
      this.#say(`${whose}${colour.green('done')}     ${what}`)
    }
    this.#passed.clear()
  }

  /** The terminal's last lines, and the desktop, tell what waits for a person. */
  #hold(connection: string, { operation }: OperationView, event: RecordedEvent): void {
    const { status, notify } = this.#options
    const text = firstLine(operation.text, 100)
    if (event.type === 'held') {
      const expiresAt = Date.parse(event.time) + event.timeout * 1000
      status?.held(operation.id, { approval: event.approval, text: operation.text, expiresAt })
      notify?.(`hoop: held on ${connection}`, text)
    } else if (event.type === 'decided') {
      status?.settled(operation.id)
      notify?.(`hoop: ${event.decision} on ${connection}`, text)
    } else if (event.type === 'outcome') status?.settled(operation.id)
  }

  ended(connection: string, words: string): void {
    if (this.#options.json) this.#tell({ event: 'ended', connection, words })
    else this.#say(this.#screen.colour.red(`${connection}: the session was ended: ${escapeLine(words)}; its port is closed`))
  }

  trouble(connection: string, words: string): void {
    if (this.#options.json) this.#tell({ event: 'trouble', connection, words })
    else this.#say(this.#screen.colour.yellow(`${connection}: ${escapeLine(words)}`))
  }

  #tell(event: ConnectEvent): void {
    this.#options.answer(escapedJson(event))
  }
  #say(line: string): void {
    const { status, note } = this.#options
    if (status === null) note(line)
    else status.say(line)
  }
}
