import type { Documents } from '../documents/documents.ts'
import type { Caller } from '../identity/access-tokens.ts'
import type { Logins } from '../identity/logins.ts'
import type { Access, Action } from './access.ts'

/** What goes on for longer than a request is authorised anew whenever something changes that the answer depends on. */
export class StandingAccess {
  readonly #parts: { access: Access; documents: Documents; logins: Logins }

  constructor(parts: { access: Access; documents: Documents; logins: Logins }) {
    this.#parts = parts
  }

  /** The signal aborts as soon as the caller may not do this any more, or is not logged in; until `release`. */
  hold(caller: Caller, action: Action | null): { signal: AbortSignal; release(): void } {
    const { access, documents, logins } = this.#parts
    const gone = new AbortController()
    const unsubscribe = [
      logins.onEnded((identity, words) => {
        if (identity === caller.identity.id) gone.abort(new Error(words))
      }),
      documents.onChange(() => {
        try {
          if (action !== null) access.authorise(caller, action)
        } catch (error) {
          gone.abort(error)
        }
      }),
    ]
    const left = caller.loginExpiresAt.getTime() - Date.now()
    const timer = setTimeout(() => gone.abort(new Error('The login has run out.')), Math.max(0, left)).unref()
    const release = () => {
      clearTimeout(timer)
      for (const stop of unsubscribe) stop()
    }
    return { signal: gone.signal, release }
  }
}
