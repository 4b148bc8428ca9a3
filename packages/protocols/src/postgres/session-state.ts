import type { OwnRelation } from './catalogue.ts'
import type { SearchPath } from './search-path.ts'
import type { SessionChange } from './session-change.ts'

/** Settings of a session that decide what a name in a statement means; null: the default. */
interface Settings {
  readonly searchPath: SearchPath['schemas']
  readonly role: string | null
}

/** What the open transaction made of them; `local` holds until its end, `after` from then on if it commits. */
interface Changed {
  readonly local: Settings
  readonly after: Settings
}

/**
 * What names mean in one session beyond the database's catalogue: its search path, its role, its temporary relations. Follows SET as the
 * server does: what a transaction set is gone with its rollback, what a savepoint came before is what it was.
 * https://www.postgresql.org/docs/current/sql-set.html
 */
export class SessionState {
  /** Relations that this session has made for itself. */
  readonly temporary = new Map<string, OwnRelation>()
  /** Types that its open transaction has made. */
  readonly types: { readonly schema: string | null; readonly name: string }[] = []
  readonly #user: string
  readonly #default: readonly string[] | null
  readonly #reports: boolean
  #settled: Settings
  #open: Changed | null = null
  #savepoints: { readonly name: string; readonly before: Changed | null }[] = []
  /** The server's own word, which it gives from version 18 on; null where it has given none since a statement changed it. */
  #reported: readonly string[] | null = null
  #searchPath: SearchPath | null = null

  /**
   * `user`: the role that logged in; `searchPath`: what the session began with, to which RESET goes back; `reports`: the server tells whenever
   * it changes.
   */
  constructor(user: string, searchPath: readonly string[] | null, reports: boolean) {
    this.#user = user
    this.#reports = reports
    this.#default = searchPath
    this.#settled = { searchPath, role: null }
    this.#resolve()
  }

  /** The open transaction has changed something, which its end may take back. */
  get unsettled(): boolean {
    return this.#open !== null
  }

  /** Where unqualified names are looked for; null: as the database has it for the login role. */
  get searchPath(): SearchPath | null {
    return this.#searchPath
  }

  /** What SET ROLE made of the session; null: the role that logged in. */
  get role(): string | null {
    return (this.#open?.local ?? this.#settled).role
  }

  #resolve(): void {
    const { searchPath, role } = this.#open?.local ?? this.#settled
    const schemas = this.#reported ?? searchPath
    this.#searchPath = schemas === null && role === null ? null : { schemas, user: role ?? this.#user }
  }

  apply(change: SessionChange): void {
    switch (change.kind) {
      case 'search-path':
        this.#reported = null
        return this.#set({ searchPath: change.schemas ?? this.#default }, change.local)
      case 'role':
        return this.#set({ role: change.name }, change.local)
      case 'savepoint':
        this.#savepoints.push({ name: change.name, before: this.#open })
        return
      case 'release':
      case 'rollback-to': {
        const at = this.#savepoints.findLastIndex(({ name }) => name === change.name)
        const savepoint = this.#savepoints[at]
        if (savepoint === undefined) return
        this.#savepoints.length = change.kind === 'release' ? at : at + 1
        if (change.kind === 'rollback-to') {
          this.#open = savepoint.before
          this.#reported = null
          this.#resolve()
        }
        return
      }
      case 'discard-temporary':
        return this.temporary.clear()
      default:
    }
  }

  /** Something has run whose text nobody here could read: a function may have set the path. */
  unreadRan(): void {
    if (!this.#reports) this.#set({ searchPath: 'unseen' }, false)
  }

  #set(setting: Partial<Settings>, local: boolean): void {
    const now = this.#open ?? { local: this.#settled, after: this.#settled }
    this.#open = { local: { ...now.local, ...setting }, after: local ? now.after : { ...now.after, ...setting } }
    this.#resolve()
  }

  transactionEnded(committed: boolean): void {
    this.types.length = 0
    this.#savepoints = []
    if (this.#open === null) return
    if (committed) this.#settled = this.#open.after
    this.#open = null
    this.#reported = null
    this.#resolve()
  }

  /** The server says what its search path is: that counts until a statement changes it. */
  report(schemas: readonly string[] | null): void {
    this.#reported = schemas
    this.#resolve()
  }
}
