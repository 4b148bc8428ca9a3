import type { Node } from 'libpg-query'
import { findRelation } from './catalogue.ts'
import type { Walk } from './expressions.ts'
import { targetNames } from './new-relations.ts'
import { qualifiedName, stringOf } from './syntax-tree.ts'

/** What the functions on sequences do to the one that they name. */
export const sequenceFunctions: Readonly<Record<string, 'read' | 'write'>> = {
  nextval: 'write',
  setval: 'write',
  currval: 'read',
}

/** Puts the sequence on the reading that the first argument of such a function names. */
export function touchSequence(walk: Walk, argument: Node | undefined, access: 'read' | 'write'): void {
  const { catalogue, reading } = walk
  const owned = argument && ownedSequence(walk, argument)
  if (owned) return reading.object('sequence', owned, access)
  const text = constantText(argument)
  const byOid = text !== null && /^\d+$/.test(text) ? catalogue.relationsByOid.get(Number(text)) : undefined
  if (byOid) return reading.object('sequence', `${byOid.schema}.${byOid.name}`, access)
  const names = text === null || /^\d+$/.test(text) ? null : namesOf(text)
  if (names === null) return reading.unknown('which sequence it is about is not known before it runs')
  const [relname = '', schemaname] = [...names].reverse()
  if (!findRelation(catalogue, schemaname ?? null, relname)) reading.unresolved.add(names.join('.'))
  for (const name of targetNames(walk, schemaname === undefined ? { relname } : { relname, schemaname }))
    reading.object('sequence', name, access)
}

/** `'x'`, `'x'::regclass`, `cast('x' as text)` */
function constantText(node: Node | undefined): string | null {
  return node && 'TypeCast' in node ? constantText(node.TypeCast.arg) : stringOf(node)
}

/** `pg_get_serial_sequence('table', 'column')`: the first name is read as an identifier, the second as it is. */
function ownedSequence(walk: Walk, node: Node): string | null {
  if ('TypeCast' in node) return node.TypeCast.arg ? ownedSequence(walk, node.TypeCast.arg) : null
  if (!('FuncCall' in node) || qualifiedName(node.FuncCall.funcname).name !== 'pg_get_serial_sequence') return null
  const [table, column] = (node.FuncCall.args ?? []).map(constantText)
  const names = namesOf(table ?? '')
  const found = names && findRelation(walk.catalogue, names.at(-2) ?? null, names.at(-1) ?? '')
  const owned = found?.attached.find((attached) => attached.kind === 'sequence' && attached.column === column)
  return owned ? `${owned.schema}.${owned.name}` : null
}

/** The parts of a name as a server reads it from a text: folded to lower case where they are not quoted. Null: it is none. */
function namesOf(text: string): readonly string[] | null {
  const part = /\s*(?:"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))\s*(\.|$)/y
  const names: string[] = []
  for (;;) {
    const found = part.exec(text)
    if (!found) return null
    names.push(found[1]?.replaceAll('""', '"') ?? found[2]?.toLowerCase() ?? '')
    if (found[3] === '') return part.lastIndex === text.length && names.length <= 3 ? names : null
  }
}
