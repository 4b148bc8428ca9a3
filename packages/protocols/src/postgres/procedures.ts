import type { Sources } from '@hoop/contracts'
import type { Node } from 'libpg-query'
import type { BodyPass, Variable } from './body-pass.ts'
import { builtText } from './built-text.ts'
import { parse, parseProcedural, StatementUnreadable, tokens } from './parser.ts'
import { none, union } from './sources.ts'
import { type Fields, isObject, stringOf, tagged } from './syntax-tree.ts'

/** How an expression of PL/pgSQL stands in the text. https://github.com/postgres/postgres src/include/parser/parser.h RawParseMode */
const modes = { statement: 0, type: 1, expression: 2, assignments: [3, 4, 5] } as const

/** Fields that hold an expression whose value goes on into a variable, a message or the result; what all others hold decides what runs. */
const values = new Set(['PLpgSQL_stmt_assign', 'PLpgSQL_stmt_return', 'PLpgSQL_stmt_return_next', 'PLpgSQL_stmt_raise'])
/** Statements and their parts in which nothing but what is inside them counts. */
const plain = new Set(
  [
    'function stmt_block stmt_if if_elsif stmt_case case_when stmt_loop stmt_while stmt_fori stmt_fors stmt_forc stmt_foreach_a stmt_exit',
    'stmt_execsql stmt_perform stmt_call stmt_open stmt_fetch stmt_close stmt_getdiag diag_item stmt_assert stmt_return_query raise_option',
    'stmt_dynexecute stmt_dynfors exception_block exception condition var rec row recfield type alias nsitem',
    'stmt_assign stmt_return stmt_return_next stmt_raise',
  ].flatMap((names) => names.split(' ').map((name) => `PLpgSQL_${name}`)),
)
/** ERRCODE, of the options of RAISE: PLpgSQL_raise_option_type. */
const raisedState = 0
/** Where a statement puts its result: declared elsewhere. */
const targets = new Set(['target', 'var'])
/** Transaction control in a procedure, as its statement is called outside. */
const transactions: Readonly<Record<string, string>> = { PLpgSQL_stmt_commit: 'COMMIT', PLpgSQL_stmt_rollback: 'ROLLBACK' }

/** A body in PL/pgSQL. https://www.postgresql.org/docs/current/plpgsql-statements.html */
export class Procedure {
  readonly variables: readonly Variable[]
  readonly #tree: unknown
  /** Variables that never change, by name. */
  readonly #constants: ReadonlyMap<string, string>
  readonly #namesVariables: boolean
  readonly #readsErrors: boolean
  /** Columns and relations whose types variables have. */
  readonly #copied: readonly Copied[]

  /** Reads a CREATE FUNCTION or DO; `given`: what its first parameters are, null where that is not known. Throws StatementUnreadable. */
  constructor(text: string, given: readonly (string | null)[] = []) {
    const { tree, taken } = parseProcedure(text)
    this.#tree = tree
    // The words of an error quote values of rows that the body never names.
    this.#readsErrors = /sqlerrm|stacked/i.test(text)
    this.#namesVariables = /#\s*variable_conflict\s+use_variable/i.test(text)
    const variables: Variable[] = []
    const constants = new Map<string, string>()
    for (const datum of datums(this.#tree)) {
      const [tag, { refname, datatype, isconst, default_val: value }] = datum
      if (typeof refname !== 'string' || tag === 'PLpgSQL_row') continue
      // The parser takes a variable of a type that it does not know for a record.
      const type = typeName(datatype)
      variables.push({ name: refname, type: tag === 'PLpgSQL_var' || !/^record$/i.test(type ?? 'record') ? type : null })
      const text = isconst === true ? constantOf(value) : null
      if (text !== null) constants.set(refname, text)
    }
    this.variables = variables
    this.#copied = [...taken, ...variables.flatMap(({ type }) => type ?? [])].flatMap(copiedType)
    for (const [name, text] of unchanged(this.#tree, given)) constants.set(name, text)
    // Which of two that share a name is meant depends on where it stands.
    for (const name of constants.keys())
      if (variables.filter((variable) => variable.name === name).length > 1) constants.delete(name)
    this.#constants = constants
  }

  /** `fired`: by a trigger, whose row it may change. */
  walk(pass: BodyPass, fired: boolean): void {
    if (this.#readsErrors) pass.tell('opaque')
    for (const { names, whole } of this.#copied) pass.copies(names, whole)
    if (this.#namesVariables) pass.reading.unknown('#variable_conflict use_variable decides what names mean')
    this.#visit(pass, this.#tree, '')
    if (fired && putsInRow(this.#tree)) pass.reading.flow(pass.told)
  }

  #visit(pass: BodyPass, value: unknown, parent: string): void {
    if (Array.isArray(value)) {
      for (const item of value) this.#visit(pass, item, parent)
      return
    }
    if (!isObject(value)) return
    const node = tagged(value)
    if (node === null) return this.#fields(pass, value, parent)
    const [tag, fields] = node
    if (tag === 'PLpgSQL_expr') return this.#expression(pass, fields, parent)
    const verb = transactions[tag]
    if (verb !== undefined) pass.reading.verbs.add(verb)
    else if (!plain.has(tag)) pass.reading.unknown(`hoop does not know the statement ${tag}`)
    // An SQLSTATE reaches the caller as it is.
    if (tag === 'PLpgSQL_raise_option' && (fields.opt_type ?? 0) === raisedState)
      pass.reading.flow(this.#given(pass, [fields.expr]))
    if (tag === 'PLpgSQL_stmt_close') pass.reading.closesCursors = true
    const dynamic = tag === 'PLpgSQL_stmt_dynexecute' || tag === 'PLpgSQL_stmt_dynfors' ? 'query' : 'dynquery'
    const { [dynamic]: query, ...rest } = fields
    if (query !== undefined) this.#dynamic(pass, query, fields.params)
    this.#fields(pass, rest, tag)
  }

  #fields(pass: BodyPass, fields: Fields, parent: string): void {
    for (const field in fields) if (!targets.has(field)) this.#visit(pass, fields[field], parent)
  }

  #expression(pass: BodyPass, { query, parseMode }: Fields, parent: string): void {
    if (typeof query !== 'string') return pass.reading.unknown('hoop does not know an expression of a body')
    const sources = this.#read(pass, query, parseMode)
    pass.tell(sources)
    if (!values.has(parent)) pass.reading.choose(parseMode === modes.expression ? sources : none)
  }

  #read(pass: BodyPass, query: string, mode: unknown): Sources {
    if (mode === modes.statement) return all(pass, parse(query))
    if (mode === modes.expression) return value(pass, query)
    if (mode === modes.type) return value(pass, `NULL::${query}`)
    if (!modes.assignments.some((assignment) => assignment === mode)) {
      pass.reading.unknown('hoop does not know an expression of a body')
      return 'opaque'
    }
    const [target, given] = assigned(query)
    // What stands in its subscripts is worked out, too.
    const subscripts = target.includes('[') ? value(pass, target) : none
    const sources = union(subscripts, value(pass, given))
    const column = newColumn.exec(target)?.[1]
    return column === undefined ? sources : pass.intoRow(column.replaceAll('"', ''), sources)
  }

  /** SQL that is put together at run time: known where all of it but quoted values is constant. */
  #dynamic(pass: BodyPass, query: unknown, parameters: unknown): void {
    const [tag, { query: expression }] = (isObject(query) && tagged(query)) || ['', {} as Fields]
    if (tag !== 'PLpgSQL_expr' || typeof expression !== 'string') return pass.reading.unknown('hoop does not know an EXECUTE')
    const [select] = parse(`SELECT ${expression}`)
    const given = union(value(pass, expression), this.#given(pass, parameters))
    pass.tell(given)
    pass.reading.choose(given)
    const text = builtText(firstTarget(select?.stmt), { constants: this.#constants, isSystem: (name) => pass.isSystem(name) })
    if (text === null) {
      pass.builds = true
      pass.reading.effects.add('execute')
      pass.reading.unknown('it runs SQL that is put together at run time')
      return pass.tell('opaque')
    }
    for (const { stmt } of parse(text)) if (stmt) pass.tell(pass.statement(stmt, false))
  }

  #given(pass: BodyPass, parameters: unknown): Sources {
    let sources: Sources = none
    for (const parameter of Array.isArray(parameters) ? parameters : []) {
      const fields = isObject(parameter) ? tagged(parameter)?.[1] : undefined
      sources = union(sources, typeof fields?.query === 'string' ? this.#read(pass, fields.query, fields.parseMode) : 'opaque')
    }
    return sources
  }
}

/** An expression is what SELECT makes of it: it may have clauses of a query behind it. */
function value(pass: BodyPass, expression: string): Sources {
  const statements = parse(`SELECT ${expression}`)
  const [{ stmt } = {}] = statements
  const { targetList: _t, limitOption: _l, op: _o, ...clauses } = stmt && 'SelectStmt' in stmt ? stmt.SelectStmt : {}
  const alone = statements.length === 1 && Object.keys(clauses).length === 0 ? firstTarget(stmt) : undefined
  return alone ? pass.expression(alone) : all(pass, statements)
}

/** `NEW.column`, which is what a trigger stores. */
const newColumn = /^\s*new\s*\.\s*(\w+|"[^"]+")\s*$/i

/** Whether a trigger may store a row that it was not given, or values that it put there other than by an assignment to one column. */
function putsInRow(tree: unknown): boolean {
  const names = datums(tree).map(([, { refname }]) => refname)
  const inside = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(inside)
    if (!isObject(value)) return false
    const [tag, fields] = tagged(value) ?? ['', value]
    if (tag === 'PLpgSQL_stmt_return') {
      const [, { query }] = (isObject(fields.expr) && tagged(fields.expr)) || ['', {} as Fields]
      const returned = typeof fields.retvarno === 'number' ? names[fields.retvarno] : undefined
      return query === undefined
        ? returned !== undefined && returned !== 'new' && returned !== 'old'
        : !/^\s*(null|new|old)\s*$/i.test(String(query))
    }
    if (tag === 'PLpgSQL_stmt_assign' && isObject(fields.expr)) {
      const query = String(tagged(fields.expr)?.[1].query)
      return /^\s*new\b/i.test(query) && !newColumn.test(query.slice(0, query.search(/:?=/)))
    }
    // SELECT INTO, FETCH and loops put what they find where they are told.
    if (['target', 'var'].some((field) => JSON.stringify(fields[field] ?? '').match(/"(new|new\.\w+)"/))) return true
    return Object.values(fields).some(inside)
  }
  const action = isObject(tree) ? tree.plpgsql_funcs : undefined
  return inside(action)
}

function all(pass: BodyPass, statements: ReturnType<typeof parse>): Sources {
  let sources: Sources = none
  for (const { stmt } of statements) if (stmt) sources = union(sources, pass.statement(stmt))
  return sources
}

/** The parser does not know `%ROWTYPE` of a table: a record holds as much. */
/** `taken`: types of rows that the parser does not know. */
function parseProcedure(text: string): { readonly tree: unknown; readonly taken: readonly string[] } {
  try {
    return { tree: parseProcedural(text), taken: [] }
  } catch (error) {
    if (!(error instanceof StatementUnreadable) || !rowType.test(text)) throw error
    const all = new RegExp(rowType, 'gi')
    return { tree: parseProcedural(text.replaceAll(all, ' record')), taken: text.match(all) ?? [] }
  }
}

/** A column, or the `whole` row of a relation, whose type a variable has. */
interface Copied {
  readonly names: readonly string[]
  readonly whole: boolean
}

/** `people.email%TYPE` or `people%ROWTYPE`: as the parser prints it, without quotes, or as it is written. */
function copiedType(written: string): readonly Copied[] {
  const end = written.lastIndexOf('%')
  if (end < 0) return []
  const whole = /^%\s*row/i.test(written.slice(end))
  const printed = written.slice(0, end).replaceAll('"', '').trim()
  return [printed, printed.toLowerCase()].map((name) => ({ names: name.split('.'), whole }))
}

const rowType = /(?<![\w."$])[\w."$]+\s*%\s*rowtype\b/i

function datums(tree: unknown): readonly (readonly [string, Fields])[] {
  const functions = isObject(tree) && Array.isArray(tree.plpgsql_funcs) ? tree.plpgsql_funcs : []
  const [first] = functions
  const fields = isObject(first) ? tagged(first)?.[1] : undefined
  if (functions.length !== 1 || !fields || !isObject(fields.action)) throw new StatementUnreadable('it is not one function', 0)
  const found = Array.isArray(fields.datums) ? fields.datums : []
  return found.flatMap((datum) => (isObject(datum) ? [tagged(datum)] : [])).filter((datum) => datum !== null)
}

/** The parameters that the body nowhere assigns to, by their names and numbers. */
function unchanged(tree: unknown, given: readonly (string | null)[]): [string, string][] {
  // A procedure may change what it is given.
  if (given.every((value) => value === null) || JSON.stringify(tree).includes('"PLpgSQL_stmt_call"')) return []
  const all = datums(tree)
  const assigned = assignedTo(tree)
  return given.flatMap((value, index): [string, string][] => {
    const name = all[index]?.[1].refname
    if (value === null || typeof name !== 'string' || assigned.has(index) || assigned.has(name)) return []
    // A variable of the same name would hide it under its name only.
    return [
      [`$${index + 1}`, value],
      [name, value],
    ]
  })
}

/** The numbers and names of all variables that are assigned to; a number that the parser leaves out is 0. */
function assignedTo(tree: unknown): ReadonlySet<unknown> {
  const assigned = new Set<unknown>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item)
      return
    }
    if (!isObject(value)) return
    for (const [tag, fields] of Object.entries(value)) {
      if (isObject(fields)) {
        if (tag === 'PLpgSQL_stmt_assign' || tag === 'PLpgSQL_stmt_foreach_a') assigned.add(fields.varno ?? 0)
        if (tag === 'PLpgSQL_diag_item') assigned.add(fields.target ?? 0)
        if (tag === 'PLpgSQL_row')
          for (const field of listOf(fields.fields)) if (isObject(field)) assigned.add(field.varno ?? 0).add(field.name)
        if (targets.has(tag)) assigned.add(tagged(fields)?.[1].refname)
      }
      visit(fields)
    }
  }
  visit(tree)
  return assigned
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function typeName(datatype: unknown): string | null {
  const name = isObject(datatype) ? tagged(datatype)?.[1].typname : undefined
  return typeof name === 'string' ? name : null
}

/** `target := value`, at the first sign that stands in no parentheses. */
function assigned(text: string): readonly [target: string, value: string] {
  let depth = 0
  for (const { start, end, text: token } of tokens(text)) {
    if (token === '(' || token === '[') depth++
    else if (token === ')' || token === ']') depth--
    else if (depth === 0 && (token === ':=' || token === '=')) {
      const bytes = Buffer.from(text)
      return [bytes.subarray(0, start).toString(), bytes.subarray(end).toString()]
    }
  }
  throw new StatementUnreadable('an assignment has no value', 0)
}

function firstTarget(node: Node | undefined): Node | undefined {
  const [target, ...others] = (node && 'SelectStmt' in node && node.SelectStmt.targetList) || []
  return target && 'ResTarget' in target && others.length === 0 ? target.ResTarget.val : undefined
}

function constantOf(expression: unknown): string | null {
  const query = isObject(expression) ? tagged(expression)?.[1].query : undefined
  if (typeof query !== 'string') return null
  const [select] = parse(`SELECT ${query}`)
  const value = firstTarget(select?.stmt)
  return value && 'A_Const' in value ? stringOf(value) : null
}
