import { isUtf8 } from 'node:buffer'
import { type Document, isCollection, isPair, isScalar, parseAllDocuments, visit } from 'yaml'
import type { JsonDocument, JsonScalar } from '../http/json-document.ts'
import type { Unreadable } from './requests.ts'

/**
 * YAML, as far as there is one reading of it. The API server reads YAML 1.1, where `yes` is true and `010` is 8, and which other readers take
 * otherwise: where both versions do not agree, or where there are anchors, tags, merge keys or several documents, it is not readable.
 * https://yaml.org/spec/1.2.2/ext/changes/
 */
export function readYaml(bytes: Buffer): Pick<JsonDocument, 'value' | 'scalars'> | Unreadable {
  if (!isUtf8(bytes)) return { unreadable: 'it is not UTF-8' }
  const text = bytes.toString()
  const [one, old] = [parse(text, '1.2'), parse(text, '1.1')]
  if ('unreadable' in one) return one
  if ('unreadable' in old) return old
  const value: unknown = one.toJS()
  if (JSON.stringify(value) !== JSON.stringify(old.toJS()))
    return {
      unreadable: 'a value without quotes that YAML 1.1 and 1.2 read differently (yes, on, 010, 1:20, a date): put it in quotes',
    }
  return { value, scalars: scalars(one) }
}

function parse(text: string, version: '1.1' | '1.2'): Document | Unreadable {
  const documents = parseAllDocuments(text, { version, uniqueKeys: true, merge: false, strict: true })
  const [document] = documents
  if (document === undefined || documents.length !== 1) return { unreadable: 'it is not one document' }
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) return { unreadable: problem.message.split('\n')[0] ?? '' }
  // It would decide the version for both readings.
  let odd = /^%/m.test(text) ? 'a line begins with %, as directives do' : null
  visit(document, {
    Alias: () => {
      odd = 'it has an alias'
      return visit.BREAK
    },
    Pair: (_, { key }) => {
      if (isScalar(key) && typeof key.value === 'string') return undefined
      odd = 'it has a merge key, or a key that is no text: put it in quotes'
      return visit.BREAK
    },
    Node: (_, node) => {
      if (node.anchor === undefined && node.tag === undefined) return undefined
      odd = 'it has an anchor or a tag'
      return visit.BREAK
    },
  })
  return odd === null ? document : { unreadable: odd }
}

function scalars(document: Document): JsonScalar[] {
  const found: JsonScalar[] = []
  visit(document, {
    Scalar: (key, node, ancestors) => {
      if (key === 'key' || node.range == null) return
      const path: (string | number)[] = []
      const line = [...ancestors, node]
      for (const [index, ancestor] of line.entries()) {
        const below = line[index + 1]
        if (isPair(ancestor) && isScalar(ancestor.key)) path.push(String(ancestor.key.value))
        else if (isCollection(ancestor) && !isPair(below)) path.push(ancestor.items.indexOf(below as never))
      }
      const value = node.value as JsonScalar['value']
      found.push({ start: node.range[0], end: node.range[1], path, value })
    },
  })
  return found
}
