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
import { reaches } from './patches.ts'
import { cellPaths } from './table-cells.ts'

/** What is masked in one object of this kind, wherever it stands in an answer; null: nothing. */
export function objectNode(kind: string, masks: MaskPlan): DocumentNode | null {
  const named = anyOf(namesOf(kind).map((name) => masks.fields(name)))
  if (named === null) return masks.detectors === null ? null : encodedPlaces(kind)
  const node: DocumentNode = anyOf([named, encodedPlaces(kind), metadataNode(() => node)]) ?? named
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

/** Kinds under which the same objects are served twice. */
const twice: readonly (readonly string[])[] = [
  ['events', 'events.events.k8s.io'],
  ['ingresses.networking.k8s.io', 'ingresses.extensions'],
  ['networkpolicies.networking.k8s.io', 'networkpolicies.extensions'],
  ['deployments.apps', 'deployments.extensions'],
  ['daemonsets.apps', 'daemonsets.extensions'],
  ['replicasets.apps', 'replicasets.extensions'],
]

/** All names of a kind; several, where the same objects are served twice. */
export function namesOf(kind: string): readonly string[] {
  return twice.find((names) => names.includes(kind)) ?? [kind]
}

/** Where Kubernetes writes bytes, which are base64 in JSON. */
function encodedPlaces(kind: string): DocumentNode | null {
  if (kind === 'secrets') return underMember('data', underMembers(base64Value))
  if (kind === 'configmaps') return underMember('binaryData', underMembers(base64Value))
  return null
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** What of the object is in its metadata once more: as it was last applied, and the elements of its sets, which are names of members. */
function metadataNode(object: () => FieldNode): DocumentNode {
  return underMember('metadata', anyOf([underMember('annotations', underMember(lastApplied, jsonValue(object)))]) ?? base64Value)
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
export const statusNode: DocumentNode = {
  mask: null,
  member: (name) => (name === 'message' ? words : name === 'details' ? details : null),
  element: () => null,
}
const words: DocumentNode = { mask: { ...text, rule: 'hoop/error-words' }, member: () => null, element: () => null }
const details: DocumentNode = { mask: null, member: (name) => (name === 'causes' ? words : null), element: () => null }
