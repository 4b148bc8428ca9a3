import { HoopError } from '@hoop/contracts'
import type { Documents } from '../documents/documents.ts'
import type { Caller } from '../identity/access-tokens.ts'
import type { Logins } from '../identity/logins.ts'
import { mustStillBeLetIn } from '../identity/machine-document.ts'
import type { ActiveGrants } from './active-grants.ts'

/** Node's timers count milliseconds in 31 bits. */
const longestTimer = 2 ** 31 - 1
/** Milliseconds until it is asked again what could not be told. */
const askAgainAfter = 2000

/** What one identity may have going on at a time: its most sessions and tunnels, and as much again that is followed. */
const mostHeld = 2 * (1024 + 256)

/** What goes on for longer than a request is authorised anew whenever something changes that the answer depends on. */
export class StandingAccess {
  readonly #documents: Pick<Documents, 'current' | 'onChange'>
  readonly #logins: Logins
  readonly #grants: Pick<ActiveGrants, 'onChange'>
  /** How much goes on, by identity. */
  readonly #held = new Map<string, number>()

  constructor(parts: {
    documents: Pick<Documents, 'current' | 'onChange'>
    logins: Logins
    grants: Pick<ActiveGrants, 'onChange'>
  }) {
    this.#documents = parts.documents
    this.#grants = parts.grants
    this.#logins = parts.logins
  }

  /**
   * The signal aborts as soon as `check` throws after a change of the documents or of what was granted, or at the moment for which it asks
   * itself, or the caller's login ends, whoever ends it; until `release`. Its reason is the error.
   * @throws HoopError `too_many_requests`
   */
  hold(caller: Caller, check: () => Date | null | undefined = () => null): { signal: AbortSignal; release(): void } {
    this.#count(caller.identity.id)
    const gone = new AbortController()
    const logins = [caller.login, ...(caller.machine?.principal ? [caller.machine.principal] : [])]
    const abort = (words: string) => gone.abort(new HoopError('invalid_token', words, { hint: 'Run: hoop login' }))
    let next: NodeJS.Timeout | undefined
    const ask = () => {
      clearTimeout(next)
      try {
        const known = this.#checkMachine(caller)
        const again = check() ?? (known ? null : new Date(Date.now() + askAgainAfter))
        if (again) next = setTimeout(ask, Math.min(longestTimer, Math.max(0, again.getTime() - Date.now()))).unref()
      } catch (error) {
        gone.abort(error)
      }
    }
    const unsubscribe = [
      ...logins.map((login) => this.#logins.watch(login)),
      this.#logins.onEnded((login, words) => {
        if (logins.includes(login)) abort(words)
      }),
      this.#documents.onChange(ask),
      this.#grants.onChange(ask),
    ]
    // Since it was authorised.
    ask()
    const left = caller.loginExpiresAt.getTime() - Date.now()
    const timer = setTimeout(() => abort('The login has run out.'), Math.max(0, left)).unref()
    // Since the token was verified.
    if (logins.some((login) => this.#logins.hasEnded(login))) abort('The login was ended.')
    let released = false
    const release = () => {
      if (released) return
      released = true
      this.#uncount(caller.identity.id)
      clearTimeout(timer)
      clearTimeout(next)
      for (const stop of unsubscribe) stop()
    }
    return { signal: gone.signal, release }
  }

  #count(identity: string): void {
    const held = this.#held.get(identity) ?? 0
    if (held >= mostHeld) {
      throw new HoopError(
        'too_many_requests',
        `You have ${mostHeld} sessions, tunnels and streams of events open, and may have no more.`,
        {
          hint: 'End some: hoop sessions ls --state open',
        },
      )
    }
    this.#held.set(identity, held + 1)
  }

  #uncount(identity: string): void {
    const held = (this.#held.get(identity) ?? 1) - 1
    if (held > 0) this.#held.set(identity, held)
    else this.#held.delete(identity)
  }

  /** Whether it could be told: while it is not known what holds, nobody is cut off for it. */
  #checkMachine(caller: Caller): boolean {
    try {
      mustStillBeLetIn(caller, this.#documents)
      return true
    } catch (error) {
      if (!(error instanceof HoopError && error.code === 'unavailable')) throw error
      return false
    }
  }
}
