import { exitCodes, HoopError } from '@hoop/contracts/errors'
import type { OperationView } from '../present/operations.ts'
import type { Device } from './device.ts'
import { requirePostgres } from './endpoints.ts'
import type { ExecWork } from './exec.ts'
import { askedOperations, exitOfFailure } from './exec-report.ts'
import { exitOfDecision, type InboxItem, untilDecided } from './inbox.ts'
import { runStatements, type StatementError, type StatementResult } from './statements.ts'

export interface StatementsOptions {
  readonly text: string
  /** How long a held statement may wait, in ms; null: as long as its rule lets it, and with a ticket not at all. */
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

type Held = Extract<InboxItem, { kind: 'operation' }>

/** SQLSTATE of a text that is no SQL. The gateway refuses it, but no rule is against it: the database would have said the same. */
const syntaxError = '42601'

/**
 * Runs statements; its exit code says who refused them, or that one is still held. All of them are one operation: where it is held, none has run, and
 * one that has a ticket is sent again as it was once that is approved.
 */
export function statementsWork(device: Device, options: StatementsOptions, news: StatementsNews): ExecWork {
  return async (endpoint, sessions) => {
    const { connection: name, protocol } = endpoint
    requirePostgres({ name, protocol }, 'statements are for PostgreSQL', `give a command: hoop exec ${name} -- COMMAND`)
    const { text, wait } = options
    const patience = new AbortController()
    let timer: NodeJS.Timeout | undefined
    /** When `--wait` is over; null: nothing was held yet. */
    let over: number | null = null
    let approval = ''

    function timeLeft(): number {
      over ??= Date.now() + (wait ?? 0)
      return Math.max(0, over - Date.now())
    }

    /** Only the record is believed: a function of the database can say the same words. */
    async function heldNow(): Promise<string | null> {
      return (await askedOperations(device, sessions)).find(isHeld)?.held?.approval ?? null
    }

    async function mayBeHeld(): Promise<void> {
      if (wait === null) return
      const held = await heldNow()
      if (held === null || timer !== undefined) return
      approval = held
      timer = setTimeout(() => void withdraw(), timeLeft())
    }

    /** What was approved meanwhile runs on. */
    async function withdraw(): Promise<void> {
      const held = await heldNow().catch(() => approval)
      timer = undefined
      if (held !== null) patience.abort(new HoopError('conflict', 'still held'))
    }

    /** What is decided of a ticket before `--wait` is over; null: nothing. */
    async function decisionOf(ticket: string): Promise<Held | null> {
      news.notice(`waiting for ${ticket}: once it is approved, the same is sent again`)
      const late = AbortSignal.timeout(timeLeft())
      try {
        const item = await untilDecided(device, ticket, AbortSignal.any([options.signal, late]))
        return item.kind === 'operation' ? item : null
      } catch (error) {
        if (late.aborted && !options.signal.aborted) return null
        throw error
      }
    }

    try {
      for (;;) {
        const outcome = await runStatements(endpoint, {
          text,
          signal: AbortSignal.any([options.signal, patience.signal]),
          notice(message) {
            news.notice(message)
            if (message.startsWith('held for approval ')) mayBeHeld().catch(() => {})
          },
        })
        clearTimeout(timer)
        timer = undefined
        if (outcome.kind === 'done') {
          await news.results(outcome.results)
          return exitCodes.ok
        }
        const asked = await askedOperations(device, sessions)
        const ticket = wait === null ? null : ticketOf(asked.at(-1))
        const decision = ticket === null ? null : await decisionOf(ticket)
        if (decision?.state === 'approved') continue
        const unreadable = outcome.error.code === syntaxError
        const exit = decision !== null ? exitOfDecision(decision) : unreadable ? exitCodes.failed : exitOfFailure(asked)
        news.failed(decision === null ? outcome.error : notApproved(decision), exit)
        return exit
      }
    } catch (error) {
      if (!patience.signal.aborted || options.signal.aborted) throw error
      news.stillHeld(approval)
      return exitCodes.held
    } finally {
      clearTimeout(timer)
    }
  }
}

function isHeld({ held, decided, outcome }: OperationView): boolean {
  return held !== null && decided?.approval !== held.approval && outcome === null
}

/** The approval that an operation did not wait for; the gate's own words on the record say which. */
function ticketOf(last: OperationView | undefined): string | null {
  const error = last?.outcome?.kind === 'not-run' ? last.outcome.error : null
  if (error?.code !== 'held') return null
  return /^held for approval (ap_[0-9a-f-]{36})\b/.exec(error.message)?.[1] ?? null
}

function notApproved(item: Held): StatementError {
  const who = item.decidedBy?.name ?? 'nobody'
  const message =
    item.state === 'denied'
      ? `${who} denied this statement: ${item.decisionReason ?? 'no reason given'}`
      : item.state === 'timed-out'
        ? 'nobody approved this statement in time'
        : `the approval ${item.id} is ${item.state}: ${item.decisionReason ?? 'it cannot be used'}`
  return { code: '42501', message, detail: 'It was held for approval and not run.', hint: null }
}
