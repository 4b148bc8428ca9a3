import type { FieldNode, MaskPlan, ValueMask } from '@hoop/contracts'
import {
  anyOf,
  base64Value,
  type DocumentNode,
  jsonValue,
  underElements,
  underMember,
  underMembers,
} from '../http/field-nodes.ts'
import { lastAppliedName, reaches } from './patches.ts'
import { namesOf } from './requests.ts'
import { cellPaths } from './table-cells.ts'

/** What is masked in one object of this kind, wherever it stands in an answer; null: nothing. */
function objectNode(kind: string, masks: MaskPlan): DocumentNode | null {
  const named = anyOf(namesOf(kind).map((name) => masks.fields(name)))
  const encoded = encodedPlaces(kind)
  if (named === null && (masks.detectors === null || encoded === null)) return null
  const again = { lastApplied: jsonValue(() => node), managed: named === null ? null : managedNode(named) }
  const node: DocumentNode = anyOf([named, encoded, metadataNode(again)]) ?? again.lastApplied
  return node
}

/** Everything an answer about this kind can be: an object, a list, a table, an event of a watch. */
export function answerNode(kind: string, masks: MaskPlan): DocumentNode | null {
  const object = objectNode(kind, masks)
  if (object === null) return null
  const named = anyOf(namesOf(kind).map((name) => masks.fields(name)))
  const list = anyOf([
    object,
    underMember('items', underElements(object)),
    named === null ? null : tableNode(kind, object, named),
  ])
  // An event of a watch holds an object or, in its own time, a table or the Status of an error.
  return anyOf([list, underMember('object', anyOf([list, named === null ? null : statusNode]) ?? object)])
}

/** Where Kubernetes writes bytes, which are base64 in JSON. */
function encodedPlaces(kind: string): DocumentNode | null {
  if (kind === 'secrets') return underMember('data', underMembers(base64Value))
  if (kind === 'configmaps') return underMember('binaryData', underMembers(base64Value))
  return null
}

/** What of the object is in its metadata once more: as it was last applied, and what its managers wrote. */
function metadataNode({ lastApplied, managed }: { lastApplied: DocumentNode; managed: DocumentNode | null }): DocumentNode {
  const fields = managed === null ? null : underMember('managedFields', underElements(underMember('fieldsV1', managed)))
  const places = anyOf([underMember('annotations', underMember(lastAppliedName, lastApplied)), fields])
  return underMember('metadata', places ?? lastApplied)
}

/**
 * In `fieldsV1` names of members stand for the object's places: `f:` a field, `k:` an element by its keys, `v:` by its value, `i:` by its index. The
 * keys and values of what is masked are not shown. https://github.com/kubernetes-sigs/structured-merge-diff/blob/v6.3.0/fieldpath/serialize-pe.go
 */
function managedNode(object: FieldNode): DocumentNode {
  const element = object.element(0)
  return {
    mask: null,
    shownName: (name) =>
      element !== null && tellsValue(name, element)
        ? { text: `${name.slice(0, 2)}"[masked]"`, rule: 'hoop/managed-fields' }
        : null,
    member: (name) => {
      const place = name.startsWith('f:') ? object.member(name.slice(2)) : element
      return place === null ? null : managedNode(place)
    },
    element: () => null,
  }
}

function tellsValue(name: string, element: FieldNode): boolean {
  if (name.startsWith('v:')) return element.mask !== null
  return name.startsWith('k:') && (element.mask !== null || keysOf(name.slice(2)).some((key) => element.member(key) !== null))
}

/** Of what cannot be read: one that any name is. */
function keysOf(text: string): readonly string[] {
  try {
    return Object.keys(Object(JSON.parse(text)))
  } catch {
    return ['']
  }
}

/** Cells are made by the server, of whatever it likes: only those stay whose places are known, and in none of them something is masked. */
function tableNode(kind: string, object: DocumentNode, named: FieldNode): DocumentNode | null {
  const paths = cellPaths(kind)
  const shown = paths !== null && !paths.some((path) => reaches(named, path))
  const cells: DocumentNode = {
    mask: null,
    member: () => null,
    // The first is the name.
    element: (index) => (index === 0 && !reaches(named, ['metadata', 'name']) ? null : hidden),
  }
  return underMember(
    'rows',
    underElements(anyOf([underMember('object', object), shown ? null : underMember('cells', cells)]) ?? object),
  )
}

const text: ValueMask = {
  rule: 'hoop/cells',
  method: 'redact',
  text: (value) => (value === '[masked]' ? '[redacted]' : '[masked]'),
  looksMasked: (value) => /^\[(masked|redacted)\]$/.test(value),
}
const hidden: DocumentNode = { mask: text, member: () => null, element: () => null }

/** What an error repeats of an object: its words, and its causes. */
const statusNode: DocumentNode = {
  mask: null,
  member: (name) => (name === 'message' ? words : name === 'details' ? details : null),
  element: () => null,
}
const words: DocumentNode = { mask: { ...text, rule: 'hoop/error-words' }, member: () => null, element: () => null }
const details: DocumentNode = { mask: null, member: (name) => (name === 'causes' ? words : null), element: () => null }
