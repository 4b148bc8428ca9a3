import { exitCodes, HoopError } from '@hoop/contracts/errors'
import type { Device } from './device.ts'
import type { ExecWork } from './exec.ts'
import { askedOperations, exitOfFailure } from './exec-report.ts'
import { runStatements, type StatementError, type StatementResult } from './statements.ts'

export interface StatementsOptions {
  readonly text: string
  /** How long a held statement may wait, in ms; null: as long as its rule lets it. */
  readonly wait: number | null
  readonly signal: AbortSignal
}
/** What is shown of it. */
export interface StatementsNews {
  results(results: readonly StatementResult[]): Promise<void>
  failed(error: StatementError, exit: number): void
  notice(words: string): void
  /** `--wait` is over: it was withdrawn. */
  stillHeld(approval: string): void
}

/** SQLSTATE of a text that is no SQL. The gateway refuses it, but no rule is against it: the database would have said the same. */
const syntaxError = '42601'

/** Runs statements; its exit code says who refused them, or that one is still held. */
export function statementsWork(device: Device, options: StatementsOptions, news: StatementsNews): ExecWork {
  return async (endpoint, sessions) => {
    const { text, wait } = options
    const patience = new AbortController()
    let timer: NodeJS.Timeout | null = null
    let approval = ''

    /** Only the record is believed: a function of the database can say the same words. */
    async function mayBeHeld(): Promise<void> {
      if (wait === null || timer !== null) return
      const waiting = (await askedOperations(device, sessions)).find(({ held, decided }) => held !== null && decided === null)
      if (!waiting?.held || timer !== null) return
      approval = waiting.held.approval
      timer = setTimeout(() => patience.abort(new HoopError('conflict', 'still held')), wait)
    }

    try {
      const outcome = await runStatements(endpoint, {
        text,
        signal: AbortSignal.any([options.signal, patience.signal]),
        notice(message) {
          news.notice(message)
          if (message.startsWith('held for approval ')) mayBeHeld().catch(() => {})
        },
      })
      if (outcome.kind === 'done') {
        await news.results(outcome.results)
        return exitCodes.ok
      }
      const unreadable = outcome.error.code === syntaxError
      const exit = unreadable ? exitCodes.failed : exitOfFailure(await askedOperations(device, sessions))
      news.failed(outcome.error, exit)
      return exit
    } catch (error) {
      if (!patience.signal.aborted || options.signal.aborted) throw error
      news.stillHeld(approval)
      return exitCodes.held
    } finally {
      if (timer !== null) clearTimeout(timer)
    }
  }
}
