import type { Sources } from '@hoop/contracts'
import type { CreateFunctionStmt, Node } from 'libpg-query'
import { BodyPass, bodyScope, type Fired, type Variable } from './body-pass.ts'
import { type Catalogue, type CatalogueFunction, type CatalogueRelation, withHidden, withSearchPath } from './catalogue.ts'
import type { Bodies, Body } from './expressions.ts'
import { parse, StatementUnreadable } from './parser.ts'
import { Procedure } from './procedures.ts'
import { Reading } from './reading.ts'
import { printedRoutine, type Routine, routineOf } from './routines.ts'
import { settingRefused } from './settings.ts'
import { none, unionAll } from './sources.ts'
import type { ReadStatement } from './statement-kind.ts'
import { nameOf, qualifiedName, stringOf } from './syntax-tree.ts'
import { ofSystemSchema } from './system-types.ts'

/** Functions that call each other, one inside of another. */
const maxDepth = 32
/** Bodies that are read for one statement. */
const maxBodies = 500

/** By what else decides about it: where it looks for names. */
const kept = new WeakMap<CatalogueFunction, Map<string, Body>>()
/** Readings of one function that are kept. */
const maxKept = 100

interface Running {
  readonly routine: CatalogueFunction
  readonly table: CatalogueRelation | undefined
  /** The outermost function that it, or what it calls, has called again. */
  reaches: number
}

/** What the bodies of functions do, read once for each catalogue and search path. */
export class RoutineBodies implements Bodies {
  readonly #readAny: ReadStatement
  readonly #running: Running[] = []
  readonly #reading = new Set<string>()
  #read = 0

  constructor(readAny: ReadStatement) {
    this.#readAny = readAny
  }

  routine(catalogue: Catalogue, routine: CatalogueFunction, given: readonly (string | null)[]): Body | null {
    const body = this.#called(catalogue, routine, null, [])
    const known = given.some((text) => text !== null)
    return body?.builds && known ? this.#called(catalogue, routine, null, given) : body
  }

  trigger(
    catalogue: Catalogue,
    routine: CatalogueFunction,
    table: CatalogueRelation | null,
    rows: readonly string[],
  ): Body | null {
    return this.#called(catalogue, routine, table && { table, rows }, [])
  }

  /** With texts that are given it is read for one call, and not kept. */
  #called(catalogue: Catalogue, routine: CatalogueFunction, fired: Fired | null, given: readonly (string | null)[]): Body | null {
    const { definition } = routine
    if (definition === null) return null
    const own = asCaller(catalogue)
    const readings = kept.get(routine) ?? new Map<string, Body>()
    kept.set(routine, readings)
    const key = JSON.stringify([
      fired?.table.oid,
      fired?.rows,
      own.searchPath,
      own.probable !== undefined,
      [...(own.hidden ?? [])],
    ])
    const known = given.length === 0 ? readings.get(key) : undefined
    if (known) return known

    const above = this.#running.findIndex((running) => running.routine === routine && running.table === fired?.table)
    if (above >= 0) {
      const top = this.#running.at(-1)
      if (top) top.reaches = Math.min(top.reaches, above)
      // What it does is on the reading of the call that is under way.
      return { reading: new Reading(), pure: false, tells: 'opaque', rows: true, builds: false }
    }
    const name = `${routine.schema}.${routine.name}`
    if (this.#running.length >= maxDepth || ++this.#read > maxBodies)
      return unknownBody(`${name}() calls more functions than hoop reads`)
    const depth = this.#running.length
    const running: Running = { routine, table: fired?.table, reaches: depth }
    this.#running.push(running)
    let body: Body
    try {
      body = this.#printed(own, name, definition, fired, given)
    } finally {
      this.#running.pop()
    }
    const caller = this.#running.at(-1)
    if (caller) caller.reaches = Math.min(caller.reaches, running.reaches)
    // Inside of a circle it is not whole: what the functions above it do is not on it.
    if (running.reaches >= depth && given.length === 0) {
      if (readings.size >= maxKept) readings.clear()
      readings.set(key, body)
    }
    return body
  }

  block(catalogue: Catalogue, language: string, body: string): Body {
    if (language !== 'plpgsql') return unknownBody(`hoop does not read DO blocks in ${language}`)
    const tag = freeTag(body)
    return this.#guarded('a DO block', () => {
      const procedure = new Procedure(`DO ${tag}${body}${tag}`)
      return this.#passes(asCaller(catalogue), null, procedure.variables, (pass) => procedure.walk(pass, false), false, null)
    })
  }

  once(name: string, read: () => void): boolean {
    if (this.#reading.has(name)) return false
    this.#reading.add(name)
    try {
      read()
    } finally {
      this.#reading.delete(name)
    }
    return true
  }

  created(catalogue: Catalogue, statement: CreateFunctionStmt, text: string, fired: Fired | null = null): Body {
    const { name } = qualifiedName(statement.funcname)
    return this.#guarded(`${name}()`, () => this.#body(asCaller(catalogue), name, routineOf(statement), text, fired, []))
  }

  #printed(catalogue: Catalogue, name: string, definition: string, fired: Fired | null, given: readonly (string | null)[]): Body {
    return this.#guarded(`${name}()`, () => {
      const routine = printedRoutine(definition)
      return this.#body(catalogue, name.slice(name.lastIndexOf('.') + 1), routine, definition, fired, given)
    })
  }

  /** What cannot be read is not known. */
  #guarded(where: string, read: () => Body): Body {
    try {
      const body = read()
      body.reading.saidOf(where)
      return body
    } catch (error) {
      if (!(error instanceof StatementUnreadable)) throw error
      return unknownBody(`the body of ${where} cannot be read: ${error.message}`)
    }
  }

  #body(
    caller: Catalogue,
    name: string,
    routine: Routine,
    text: string,
    fired: Fired | null,
    given: readonly (string | null)[],
  ): Body {
    const set = settingsOf(routine)
    if (set.path === 'unseen') set.refused.push('its search path depends on who runs it')
    const catalogue = set.path === null ? caller : withSearchPath(caller, { schemas: set.path, user: '' })
    const defaults = (pass: BodyPass) => {
      pass.tell(unionAll(routine.defaults.map((value) => pass.expression(value))))
      for (const { names } of routine.types) pass.holds(nameOf(names))
    }
    let body: Body
    if (routine.language === 'sql') {
      const statements = routine.body === null ? routine.statements : parse(routine.body).flatMap(({ stmt }) => stmt ?? [])
      const parameters = routine.parameters.map(({ name: parameter, type }) => ({
        name: parameter,
        ofSystemType: ofSystemSchema(catalogue, nameOf(type?.names)),
      }))
      const walk = (pass: BodyPass) => {
        defaults(pass)
        for (const statement of statements) {
          const returned = 'ReturnStmt' in statement ? statement.ReturnStmt.returnval : undefined
          pass.tell(returned ? pass.expression(returned) : pass.statement(statement))
        }
      }
      body = this.#passes(catalogue, name, parameters, walk, routine.rows, fired)
    } else if (routine.language === 'plpgsql') {
      // The parser of bodies ends its own process over one that is not there.
      if (routine.body === null) throw new StatementUnreadable('it has none', 0)
      const procedure = new Procedure(text, textParameters(routine, given))
      const typed = procedure.variables.map((variable) => ({
        ...variable,
        ofSystemType: ofSystemSchema(catalogue, typeNames(variable.type)),
      }))
      const walk = (pass: BodyPass) => {
        defaults(pass)
        procedure.walk(pass, fired !== null)
      }
      body = this.#passes(catalogue, name, typed, walk, routine.rows, fired)
    } else return unknownBody(`hoop does not read functions in ${routine.language}`)
    for (const words of set.refused) body.reading.unknown(words)
    if (set.path === 'unseen') body.reading.unresolved.clear()
    return body
  }

  /** Values go from variable to variable in no order that is looked at: the second pass knows what any of them may hold. */
  #passes(
    catalogue: Catalogue,
    name: string | null,
    variables: readonly Variable[],
    walk: (pass: BodyPass) => void,
    rows: boolean,
    fired: Fired | null,
  ): Body {
    const pass = (known: Catalogue, holds: Sources) => {
      const one = new BodyPass(known, bodyScope(name, variables, holds, fired), this, this.#readAny)
      for (const { type } of variables) one.holds(typeNames(type))
      walk(one)
      return one
    }
    const first = pass(catalogue, none)
    const { temporary } = first.reading
    const again = pass(first.changedCatalogue(withHidden(catalogue, temporary)), first.told)
    return again.done(rows)
  }
}

/** The catalogue in which a body runs: names are looked for where its caller looks. */
function asCaller({ callerPath, ...catalogue }: Catalogue): Catalogue {
  return callerPath === undefined ? catalogue : { ...catalogue, searchPath: callerPath }
}

function unknownBody(words: string): Body {
  const reading = new Reading()
  reading.unknown(words)
  reading.stores = true
  return { reading, pure: false, tells: 'opaque', rows: true, builds: false }
}

/** A function's own settings; the search path that is one of them: `unseen` where it is not certain. */
function settingsOf({ settings }: Routine): {
  readonly path: readonly string[] | 'unseen' | null
  readonly refused: string[]
} {
  let path: readonly string[] | 'unseen' | null = null
  const refused: string[] = []
  for (const { name = '', kind, args = [] } of settings) {
    const values = args.map(stringOf)
    const known = values.filter((value) => value !== null)
    if (name === 'search_path')
      path = kind === 'VAR_SET_VALUE' && known.length === values.length && !known.includes('$user') ? known : 'unseen'
    else {
      const words = settingRefused(name, known.length === values.length ? known.join(', ') : null)
      if (words !== null) refused.push(words)
    }
  }
  return { path, refused }
}

/** What is given to parameters that take it as it is. */
function textParameters({ parameters }: Routine, given: readonly (string | null)[]): readonly (string | null)[] {
  const first = parameters.findIndex((parameter) => !parameter.given)
  const plain = first < 0 ? parameters : parameters.slice(0, first)
  return plain.map(({ type }, index) => {
    const isText = nameOf(type?.names).at(-1) === 'text' && !type?.arrayBounds
    return isText ? (given[index] ?? null) : null
  })
}

/** A dollar quote that the text does not contain. */
function freeTag(text: string): string {
  for (let number = 0; ; number++) {
    const tag = `$body${number}$`
    if (!text.includes(tag)) return tag
  }
}

/** The name of a type as it is written; none where it is not a plain one. */
function typeNames(type: string | null | undefined): readonly string[] {
  if (!type || type.includes('%')) return []
  try {
    const [statement] = parse(`SELECT NULL::${type}`)
    const select = statement?.stmt && 'SelectStmt' in statement.stmt ? statement.stmt.SelectStmt : null
    const target: Node | undefined = select?.targetList?.[0]
    const value = target && 'ResTarget' in target ? target.ResTarget.val : undefined
    return value && 'TypeCast' in value ? nameOf(value.TypeCast.typeName?.names) : []
  } catch (error) {
    if (error instanceof StatementUnreadable) return []
    throw error
  }
}
