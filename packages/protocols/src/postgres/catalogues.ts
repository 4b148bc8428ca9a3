import { HoopError, type Maybe } from '@hoop/contracts'
import type { PostgresContext } from '../protocol.ts'
import { openBackend } from './backend.ts'
import {
  buildCatalogue,
  type Catalogue,
  catalogueQueries,
  type OwnRelation,
  uncertainCatalogue,
  withHidden,
  withSearchPath,
  withTypes,
} from './catalogue.ts'
import { Changes } from './changes.ts'
import { read, write } from './codec.ts'
import { Handshake } from './handshake.ts'
import { LargeStatements } from './large-statements.ts'
import { backend } from './messages.ts'
import { readStatement, type Statement } from './operations.ts'
import { typesThatRun } from './parameter-types.ts'
import type { SearchPath } from './search-path.ts'
import { mayUseNames, noSessionNames, type SessionNames } from './session-change.ts'
import { Templates } from './templates.ts'

/** A catalogue older than this is read again before it is believed: others change tables too. */
const maxAge = 60_000
/** An unknown name is worth a new look, but not one for each statement that misspells it. */
const lookAgainAfter = 1_000
/** Texts whose reading is kept, by their total length and what a reading of a few columns weighs beside. */
const maxKept = 32 * 1024 * 1024
const readingWeighs = 4096
/** UTF-16 units; a longer text would keep everybody else waiting, and goes to a thread of its own. */
const readHereUpTo = 32 * 1024
const readTime = 30_000
/** The definition of a view waits for whoever alters it. */
const lockTime = '5s'
/** The largest row of a catalogue: a view's definition. */
const maxRow = 64 * 1024 * 1024

/** What it takes to read what names mean. */
export type CatalogueContext = Pick<PostgresContext, 'upstream' | 'dial' | 'own' | 'warn' | 'signal'>

/** How one session sees the database, and so how its texts are read. */
export interface SessionView {
  /** The open transaction has changed what only it can see. */
  readonly uncertain: boolean
  /** Relations that only this session has. */
  readonly temporary: ReadonlyMap<string, OwnRelation>
  /** Types that its open transaction has made. */
  readonly types: Statement['types']
  /** Null: the database's default for the login role. The same object as long as it does not change. */
  readonly searchPath: SearchPath | null
  /** Asked for texts that may use them. */
  names(): SessionNames
  /** What the parameters of the text that is read were said to be. */
  readonly parameterTypes: SessionNames['parameterTypes']
  /** Nothing depends on what names of users mean: they stand in the record as they are written. */
  readonly transparent: boolean
}

/** Whether any of the names can be meant in the text; the way to write one in other letters is U&"…". */
function mayName(text: string, names: SessionView['temporary']): boolean {
  if (names.size === 0) return false
  const lower = text.toLowerCase()
  return lower.includes('u&') || [...names.keys()].some((name) => name.includes('"') || lower.includes(name.toLowerCase()))
}

interface Seen {
  readonly of: Catalogue
  readonly catalogue: Catalogue
  readonly statements: Map<string, Statement>
  readonly templates: Templates
}
/** Stands for the path of a session that has set none. */
const unset: object = {}
/** Search paths that are kept apart. */
const maxViews = 100

/** What names mean in one database of one connection, shared by all its streams; and the statements read under it. */
export class Catalogues {
  /** What is being redefined at this moment. */
  readonly changes = new Changes()
  readonly #large = new LargeStatements()
  #catalogue: Catalogue | null = null
  #readAt = 0
  /** The time of `changes` that the catalogue is as of. */
  #asOf = 0
  #changes = 0
  #reading: Promise<Catalogue> | null = null
  /** By search path. */
  readonly #views = new Map<string, Seen>()
  readonly #byPath = new WeakMap<object, Seen>()
  #kept = 0

  /** The last catalogue read, however old; null before the first. */
  get latest(): Catalogue | null {
    return this.#catalogue
  }

  get asOf(): number {
    return this.#asOf
  }

  /** Forgets it: DDL has passed. One that is being read now began too early to count. */
  changed(): void {
    this.#readAt = 0
    this.#changes++
  }

  /**
   * What a text does, by the catalogue of now, as the session sees it. Throws or rejects with StatementUnreadable, or with what made the read
   * fail: without a catalogue nothing is judged.
   */
  statement(context: CatalogueContext, database: string, text: string, view: SessionView): Maybe<Statement> {
    // The open transaction's own locks could keep a new read waiting for it; of what is uncertain, only the system's schemas are used.
    const anyAge = view.uncertain || view.transparent
    const catalogue = anyAge && this.#catalogue !== null ? this.#catalogue : this.#current(context, database)
    if (catalogue instanceof Promise) return catalogue.then((now) => this.#resolved(context, database, text, now, view))
    return this.#resolved(context, database, text, catalogue, view)
  }

  #current(context: CatalogueContext, database: string): Maybe<Catalogue> {
    if (this.#catalogue !== null && Date.now() - this.#readAt < maxAge) return this.#catalogue
    return this.#read(context, database)
  }

  #resolved(
    context: CatalogueContext,
    database: string,
    text: string,
    catalogue: Catalogue,
    view: SessionView,
  ): Maybe<Statement> {
    const seen = this.#seen(catalogue, view)
    if (view.uncertain)
      return this.#readNow(text, view.types.length > 0 ? withTypes(seen.catalogue, view.types) : seen.catalogue, view)
    if (mayName(text, view.temporary)) return this.#readNow(text, withHidden(seen.catalogue, view.temporary), view)
    const typed = typesThatRun(seen.catalogue, view.parameterTypes).length > 0
    const known = typed ? undefined : seen.statements.get(text)
    const likeAnother = known === undefined && !typed ? seen.templates.read(text) : null
    if (likeAnother !== null) return likeAnother
    const statement = known ?? this.#readNow(text, seen.catalogue, view)
    if (statement instanceof Promise) {
      return statement.then((read) => {
        // Another catalogue may be in force by the time that a long text is read.
        if (this.#catalogue !== catalogue) return this.statement(context, database, text, view)
        return this.#lookedUp(context, database, text, read, view)
      })
    }
    return this.#lookedUp(context, database, text, statement, view)
  }

  /** A name that is not known may be newer than the catalogue. */
  #lookedUp(
    context: CatalogueContext,
    database: string,
    text: string,
    statement: Statement,
    view: SessionView,
  ): Maybe<Statement> {
    if (!view.transparent && statement.unresolved.length > 0 && Date.now() - this.#readAt >= lookAgainAfter) {
      return this.#read(context, database).then((again) => this.#readNow(text, this.#seen(again, view).catalogue, view))
    }
    if (!statement.ofSession && statement.parameterTypes.length === 0 && this.#catalogue !== null)
      this.#keep(this.#seen(this.#catalogue, view), text, statement)
    return statement
  }

  #readNow(text: string, catalogue: Catalogue, view: SessionView): Maybe<Statement> {
    const own = mayUseNames(text) ? view.names() : noSessionNames
    const parameterTypes = typesThatRun(catalogue, view.parameterTypes)
    const names = parameterTypes.length > 0 ? { ...own, parameterTypes } : own
    return text.length > readHereUpTo ? this.#large.read(text, catalogue, names) : readStatement(text, catalogue, names)
  }

  /** The catalogue as a session with this search path sees it, and what was read by it. */
  #seen(catalogue: Catalogue, { searchPath, uncertain, transparent }: SessionView): Seen {
    const kind = uncertain || transparent ? 'system' : 'all'
    const known = kind === 'all' ? this.#byPath.get(searchPath ?? unset) : undefined
    if (known?.of === catalogue) return known
    const key = JSON.stringify([kind, searchPath])
    let seen = this.#views.get(key)
    if (seen?.of !== catalogue) {
      const base = kind === 'system' ? uncertainCatalogue(catalogue) : catalogue
      const own = searchPath === null ? base : withSearchPath(base, searchPath)
      seen = { of: catalogue, catalogue: own, statements: new Map(), templates: new Templates() }
      if (this.#views.size >= maxViews) this.#views.clear()
      this.#views.set(key, seen)
    }
    if (kind === 'all') this.#byPath.set(searchPath ?? unset, seen)
    return seen
  }

  #keep(seen: Seen, text: string, statement: Statement): void {
    if (seen.statements.has(text) || text.length > maxKept / 2) return
    const weight = text.length + readingWeighs
    if (this.#kept + weight > maxKept) this.#forget()
    seen.statements.set(text, statement)
    seen.templates.keep(statement)
    this.#kept += weight
  }

  #forget(): void {
    for (const { statements, templates } of this.#views.values()) {
      statements.clear()
      templates.clear()
    }
    this.#kept = 0
  }

  /** One read serves all that wait for it; whoever began it may go away, and then another begins anew. */
  async #read(context: CatalogueContext, database: string): Promise<Catalogue> {
    for (;;) {
      if (this.#reading === null) return await this.#begin(context, database)
      const theirs = await this.#reading.catch(() => null)
      // One that DDL overtook is too old for what is asked now.
      if (theirs !== null && this.#readAt > 0) return theirs
    }
  }

  #begin(context: CatalogueContext, database: string): Promise<Catalogue> {
    const changes = this.#changes
    const asOf = this.changes.now
    this.#reading = readCatalogue(context, database)
      .then((catalogue) => {
        this.#catalogue = catalogue
        this.#asOf = asOf
        this.#readAt = changes === this.#changes ? Date.now() : 0
        this.#forget()
        this.#views.clear()
        return catalogue
      })
      .finally(() => {
        this.#reading = null
      })
    return this.#reading
  }
}

/** Reads the catalogue on a connection of its own that is closed at once: an idle one would block CREATE and DROP DATABASE. */
async function readCatalogue(context: CatalogueContext, database: string): Promise<Catalogue> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(readTime)])
  const { stream, rest } = await openBackend({
    context,
    upstream: await context.upstream(),
    database,
    settings: new Map([
      ['application_name', 'hoop catalogue'],
      ['lock_timeout', lockTime],
    ]),
    signal,
  })
  const handshake = new Handshake(stream, signal, maxRow)
  try {
    if (rest.length > 0) throw new HoopError('connection_unavailable', 'the database spoke out of turn')
    // All at once: one round trip, however far the database is.
    for (const { text } of catalogueQueries) {
      context.own(text)
      stream.write(write.query(text))
    }
    const answers: Record<string, unknown> = {}
    for (const { name } of catalogueQueries) {
      const rows = await readRows(handshake)
      if (name !== null) answers[name] = rows
    }
    stream.end(write.terminate())
    return buildCatalogue(answers)
  } finally {
    handshake.release()
    stream.destroy()
  }
}

/** The rows of one simple query, as texts. */
async function readRows(handshake: Handshake): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = []
  let failure: string | null = null
  for (;;) {
    const message = await handshake.message()
    const body = message.body()
    if (message.tag === backend.dataRow) {
      const row = new Array<string | null>(body.uint16())
      for (let i = 0; i < row.length; i++) {
        const length = body.int32()
        row[i] = length === -1 ? null : body.bytes(length).toString('utf8')
      }
      body.end()
      rows.push(row)
    } else if (message.tag === backend.errorResponse) failure = read.diagnostics(body).get('M') ?? 'unknown'
    else if (message.tag === backend.readyForQuery) break
  }
  if (failure !== null) throw new HoopError('connection_unavailable', `the catalogue could not be read: ${failure}`)
  return rows
}
