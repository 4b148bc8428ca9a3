import type { HoopError, RecordedEvent } from '@hoop/contracts'
import type { ConnectNews } from '../services/connect.ts'
import { connectionString, type Endpoint } from '../services/endpoints.ts'
import { escapedJson, escapeLine } from './escape.ts'
import { liveLines, OperationTracker } from './operations.ts'
import type { Screen } from './screen.ts'

export interface ConnectScreenOptions {
  readonly json: boolean
  readonly showPassword: boolean
  /** Several connections: live lines say whose they are. */
  readonly several: boolean
  answer(text: string): void
  note(text: string): void
}

/** What `hoop connect` shows: connection strings on stdout, what happens on stderr; with JSON all of it as events on stdout. */
export class ConnectScreen implements ConnectNews {
  readonly #screen: Screen
  readonly #options: ConnectScreenOptions
  readonly #trackers = new Map<string, OperationTracker>()

  constructor(screen: Screen, options: ConnectScreenOptions) {
    this.#screen = screen
    this.#options = options
  }

  ready(endpoint: Endpoint, session: string): void {
    const { json, showPassword, answer, note } = this.#options
    const url = connectionString(endpoint, showPassword)
    const { password: _, ...shown } = endpoint
    if (json) {
      this.#tell({ event: 'ready', ...shown, url, session })
      return
    }
    answer(`${escapeLine(endpoint.connection)}  →  ${url}`)
    if (!showPassword)
      note(this.#screen.colour.dim('the local password is shown by --show-password; `hoop exec` sets it by itself'))
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

  event(connection: string, session: string, event: RecordedEvent): void {
    if (this.#options.json) {
      this.#tell({ event: 'recorded', connection, session, recorded: event })
      return
    }
    const tracker = this.#trackers.get(session) ?? new OperationTracker()
    this.#trackers.set(session, tracker)
    const view = tracker.add(event)
    if (event.type === 'session.closed') this.#trackers.delete(session)
    if (!view || view.operation.by === 'hoop') return
    const whose = this.#options.several ? `${this.#screen.colour.dim(connection)}  ` : ''
    for (const line of liveLines(this.#screen, view, event)) this.#say(whose + line)
  }

  ended(connection: string, words: string): void {
    if (this.#options.json) this.#tell({ event: 'ended', connection, words })
    else this.#say(this.#screen.colour.red(`${connection}: the session was ended: ${escapeLine(words)}; its port is closed`))
  }

  trouble(connection: string, words: string): void {
    if (this.#options.json) this.#tell({ event: 'trouble', connection, words })
    else this.#say(this.#screen.colour.yellow(`${connection}: ${escapeLine(words)}`))
  }

  #tell(event: Record<string, unknown>): void {
    this.#options.answer(escapedJson(event))
  }
  #say(line: string): void {
    this.#options.note(line)
  }
}
