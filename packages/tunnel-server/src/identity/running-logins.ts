import type { Identity, LoginSummary } from '@hoop/contracts'
import { writeAdminLog } from '../store/admin-log.ts'
import type { Database, Store } from '../store/database.ts'
import { type Login, readLogin, readLoginsOf } from '../store/logins.ts'
import type { Logins } from './logins.ts'

const mostListed = 200

/** The logins that run, as people see and end them: on other devices, or other people's. */
export class RunningLogins {
  readonly #store: Store
  readonly #logins: Pick<Logins, 'end'>

  constructor(parts: { store: Store; logins: Pick<Logins, 'end'> }) {
    this.#store = parts.store
    this.#logins = parts.logins
  }

  /** `of`: an identity's id, or its e-mail address; `current`: the login that asks. */
  async list(of: string, current: string): Promise<LoginSummary[]> {
    const found = await this.#store.run((db) => readLoginsOf(db, of, new Date(), mostListed))
    return found.map((login) => summary(login, current))
  }

  /** Null: there is none that runs. */
  async find(id: string): Promise<Login | null> {
    const login = await this.#store.run((db) => readLogin(db, id))
    return login !== null && login.endedAt === null && login.expiresAt > new Date() ? login : null
  }

  /** What goes on by it ends within 5 s at every gateway. */
  async end(by: Identity, login: Login): Promise<void> {
    const because = login.identity.id === by.id ? 'logged out from another device' : endedBy(by)
    const tell = await this.#store.transaction((db) => this.#end(db, by, [login], because))
    tell()
  }

  /** Ends all of an identity, or of whoever has this e-mail address; how many. */
  async endAll(by: Identity, of: string): Promise<number> {
    const because = of === by.id ? 'logged out everywhere' : endedBy(by)
    const { tell, ended } = await this.#store.transaction(async (db) => {
      const meant = await readLoginsOf(db, of, new Date())
      return { tell: await this.#end(db, by, meant, because), ended: meant.length }
    })
    tell()
    return ended
  }

  async #end(db: Database, by: Identity, meant: readonly Login[], because: string): Promise<() => void> {
    for (const { id, identity } of meant) {
      await writeAdminLog(db, { by, action: 'login.end', target: `Login/${id}`, detail: `of ${identity.id}` })
    }
    return await this.#logins.end(db, meant, because)
  }
}

function endedBy({ name }: Identity): string {
  return `${name}, an admin, has ended it`
}

function summary(login: Login, current: string): LoginSummary {
  return {
    id: login.id,
    identity: login.identity,
    device: login.deviceName,
    begun_at: login.begunAt.toISOString(),
    last_used_at: login.lastUsedAt.toISOString(),
    expires_at: login.expiresAt.toISOString(),
    current: login.id === current,
  }
}
