import type { SessionSetting } from '@hoop/contracts'
import type { OwnRelation } from './catalogue.ts'
import type { SearchPath } from './search-path.ts'
import type { SessionChange } from './session-change.ts'
import { hasMeaning } from './settings.ts'

/** Settings of a session that decide what a name in a statement means; null: the default. */
interface Settings {
  readonly searchPath: SearchPath['schemas']
  readonly role: string | null
  /** All others that may change what a statement does, and were set. */
  readonly own: ReadonlyMap<string, string>
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
  readonly #pathGiven: boolean
  readonly #reports: boolean
  #settled: Settings
  #open: Changed | null = null
  #savepoints: { readonly name: string; readonly before: Changed | null }[] = []
  /** The server's own word, which it gives from version 18 on; null where it has given none since a statement changed it. */
  #reported: readonly string[] | null = null
  #searchPath: SearchPath | null = null
  readonly #begunWith: ReadonlyMap<string, string>
  /** Settings of applications that were set once: from then on the server has an empty value for them, where it had none. */
  readonly #everSet = new Set<string>()
  #unseen = false
  /** Undefined: to be made again. */
  #settings: readonly SessionSetting[] | null | undefined = undefined
  #revision = 0

  /**
   * `user`: the role that logged in; `searchPath`: what the session began with, to which RESET goes back; `reports`: the server tells whenever
   * it changes; `begunWith`: what the caller set as it logged in, to which RESET goes back, too.
   */
  constructor(
    user: string,
    searchPath: readonly string[] | null,
    reports: boolean,
    begunWith: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#user = user
    this.#reports = reports
    this.#default = searchPath
    this.#begunWith = new Map([...begunWith].filter(([name]) => name !== 'search_path' && hasMeaning(name)))
    this.#pathGiven = begunWith.has('search_path')
    this.#settled = { searchPath, role: null, own: this.#begunWith }
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

  /**
   * What differs from what a login of its role begins with, by name, and may change what a statement does; null: nobody knows any more. Not the
   * settings that only change what it costs.
   */
  get settings(): readonly SessionSetting[] | null {
    if (this.#unseen) return null
    if (this.#settings === undefined) this.#settings = this.#differing()
    return this.#settings
  }

  /** Another number whenever a role or a setting may be another one. */
  get revision(): number {
    return this.#revision
  }

  #differing(): readonly SessionSetting[] | null {
    const { own } = this.#open?.local ?? this.#settled
    const settings: SessionSetting[] = [...own].map(([name, value]) => ({ name, value }))
    for (const name of this.#everSet) if (!own.has(name)) settings.push({ name, value: null })
    const schemas = this.#searchPath?.schemas ?? null
    if (schemas === 'unseen') return null
    if (schemas !== null && (this.#pathGiven || JSON.stringify(schemas) !== JSON.stringify(this.#default)))
      settings.push({ name: 'search_path', value: schemas.join(', ') })
    return settings.sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  #resolve(): void {
    this.#settings = undefined
    this.#revision++
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
      case 'setting':
        if (change.name.includes('.')) this.#everSet.add(change.name)
        return this.#configure((own) => this.#with(own, change), change.local)
      case 'reset-settings':
        return this.#configure(() => this.#begunWith, false)
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

  /** Something runs that may set anything: what it set is not known, nor what an end of its transaction makes of it. */
  configured(): void {
    this.#unseen = true
    this.#revision++
  }

  #with(own: Settings['own'], { name, value }: { name: string; value: string | null }): Settings['own'] {
    const changed = new Map(own)
    const now = value ?? this.#begunWith.get(name)
    if (now === undefined) changed.delete(name)
    else changed.set(name, now)
    return changed
  }

  #configure(change: (own: Settings['own']) => Settings['own'], local: boolean): void {
    const { local: now, after } = this.#changed()
    this.#open = { local: { ...now, own: change(now.own) }, after: local ? after : { ...after, own: change(after.own) } }
    this.#resolve()
  }

  #set(setting: Partial<Settings>, local: boolean): void {
    const { local: now, after } = this.#changed()
    this.#open = { local: { ...now, ...setting }, after: local ? after : { ...after, ...setting } }
    this.#resolve()
  }

  #changed(): Changed {
    return this.#open ?? { local: this.#settled, after: this.#settled }
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
