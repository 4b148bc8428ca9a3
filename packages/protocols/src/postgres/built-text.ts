import type { Node } from 'libpg-query'
import { tokens } from './parser.ts'
import { nameOf, qualifiedName, stringOf } from './syntax-tree.ts'

/** Stands for a value that is quoted as a literal. */
const anyLiteral = "'any value, quoted'"

/** What an expression is made of. */
interface Known {
  /** By name; parameters by `$1`, too. */
  readonly constants: ReadonlyMap<string, string>
  /** Whether a function or an operator of that name is certainly PostgreSQL's own. */
  isSystem(name: string): boolean
}

/**
 * The text that an expression makes of constants; null where any of it is not certain. A value that quote_literal() or `%L` puts into it
 * stands as some literal: it changes nothing of what the text says, unless it was put inside of another literal or a comment.
 */
export function builtText(node: Node | undefined, known: Known): string | null {
  const text = madeOf(node, known)
  if (text === null) return null
  const places = text.split(anyLiteral).length - 1
  if (places === 0) return text
  return tokens(text).filter((token) => token.text === anyLiteral).length === places ? text : null
}

function madeOf(node: Node | undefined, known: Known): string | null {
  if (!node) return null
  const { constants } = known
  const inside = (other: Node | undefined) => madeOf(other, known)
  if ('A_Const' in node) return stringOf(node)
  if ('ParamRef' in node) return constants.get(`$${node.ParamRef.number ?? 0}`) ?? null
  if ('ColumnRef' in node) {
    const [name, ...others] = nameOf(node.ColumnRef.fields)
    return name !== undefined && others.length === 0 && node.ColumnRef.fields?.length === 1 ? (constants.get(name) ?? null) : null
  }
  if ('TypeCast' in node) {
    const { schema, name } = qualifiedName(node.TypeCast.typeName?.names)
    const ofText = name === 'text' && (schema === null || schema === 'pg_catalog') && !node.TypeCast.typeName?.arrayBounds
    return ofText ? inside(node.TypeCast.arg) : null
  }
  if ('A_Expr' in node) {
    const { kind, name, lexpr, rexpr } = node.A_Expr
    if (kind !== 'AEXPR_OP' || nameOf(name).join() !== '||' || !known.isSystem('||')) return null
    const [left, right] = [inside(lexpr), inside(rexpr)]
    return left === null || right === null ? null : left + right
  }
  if (!('FuncCall' in node)) return null
  const { funcname, args = [], agg_order: order, func_variadic: variadic } = node.FuncCall
  const { schema, name } = qualifiedName(funcname)
  if ((schema === null ? !known.isSystem(name) : schema !== 'pg_catalog') || order || variadic) return null
  if (name === 'quote_literal' || name === 'quote_nullable') return args.length === 1 ? anyLiteral : null
  const [first, ...rest] = args
  if (name === 'quote_ident') {
    const identifier = rest.length === 0 ? inside(first) : null
    return identifier === null ? null : quoted(identifier)
  }
  return name === 'format' ? formatted(inside(first), rest, inside) : null
}

/** https://www.postgresql.org/docs/current/functions-string.html#FUNCTIONS-STRING-FORMAT, without positions and widths. */
function formatted(
  template: string | null,
  args: readonly Node[],
  inside: (node: Node | undefined) => string | null,
): string | null {
  if (template === null) return null
  let next = 0
  let known = true
  const text = template.replaceAll(/%(.?)/gs, (_, kind: string) => {
    if (kind === '%') return '%'
    const arg = args[next++]
    if (kind === 'L' && arg) return anyLiteral
    const value = inside(arg)
    if (value === null || (kind !== 's' && kind !== 'I')) known = false
    return kind === 'I' ? quoted(value ?? '') : (value ?? '')
  })
  return known ? text : null
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
