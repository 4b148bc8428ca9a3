import type { ASTNode } from '@marcbachmann/cel-js'

const macros: readonly string[] = ['all', 'exists', 'exists_one', 'filter', 'map']

/** Whether it asks something of each element of a list. */
export function isMacro(node: ASTNode): boolean {
  return node.op === 'rcall' && macros.includes(node.args[0])
}

/** The operands of a node, in the order of the source. */
export function operands(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [node.args[0]]
    case 'call':
      return node.args[1]
    case 'rcall':
      return [node.args[1], ...node.args[2]]
    case 'map':
      return node.args.flat()
    case '!_':
    case '-_':
      return [node.args]
    default:
      return node.args
  }
}

/** Every node of the tree, parents first. */
export function* nodes(root: ASTNode): Generator<ASTNode> {
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    yield node
    open.push(...operands(node).toReversed())
  }
}

/**
 * What the expression may read: `operation.text` for a field that is named, `operation` alone for a variable used whole (and so for
 * any of its fields). A name bound by a macro counts too: more than is read, never less.
 */
export function reads(root: ASTNode): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.op === 'id') found.add(node.args)
    else if (node.op === '.' && node.args[0].op === 'id') found.add(`${node.args[0].args}.${node.args[1]}`)
    else open.push(...operands(node))
  }
  return found
}

/** What a moment is asked for that stays the same for a minute, in whichever time zone. */
const calendar: readonly string[] = [
  'getFullYear',
  'getMonth',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getDayOfYear',
  'getHours',
  'getMinutes',
]

/** Whether `now` is asked for the day, the hour or the minute, and for nothing else. */
export function asksForMinutesOnly(root: ASTNode): boolean {
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.op === 'id' && node.args === 'now') return false
    if (node.op === 'rcall' && node.args[1].op === 'id' && calendar.includes(node.args[0])) open.push(...node.args[2])
    else open.push(...operands(node))
  }
  return true
}

/** Whether this string stands in the expression as a literal. */
export function hasLiteral(root: ASTNode, text: string): boolean {
  for (const node of nodes(root)) if (node.op === 'value' && node.args === text) return true
  return false
}

/**
 * Whether the expression can be true only where the value at a path of this kind is a text that is written out in it: by `==` or `in`, on
 * each side of an `||`, on one of an `&&`.
 */
export function isPinned(root: ASTNode, isPath: (path: readonly string[]) => boolean): boolean {
  const is = (node: ASTNode) => isPath(pathOf(node) ?? [])
  switch (root.op) {
    case '&&':
      return root.args.some((part) => isPinned(part, isPath))
    case '||':
      return root.args.every((part) => isPinned(part, isPath))
    case '==': {
      const [a, b] = root.args
      return (is(a) && isText(b)) || (is(b) && isText(a))
    }
    case 'in': {
      const [value, list] = root.args
      return is(value) && list.op === 'list' && list.args.length > 0 && list.args.every(isText)
    }
    default:
      return false
  }
}

function isText(node: ASTNode): boolean {
  return node.op === 'value' && typeof node.args === 'string' && node.args !== ''
}

/** `a.b['c']` as a, b, c; null: it is something else. */
function pathOf(node: ASTNode): readonly string[] | null {
  if (node.op === 'id') return [node.args]
  if (node.op !== '.' && node.op !== '[]') return null
  const [owner, step] = node.args
  const path = pathOf(owner)
  if (path === null) return null
  if (typeof step === 'string') return [...path, step]
  return step.op === 'value' && typeof step.args === 'string' ? [...path, step.args] : null
}
