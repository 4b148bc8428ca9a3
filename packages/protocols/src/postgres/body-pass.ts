import type { Sources } from '@hoop/contracts'
import type { Node } from 'libpg-query'
import {
  type Catalogue,
  type CatalogueRelation,
  findFunctions,
  findType,
  probableRelation,
  uncertainCatalogue,
} from './catalogue.ts'
import { lastName } from './changes.ts'
import { type Bodies, type Body, onlyReads, outputSources, sourcesOf, valueRuns, type Walk } from './expressions.ts'
import { isSystemFunction } from './functions.ts'
import { startWalk, unnamed } from './lineage.ts'
import { Reading } from './reading.ts'
import { rowOf } from './relations.ts'
import { makeRelation, type Scope, type ScopeRelation } from './scope.ts'
import { none, union, without } from './sources.ts'
import type { ReadStatement } from './statement-kind.ts'

/** A parameter or a variable of a body. */
export interface Variable {
  readonly name: string
  readonly ofSystemType?: boolean
  /** As it is written. */
  readonly type?: string | null
}

/** What a trigger was fired on. */
export interface Fired {
  readonly table: CatalogueRelation
  /** Names of its transition tables. */
  readonly rows: readonly string[]
}

/** What a statement in a body sees besides its own tables; `name`: that of the function, by which its parameters can be called. */
export function bodyScope(name: string | null, variables: readonly Variable[], holds: Sources, fired: Fired | null): Scope {
  const plain = fired === null ? variables : variables.filter(({ name: own }) => own !== 'new' && own !== 'old')
  const columns = plain.map((variable) => ({ name: variable.name, sources: holds, ofSystemType: variable.ofSystemType }))
  const whole: ScopeRelation = { alias: name, schema: null, columns, any: holds }
  const fields = plain.map(
    (variable): ScopeRelation => ({ alias: variable.name, schema: null, columns: null, any: holds, qualifiedOnly: true }),
  )
  if (fired === null) return { relations: [whole, ...fields], commonTables: [], parent: null }
  const outputs = rowOf(fired.table)
  const rows = ['new', 'old'].map((alias) => ({ ...makeRelation(alias, null, outputs), qualifiedOnly: true }))
  const commonTables = fired.rows.map((table) => ({ name: table, outputs }))
  return { relations: [...rows, whole, ...fields], commonTables, parent: null }
}

/** Looks at each statement of a body once. */
export class BodyPass {
  readonly reading = new Reading()
  /** What its variables, and what it answers with, may hold. */
  told: Sources = none
  /** It runs SQL that is made of what is not known. */
  builds = false
  #redefines = false
  readonly #catalogue: Catalogue
  readonly #scope: Scope
  readonly #bodies: Bodies
  readonly #readAny: ReadStatement

  constructor(catalogue: Catalogue, scope: Scope, bodies: Bodies, readAny: ReadStatement) {
    this.#catalogue = catalogue
    this.#scope = scope
    this.#bodies = bodies
    this.#readAny = readAny
  }

  /** Reads one statement; answers what its result is made of. `seesVariables`: false for SQL that is built at run time. */
  statement(node: Node, seesVariables = true): Sources {
    const inner = new Reading()
    const outer: Scope = seesVariables ? this.#scope : { relations: [], commonTables: [], parent: null }
    const kind = this.#readAny(this.#walk(inner, outer), node)
    if (kind.copy !== null) inner.unknown('COPY from or to a caller stands in a function')
    return this.#settled(inner, outputSources(kind.outputs))
  }

  /** Reads an expression that stands by itself. */
  expression(node: Node): Sources {
    const inner = new Reading()
    return this.#settled(inner, sourcesOf(this.#walk(inner, this.#scope), node, this.#scope))
  }

  #settled(inner: Reading, outputs: Sources): Sources {
    const sources = union(outputs, inner.choices)
    if (storesWhatItReads(inner)) inner.flow(inner.choices)
    const definitions = inner.objects.filter(({ access }) => access === 'ddl')
    const temporary = definitions.length > 0 && definitions.every(({ name }) => name.startsWith('pg_temp.'))
    this.#redefines ||= inner.redefines || (inner.changesCatalogue && !temporary)
    this.reading.include(inner, 'part')
    return sources
  }

  /** Whether a function or an operator of that name is certainly one of PostgreSQL itself. */
  isSystem(name: string): boolean {
    if (this.#catalogue.userOperators.has(name)) return false
    const candidates = findFunctions(this.#catalogue, null, name)
    return candidates.every(isSystemFunction)
  }

  /** A value goes into a column of the row that a trigger was fired for; answers what else is told by it. */
  intoRow(column: string, sources: Sources): Sources {
    const row = this.#scope.relations.find(({ alias }) => alias === 'new')
    const own = row?.columns?.find(({ name }) => name === column)
    if (own === undefined) return sources
    this.reading.flow(without(sources, own.sources))
    return none
  }

  /** Some value of the body is of this type; no names: nobody knows which. */
  holds(names: readonly string[]): void {
    const type = findType(this.#catalogue, names.at(-2) ?? null, names.at(-1) ?? '')
    if (type) valueRuns(this.#walk(this.reading, this.#scope), type)
  }

  /** Some value of the body has the type of a column, or those of a relation's row where the names are the `whole` of it. */
  copies(names: readonly string[], whole: boolean): void {
    const [relname = '', schema = null] = [...(whole ? names : names.slice(0, -1))].reverse()
    for (const { name, typeOid } of probableRelation(this.#catalogue, schema, relname)?.columns ?? []) {
      const type = whole || name === names.at(-1) ? this.#catalogue.typesByOid.get(typeOid) : undefined
      if (type) valueRuns(this.#walk(this.reading, this.#scope), type)
    }
  }

  tell(sources: Sources): void {
    this.told = union(this.told, sources)
  }

  /** What the statements of the body can rely upon, as any of them may come after one that changes definitions. */
  changedCatalogue(catalogue: Catalogue): Catalogue {
    return this.#redefines ? uncertainCatalogue(catalogue) : catalogue
  }

  done(rows: boolean): Body {
    const { reading } = this
    if (reading.session.some(({ kind }) => kind === 'setting')) reading.configures = true
    if (reading.session.some(({ kind }) => kind !== 'setting')) reading.unknown('the body changes what names mean in its session')
    if (reading.applicationNames.size > 0) reading.unknown('the body changes application_name')
    if (reading.notSupported !== null) reading.unknown(reading.notSupported)
    reading.notSupported = null
    reading.redefines = this.#redefines
    // What the body makes itself is not looked for.
    const made = new Set(reading.objects.flatMap(({ name, access }) => (access === 'ddl' ? [lastName(name)] : [])))
    for (const name of [...reading.unresolved]) if (made.has(lastName(name))) reading.unresolved.delete(name)
    if (storesWhatItReads(reading)) {
      reading.flow(reading.choices)
      reading.stores = true
    }
    const reads = reading.objects.some(({ kind }) => kind !== 'function') || reading.columns.size > 0
    const nothing = this.told !== 'opaque' && this.told.length === 0
    return {
      reading,
      pure: onlyReads(reading) && !reads && nothing,
      tells: union(this.told, reading.choices),
      rows,
      builds: this.builds,
    }
  }

  #walk(reading: Reading, outer: Scope): Walk {
    return startWalk(this.#catalogue, reading, unnamed({ outer, bodies: this.#bodies }))
  }
}

/** It does more than read: what it is given may stay behind. */
function storesWhatItReads(reading: Reading): boolean {
  return reading.stores || !onlyReads(reading)
}
