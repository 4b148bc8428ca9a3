import type { ASTNode } from '@marcbachmann/cel-js'

/** The operands of a node, in the order of the source. */
function operands(node: ASTNode): readonly ASTNode[] {
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

/** Whether this string stands in the expression as a literal. */
export function hasLiteral(root: ASTNode, text: string): boolean {
  for (const node of nodes(root)) if (node.op === 'value' && node.args === text) return true
  return false
}
