import { createHash, randomInt } from 'node:crypto'
import { type ChatLink, type ChatUnlinked, HoopError } from '@hoop/contracts'
import type { z } from 'zod'
import type { Caller } from '../identity/access-tokens.ts'
import type { Logins } from '../identity/logins.ts'
import { writeAdminLog } from '../store/admin-log.ts'
import {
  type ChatAccountKey,
  linkByCode,
  lockByLinkCode,
  putLinkCode,
  readLinkedIdentity,
  unlinkAccounts,
} from '../store/chat-accounts.ts'
import type { Store } from '../store/database.ts'
import { readRunningLogins } from '../store/logins.ts'

/** Milliseconds for which a code can be used. */
const codeTime = 10 * 60_000
/** Without those that look alike: 50 bits in ten of them. */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'

/** Whose the accounts of a chat are: told by somebody who is logged in to hoop, and never by an e-mail address. */
export class ChatLinks {
  readonly #store: Store
  readonly #logins: Pick<Logins, 'hasEnded'>

  constructor(parts: { store: Store; logins: Pick<Logins, 'hasEnded'> }) {
    this.#store = parts.store
    this.#logins = parts.logins
  }

  /** A code by which whoever is logged in says that the account is theirs. */
  async code(account: ChatAccountKey & { readonly name: string }): Promise<string> {
    const code = Array.from({ length: 10 }, () => letters[randomInt(letters.length)]).join('')
    const codeUntil = new Date(Date.now() + codeTime)
    await this.#store.run((db) => putLinkCode(db, account, { codeHash: hashOf(code), codeUntil }))
    return code
  }

  /** @throws HoopError `no_access` for whoever is no person, `not_found` for a code that is none */
  async link(caller: Caller, code: string, confirm: boolean): Promise<ChatLink> {
    const { identity } = caller
    mustBePerson(caller)
    return await this.#store.transaction(async (db) => {
      const now = new Date()
      const found = await lockByLinkCode(db, hashOf(code), now)
      if (found === null) {
        throw new HoopError('not_found', 'This is no code of a chat account, or it was used, or is older than 10 minutes.', {
          hint: 'Press the button in the chat again: it shows a new one.',
        })
      }
      const { notifier, team, account, name } = found
      if (confirm) {
        await linkByCode(db, hashOf(code), identity.id, now)
        await writeAdminLog(db, {
          by: identity,
          action: 'chat.link',
          target: `Notifier/${notifier}`,
          detail: `${team} ${account} ${name}`,
        })
      }
      return { notifier, team, account, name, linked: confirm }
    })
  }

  /** @throws HoopError `no_access` for whoever is no person */
  async unlink(caller: Caller): Promise<z.infer<typeof ChatUnlinked>> {
    mustBePerson(caller)
    return await this.#store.transaction(async (db) => {
      const accounts = await unlinkAccounts(db, caller.identity.id)
      if (accounts > 0) await writeAdminLog(db, { by: caller.identity, action: 'chat.unlink', target: caller.identity.id })
      return { accounts }
    })
  }

  /** Whose the account is, by the latest proof of theirs that still holds; `unlinked`, or `logged out`. */
  async callerOf(key: ChatAccountKey): Promise<Caller | 'unlinked' | 'logged out'> {
    const identity = await this.#store.run((db) => readLinkedIdentity(db, key))
    if (identity === null) return 'unlinked'
    const running = await this.#store.run((db) => readRunningLogins(db, identity, new Date()))
    const [latest] = running
      .filter(({ id, identity: { kind } }) => kind === 'person' && !this.#logins.hasEnded(id))
      .sort((a, b) => b.authenticatedAt.getTime() - a.authenticatedAt.getTime())
    if (latest === undefined) return 'logged out'
    const { id, identity: known, authenticatedAt, expiresAt, device } = latest
    return { identity: known, login: id, authenticatedAt, loginExpiresAt: expiresAt, device }
  }
}

function mustBePerson({ identity, machine }: Caller): void {
  if (identity.kind === 'person' && machine === undefined) return
  throw new HoopError('no_access', 'Only a person has accounts of chats.', { hint: 'Run: hoop login' })
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(`hoop chat link ${code.toLowerCase()}`).digest()
}
