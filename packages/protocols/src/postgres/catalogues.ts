import { HoopError, type Maybe } from '@hoop/contracts'
import type { ServeContext } from '../protocol.ts'
import { openBackend } from './backend.ts'
import { buildCatalogue, type Catalogue, catalogueQueries, uncertainCatalogue } from './catalogue.ts'
import { Changes } from './changes.ts'
import { read, write } from './codec.ts'
import { Handshake } from './handshake.ts'
import { LargeStatements } from './large-statements.ts'
import { backend } from './messages.ts'
import { readStatement, type Statement } from './operations.ts'

/** A catalogue older than this is read again before it is believed: others change tables too. */
const maxAge = 60_000
/** An unknown name is worth a new look, but not one for each statement that misspells it. */
const lookAgainAfter = 1_000
/** Texts whose reading is kept, by their total length. */
const maxKept = 16 * 1024 * 1024
/** UTF-16 units; a longer text would keep everybody else waiting, and goes to a thread of its own. */
const readHereUpTo = 32 * 1024
const readTime = 30_000
/** The definition of a view waits for whoever alters it. */
const lockTime = '5s'
/** The largest row of a catalogue: a view's definition. */
const maxRow = 64 * 1024 * 1024

interface OwnNames {
  readonly uncertain: boolean
  readonly temporary: ReadonlySet<string>
}
const noNames: ReadonlySet<string> = new Set()

/** Whether any of the names can be meant in the text; the way to write one in other letters is U&"…". */
function mayName(text: string, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return false
  const lower = text.toLowerCase()
  return lower.includes('u&') || [...names].some((name) => name.includes('"') || lower.includes(name.toLowerCase()))
}

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
  #statements = new Map<string, Statement>()
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
   * What a text does, by the catalogue of now; `uncertain`: the open transaction has changed what only it can see; `temporary`: relations
   * that only this session has. Throws or rejects with StatementUnreadable, or with what made the read fail: without a catalogue nothing is
   * judged.
   */
  statement(
    context: ServeContext,
    database: string,
    text: string,
    uncertain: boolean,
    temporary: ReadonlySet<string> = noNames,
  ): Maybe<Statement> {
    // The open transaction's own locks could keep a new read waiting for it; of what is uncertain, only the system's schemas are used.
    const own = { uncertain, temporary }
    const catalogue = uncertain && this.#catalogue !== null ? this.#catalogue : this.#current(context, database)
    if (catalogue instanceof Promise) return catalogue.then((now) => this.#resolved(context, database, text, now, own))
    return this.#resolved(context, database, text, catalogue, own)
  }

  #current(context: ServeContext, database: string): Maybe<Catalogue> {
    if (this.#catalogue !== null && Date.now() - this.#readAt < maxAge) return this.#catalogue
    return this.#read(context, database)
  }

  #resolved(context: ServeContext, database: string, text: string, catalogue: Catalogue, own: OwnNames): Maybe<Statement> {
    if (own.uncertain) return this.#readNow(text, uncertainCatalogue(catalogue))
    if (mayName(text, own.temporary)) return this.#readNow(text, { ...catalogue, hidden: own.temporary })
    const statement = this.#statements.get(text) ?? this.#readNow(text, catalogue)
    if (statement instanceof Promise) {
      return statement.then((read) => {
        // Another catalogue may be in force by the time that a long text is read.
        if (this.#catalogue !== catalogue) return this.statement(context, database, text, own.uncertain, own.temporary)
        return this.#lookedUp(context, database, text, read)
      })
    }
    return this.#lookedUp(context, database, text, statement)
  }

  /** A name that is not known may be newer than the catalogue. */
  #lookedUp(context: ServeContext, database: string, text: string, statement: Statement): Maybe<Statement> {
    if (statement.unresolved.length > 0 && Date.now() - this.#readAt >= lookAgainAfter) {
      return this.#read(context, database).then((again) => this.#readNow(text, again))
    }
    this.#keep(text, statement)
    return statement
  }

  #readNow(text: string, catalogue: Catalogue): Maybe<Statement> {
    return text.length > readHereUpTo ? this.#large.read(text, catalogue) : readStatement(text, catalogue)
  }

  #keep(text: string, statement: Statement): void {
    if (this.#statements.has(text) || text.length > maxKept / 2) return
    if (this.#kept + text.length > maxKept) this.#forget()
    this.#statements.set(text, statement)
    this.#kept += text.length
  }

  #forget(): void {
    this.#statements = new Map()
    this.#kept = 0
  }

  /** One read serves all that wait for it; whoever began it may go away, and then another begins anew. */
  async #read(context: ServeContext, database: string): Promise<Catalogue> {
    for (;;) {
      if (this.#reading === null) return await this.#begin(context, database)
      const theirs = await this.#reading.catch(() => null)
      // One that DDL overtook is too old for what is asked now.
      if (theirs !== null && this.#readAt > 0) return theirs
    }
  }

  #begin(context: ServeContext, database: string): Promise<Catalogue> {
    const changes = this.#changes
    const asOf = this.changes.now
    this.#reading = readCatalogue(context, database)
      .then((catalogue) => {
        this.#catalogue = catalogue
        this.#asOf = asOf
        this.#readAt = changes === this.#changes ? Date.now() : 0
        this.#forget()
        return catalogue
      })
      .finally(() => {
        this.#reading = null
      })
    return this.#reading
  }
}

/** Reads the catalogue on a connection of its own that is closed at once: an idle one would block CREATE and DROP DATABASE. */
async function readCatalogue(context: ServeContext, database: string): Promise<Catalogue> {
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
    const answers: Record<string, unknown> = {}
    for (const { name, text } of catalogueQueries) {
      context.own(text)
      stream.write(write.query(text))
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
