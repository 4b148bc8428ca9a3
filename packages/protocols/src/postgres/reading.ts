import type { ColumnRef, Effect, Filters, Literal, ObjectAccess, Sources } from '@hoop/contracts'
import { type OwnRelation, remember } from './catalogue.ts'
import type { Statement } from './operations.ts'
import type { SessionChange } from './session-change.ts'
import { none, union } from './sources.ts'

/** A constant (by its byte offset) or a parameter (by its number) whose column is not found yet. */
type Pending = { readonly location: number } | { readonly parameter: number }

/** What is found out about one statement while its tree is walked. */
export class Reading {
  readonly effects = new Set<Effect>()
  readonly functions = new Set<string>()
  readonly columns = new Set<ColumnRef>()
  /** Of these, those that functions read. */
  readonly #ofBodies = new Set<ColumnRef>()
  readonly verbs = new Set<string>()
  readonly unknownBecause = new Set<string>()
  /** Relations and functions that the catalogue does not have. */
  readonly unresolved = new Set<string>()
  /** Constants by byte offset. */
  readonly constants = new Map<number, Sources>()
  readonly parameters = new Map<number, Sources>()
  flows: Sources = none
  /** What decides which rows there are, beyond the answer to the question itself: every output may tell of it. */
  choices: Sources = none
  /** What it asks about, whether or not it shows it. */
  readonly filters: { equality: Sources; other: Sources } = { equality: none, other: none }
  /** A call keeps or sends away what it is given. */
  stores = false
  unbounded = false
  destructive = false
  /** Relations that it creates and that only its own session will see, or may. */
  readonly temporary = new Map<string, OwnRelation>()
  /** Every constant of the statement is a secret. */
  secret = false
  changesCatalogue = false
  /** A body closes a cursor, of whichever name: another may have that name afterwards. */
  closesCursors = false
  /** A body changes definitions, which its statement does not name. */
  redefines = false
  /** It may change settings of its session: which, and to what, depends on more than its text. */
  configures = false
  /** Types that it makes, as written. */
  readonly types: { readonly schema: string | null; readonly name: string }[] = []
  /** In the order in which they come about. */
  readonly session: SessionChange[] = []
  /** Calls of set_config that run exactly once, whatever is in the tables. */
  readonly certainCalls = new Set<object>()
  /** Statements that it runs by their names. */
  readonly runs: { readonly name: string; readonly text: string; readonly literals: readonly Literal[] }[] = []
  /** What application_name is set to, by where that stands, in bytes. */
  readonly applicationNames = new Map<number, string>()
  notSupported: string | null = null
  readonly #objects = new Map<string, ObjectAccess>()
  readonly #missing = new Map<string, string>()
  #pending: Pending[] = []

  get objects(): readonly ObjectAccess[] {
    return [...this.#objects.values()]
  }

  object(kind: string, name: string, access: string): void {
    this.#objects.set(`${kind} ${access} ${name}`, { kind, name, access })
  }

  unknown(words: string): void {
    this.effects.add('unknown')
    this.unknownBecause.add(words)
  }

  /** There is nothing of that name: unknown, and what the server would say of it by this SQLSTATE. */
  missing(sqlState: string, words: string): void {
    this.unknown(words)
    this.#missing.set(words, sqlState)
  }

  /** The SQLSTATE for a statement of which nothing is unknown but names of what is not there; null for any other. */
  get missingSqlState(): string | null {
    const states = [...this.unknownBecause].map((words) => this.#missing.get(words) ?? null)
    return states.includes(null) ? null : (states[0] ?? null)
  }

  /** Why it is unknown, whatever else comes to be there. */
  get unknownForCertain(): readonly string[] {
    return [...this.unknownBecause].filter((words) => !this.#missing.has(words))
  }

  /** Its words are about a body that stands somewhere else. */
  saidOf(where: string): void {
    const words = [...this.unknownBecause]
    this.unknownBecause.clear()
    for (const because of words) {
      const said = because.startsWith('in ') ? because : `in ${where}: ${because}`
      this.unknownBecause.add(said)
      const sqlState = this.#missing.get(because)
      if (sqlState !== undefined) this.#missing.set(said, sqlState)
    }
  }

  /** hoop cannot carry this construct yet: the first that is met is named. */
  refuse(words: string): void {
    this.notSupported ??= words
  }

  /** Columns that the statement names or reads. */
  touch(sources: Sources): void {
    if (sources !== 'opaque') for (const ref of sources) this.columns.add(ref)
  }

  flow(sources: Sources): void {
    this.flows = union(this.flows, sources)
  }

  /** Rows are decided about by what the caller asks of these. */
  choose(sources: Sources): void {
    this.tell(sources)
    this.filter('other', sources)
  }

  /** The rows tell of these, whoever asked. */
  tell(sources: Sources): void {
    this.choices = union(this.choices, sources)
  }

  filter(by: keyof Filters, sources: Sources): void {
    this.filters[by] = union(this.filters[by], sources)
  }

  /** What is asked where another statement, or a body, is run. */
  asks({ equality, other }: Filters): void {
    this.filter('equality', equality)
    this.filter('other', other)
  }

  constantAt(location: number): void {
    this.#pending.push({ location })
  }

  parameter(number: number): void {
    if (!this.parameters.has(number)) this.parameters.set(number, none)
    this.#pending.push({ parameter: number })
  }

  /** Where the constants begin that a following {@link settle} is about. */
  get mark(): number {
    return this.#pending.length
  }

  /** The constants met since the mark are compared with, or stored in, these columns; none: an outer expression may tell. */
  settle(mark: number, sources: Sources): void {
    if (sources !== 'opaque' && sources.length === 0) return
    for (const pending of this.#pending.slice(mark)) {
      if ('location' in pending)
        this.constants.set(pending.location, union(this.constants.get(pending.location) ?? none, sources))
      else this.parameters.set(pending.parameter, union(this.parameters.get(pending.parameter) ?? none, sources))
    }
  }

  /** The constants met since the mark have no column. */
  forget(mark: number): void {
    this.#pending.length = mark
  }

  /** A statement runs, or goes on to run, that was read by itself. */
  run(name: string, { operation, columns, parts }: Statement): void {
    for (const effect of operation.effects) this.effects.add(effect)
    for (const words of operation.unknownBecause) this.unknownBecause.add(words)
    for (const called of operation.functions) this.functions.add(called)
    for (const { kind, name: object, access } of operation.objects) this.object(kind, object, access)
    for (const verb of operation.facts.verbs) this.verbs.add(verb)
    for (const ref of columns) this.columns.add(ref)
    if (operation.refused !== null) this.refuse(operation.refused.words)
    this.flow(operation.flows)
    if (operation.filters) this.asks(operation.filters)
    this.unbounded ||= operation.facts.unbounded
    this.destructive ||= operation.facts.destructive
    this.runs.push({ name, text: operation.text, literals: operation.literals })
    for (const { session, configures, changesCatalogue } of parts) {
      this.session.push(...session)
      this.configures ||= configures
      this.changesCatalogue ||= changesCatalogue
    }
  }

  /** Takes over what another reading found: of a view's definition what reading it does, of a plan everything, but only as read. */
  include(other: Reading, as: 'view' | 'plan' | 'part' | 'body'): void {
    for (const effect of other.effects) if (as !== 'plan' || (effect !== 'write' && effect !== 'ddl')) this.effects.add(effect)
    for (const name of other.functions) this.functions.add(name)
    for (const words of other.unknownBecause) this.unknownBecause.add(words)
    // What is missing in a body is found when some of it has run.
    if (as !== 'body') for (const [words, sqlState] of other.#missing) this.#missing.set(words, sqlState)
    for (const name of other.unresolved) this.unresolved.add(name)
    for (const [name, own] of other.temporary) remember(this.temporary, name, own)
    for (const { kind, name, access } of other.objects)
      this.object(kind, name, as === 'plan' && access !== 'execute' ? 'read' : access)
    if (other.notSupported !== null) this.refuse(other.notSupported)
    this.closesCursors ||= other.closesCursors
    this.redefines ||= other.redefines
    if (as !== 'plan') this.configures ||= other.configures
    for (const ref of as === 'body' ? other.columns : other.#ofBodies) {
      this.#ofBodies.add(ref)
      this.columns.add(ref)
    }
    if (as === 'body') {
      for (const verb of other.verbs) this.verbs.add(verb)
      this.secret ||= other.secret
      this.flow(other.flows)
      this.unbounded ||= other.unbounded
      this.destructive ||= other.destructive
      this.changesCatalogue ||= other.changesCatalogue
      return
    }
    this.tell(other.choices)
    // What a view asks, its author asked.
    if (as !== 'view') this.asks(other.filters)
    this.stores ||= other.stores
    if (as === 'view') {
      // Functions that it calls may do more than read.
      this.flow(other.flows)
      this.unbounded ||= other.unbounded
      this.destructive ||= other.destructive
      this.changesCatalogue ||= other.changesCatalogue
      return
    }
    for (const ref of other.columns) this.columns.add(ref)
    for (const [location, sources] of other.constants) this.constants.set(location, sources)
    for (const [number, sources] of other.parameters)
      this.parameters.set(number, union(this.parameters.get(number) ?? none, sources))
    for (const verb of other.verbs) this.verbs.add(verb)
    this.secret ||= other.secret
    this.runs.push(...other.runs)
    if (as === 'plan') return
    this.session.push(...other.session)
    this.types.push(...other.types)
    for (const [location, value] of other.applicationNames) this.applicationNames.set(location, value)
    this.flow(other.flows)
    this.unbounded ||= other.unbounded
    this.destructive ||= other.destructive
    this.changesCatalogue ||= other.changesCatalogue
  }
}
