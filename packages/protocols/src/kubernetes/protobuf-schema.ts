import { messageTable } from './protobuf-messages.ts'

/** What a message of protobuf is in JSON where it is not the object of its fields: protobuf-forms.ts. */
export const formNames = [
  'time',
  'micro-time',
  'quantity',
  'int-or-string',
  'json',
  'list',
  'schema-or-bool',
  'schema-or-array',
  'schema-or-strings',
] as const
export type FormName = (typeof formNames)[number]

/** `json`: bytes that are JSON themselves. A number: the message at that place. */
export type ValueType = 'string' | 'bytes' | 'bool' | 'int32' | 'int64' | 'double' | 'json' | number

export interface Field {
  /** Its member in JSON; empty: the members of this message are its parent's own. */
  readonly name: string
  readonly type: ValueType
  readonly holds: 'one' | 'list' | 'map'
  /** Whether JSON leaves it out where it is zero: what Go has no pointer to, so that zero and nothing are the same. */
  readonly omitZero: boolean
}

export interface Message {
  readonly name: string
  readonly form: FormName | null
  /** By their numbers, in the order of the members in JSON. */
  readonly fields: ReadonlyMap<number, Field>
}

/** The message of a kind, which may be none of Kubernetes itself. DeleteOptions are in every version the same. */
export function kindMessage(apiVersion: string, kind: string): Message | null {
  const index = kind === 'DeleteOptions' ? kinds.get('v1 DeleteOptions') : kinds.get(`${apiVersion} ${kind}`)
  return index === undefined ? null : messageAt(index)
}

export function messageAt(index: number): Message {
  const message = messages[index]
  if (message === undefined) throw new Error(`There is no message ${index} in the table.`)
  return message
}

const types: Readonly<Record<string, ValueType>> = {
  s: 'string',
  y: 'bytes',
  b: 'bool',
  i: 'int32',
  l: 'int64',
  d: 'double',
  j: 'json',
}

const [kindLines = '', messageLines = ''] = messageTable.trim().split('\n\n')

/** `v1 ConfigMap` → the index of its message. */
const kinds: ReadonlyMap<string, number> = new Map(
  kindLines.split('\n').flatMap((line) => {
    const [version = '', ...entries] = line.split(' ')
    return entries.map((entry) => {
      const [kind = '', index] = entry.split(':')
      return [`${version} ${kind}`, Number(index)] as const
    })
  }),
)

const messages: readonly Message[] = messageLines.split('\n').map((line) => {
  const [head = '', ...fields] = line.split(' ')
  const [name = '', form] = head.split('=')
  return { name, form: form === undefined ? null : formOf(form), fields: new Map(fields.map(fieldOf)) }
})

function formOf(name: string): FormName {
  const form = formNames.find((known) => known === name)
  if (form === undefined) throw new Error(`The table has an unknown form: ${name}.`)
  return form
}

/** `3:finalizers:*s`, `1:metadata:m1`, `5:generateName:s?` */
function fieldOf(text: string): [number, Field] {
  const [, number, name = '', many, letter = '', index, zero] = /^(\d+):([^:]*):([*%]?)([a-z])(\d*)(\??)$/.exec(text) ?? []
  const type = letter === 'm' ? Number(index) : types[letter]
  if (type === undefined) throw new Error(`The table has an unreadable field: ${text}.`)
  return [Number(number), { name, type, holds: many === '*' ? 'list' : many === '%' ? 'map' : 'one', omitZero: zero === '?' }]
}
