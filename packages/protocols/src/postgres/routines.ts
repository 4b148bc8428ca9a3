import type { CreateFunctionStmt, FunctionParameter, Node, TypeName, VariableSetStmt } from 'libpg-query'
import { parse, StatementUnreadable } from './parser.ts'
import { stringOf } from './syntax-tree.ts'

export interface Parameter {
  readonly name: string
  readonly type: TypeName | undefined
  /** It is given with a call, and not answered with. */
  readonly given: boolean
}

/** What CREATE FUNCTION or CREATE PROCEDURE says. */
export interface Routine {
  readonly language: string
  readonly parameters: readonly Parameter[]
  /** Of its parameters and its result. */
  readonly types: readonly TypeName[]
  /** What parameters are when a call does not give them. */
  readonly defaults: readonly Node[]
  /** Its body as a text; null where it is a list of statements. */
  readonly body: string | null
  /** The body as the server's parser has it already (`BEGIN ATOMIC`, `RETURN`). */
  readonly statements: readonly Node[]
  /** Settings that hold while it runs. */
  readonly settings: readonly VariableSetStmt[]
  /** It answers with any number of rows. */
  readonly rows: boolean
}

/** The routine that a definition printed by the server makes. Throws {@link StatementUnreadable}. */
export function printedRoutine(definition: string): Routine {
  const [statement, ...others] = parse(definition)
  if (!statement?.stmt || others.length > 0 || !('CreateFunctionStmt' in statement.stmt))
    throw new StatementUnreadable('not one definition of a function', 0)
  return routineOf(statement.stmt.CreateFunctionStmt)
}

export function routineOf({ options = [], parameters = [], returnType, sql_body: atomic }: CreateFunctionStmt): Routine {
  let language = 'sql'
  let body: string | null = null
  const settings: VariableSetStmt[] = []
  for (const option of options) {
    if (!('DefElem' in option)) continue
    const { defname, arg } = option.DefElem
    if (defname === 'language') language = stringOf(arg)?.toLowerCase() ?? ''
    // A second string is the name of a symbol in a library.
    else if (defname === 'as' && arg && 'List' in arg) body = arg.List.items?.length === 1 ? stringOf(arg.List.items[0]) : null
    else if (defname === 'set' && arg && 'VariableSetStmt' in arg) settings.push(arg.VariableSetStmt)
  }
  const named = parameters.flatMap((node) => ('FunctionParameter' in node ? [node.FunctionParameter] : []))
  return {
    language,
    parameters: named.map(({ name = '', argType, mode = '' }) => ({ name, type: argType, given: /_(DEFAULT|IN)$/.test(mode) })),
    types: [...named.flatMap(({ argType }) => argType ?? []), ...(returnType ? [returnType] : [])],
    defaults: named.flatMap(({ defexpr }) => defexpr ?? []),
    body,
    statements: atomic ? flattened(atomic) : [],
    settings,
    rows: (returnType?.setof ?? false) || named.some(ofTable),
  }
}

function ofTable({ mode }: FunctionParameter): boolean {
  return mode === 'FUNC_PARAM_TABLE'
}

function flattened(node: Node): readonly Node[] {
  return 'List' in node ? (node.List.items ?? []).flatMap(flattened) : [node]
}
