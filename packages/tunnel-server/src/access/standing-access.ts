import { HoopError } from '@hoop/contracts'
import type { Documents } from '../documents/documents.ts'
import type { Caller } from '../identity/access-tokens.ts'
import type { Logins } from '../identity/logins.ts'
import { mustStillBeLetIn } from '../identity/machine-document.ts'

/** What goes on for longer than a request is authorised anew whenever something changes that the answer depends on. */
export class StandingAccess {
  readonly #documents: Documents
  readonly #logins: Logins

  constructor(parts: { documents: Documents; logins: Logins }) {
    this.#documents = parts.documents
    this.#logins = parts.logins
  }

  /**
   * The signal aborts as soon as `check` throws after a change of the documents, or the caller's login ends, whoever ends it; until
   * `release`. Its reason is the error.
   */
  hold(caller: Caller, check: () => void = () => {}): { signal: AbortSignal; release(): void } {
    const gone = new AbortController()
    const logins = [caller.login, ...(caller.machine?.principal ? [caller.machine.principal] : [])]
    const abort = (words: string) => gone.abort(new HoopError('invalid_token', words, { hint: 'Run: hoop login' }))
    const unsubscribe = [
      ...logins.map((login) => this.#logins.watch(login)),
      this.#logins.onEnded((login, words) => {
        if (logins.includes(login)) abort(words)
      }),
      this.#documents.onChange(() => {
        try {
          this.#checkMachine(caller)
          check()
        } catch (error) {
          gone.abort(error)
        }
      }),
    ]
    const left = caller.loginExpiresAt.getTime() - Date.now()
    const timer = setTimeout(() => abort('The login has run out.'), Math.max(0, left)).unref()
    // Since the token was verified.
    if (logins.some((login) => this.#logins.hasEnded(login))) abort('The login was ended.')
    const release = () => {
      clearTimeout(timer)
      for (const stop of unsubscribe) stop()
    }
    return { signal: gone.signal, release }
  }

  /** While it is not known what holds, nobody is cut off for it. */
  #checkMachine(caller: Caller): void {
    try {
      mustStillBeLetIn(caller, this.#documents)
    } catch (error) {
      if (!(error instanceof HoopError && error.code === 'unavailable')) throw error
    }
  }
}
