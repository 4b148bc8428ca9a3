import { constants } from 'node:os'

/** Aborts at the first SIGINT or SIGTERM; the second ends the process at once. */
export function untilSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + constants.signals[name])
      controller.abort(new Interrupted(name))
    })
  }
  return controller.signal
}

/** The person ended the command. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  /** 128 and the signal's number. */
  readonly exit: number
  constructor(signal: NodeJS.Signals) {
    super(`ended by ${signal}`)
    this.exit = 128 + constants.signals[signal]
  }
}
