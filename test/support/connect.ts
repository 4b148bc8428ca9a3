import { type Program, startHoop } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import type { Stoppable } from './keep.ts'

/** A running `hoop connect`. */
export interface Connect extends Stoppable {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** Connection string with the local password. */
  readonly url: string
  /** Path of the file by which programs of its protocol are configured; null: they need none. */
  readonly configuration: string | null
  /** The session's id. */
  readonly session: string
  /** The events that it tells, one JSON object a line: `program.find('stdout', …)`. */
  readonly program: Program
}

/** What `hoop connect --json` says when the port is open. */
type ReadyEvent = Omit<Connect, 'password' | 'program' | 'stop'> & { readonly event: string }

/**
 * Starts the real `hoop connect NAME` and waits until its port is open: a free one unless `--port` is given, for the stable ports of
 * many homes on one machine begin at the same number.
 */
export async function startConnect(name: string, options: { home: string; args?: readonly string[] }): Promise<Connect> {
  const given = options.args ?? []
  const port = given.includes('--port') ? [] : ['--port', String(await freePort())]
  const args = ['connect', name, '--json', '--show-password', ...port, ...given]
  const program = await startHoop(args, { home: options.home })
  try {
    const ready = await program.find('stdout', readyEvent)
    // A URL of a Unix socket has no host, which is no URL to WHATWG.
    const password = decodeURIComponent(/^[a-z]+:\/\/[^:@/]*:([^@/]*)@/.exec(ready.url)?.[1] ?? '')
    return { ...ready, password, program, stop: () => program.stop('SIGINT') }
  } catch (error) {
    await program.stop()
    throw error
  }
}

function readyEvent(line: string): ReadyEvent | undefined {
  const event = JSON.parse(line) as ReadyEvent
  return event.event === 'ready' ? event : undefined
}
