import { isUtf8 } from 'node:buffer'
import { BodyError } from '../http/body-rewriter.ts'
import { readJson } from '../http/json-document.ts'
import { forms, type Members } from './protobuf-forms.ts'
import { type Field, kindMessage, type Message, messageAt, type ValueType } from './protobuf-schema.ts'
import { WireReader, type WireType } from './protobuf-wire.ts'

/** In UTF-16 units: what is longer as JSON would not be judged, either. */
const longestJson = 4 * 1024 * 1024
/** How deep messages may stand in each other. */
const deepest = 64

/** What stands before the envelope. https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding */
const magic = Buffer.from('k8s\0')

/**
 * The object that is in a body of Kubernetes' protobuf, as the JSON that Kubernetes itself makes of it. Throws a BodyError of everything else, and
 * of a field that the table does not have: what it says nobody here knows.
 */
export function decodeProtobuf(body: Buffer): string {
  if (!body.subarray(0, magic.length).equals(magic)) throw new BodyError('it does not begin with k8s and a zero byte')
  const { apiVersion, kind, raw } = readEnvelope(body.subarray(magic.length))
  const message = kindMessage(apiVersion, kind)
  if (message === null) throw new BodyError(`${JSON.stringify(`${apiVersion} ${kind}`)} is no kind that is known here`)
  const head = { kind: JSON.stringify(kind), apiVersion: JSON.stringify(apiVersion) }
  return objectText(new Map([...Object.entries(head), ...new Decoder().members(message, raw, 1)]))
}

/** `runtime.Unknown`: its type, and the bytes of the object. https://github.com/kubernetes/apimachinery/blob/v0.35.4/pkg/runtime/generated.proto */
function readEnvelope(bytes: Buffer): { readonly apiVersion: string; readonly kind: string; readonly raw: Buffer } {
  const [type, raw, encoding, contentType] = byteFields(bytes, 4)
  const [apiVersion, kind] = byteFields(type ?? none, 2).map((part) => textOf(part ?? none))
  if (!apiVersion || !kind) throw new BodyError('its envelope does not say of which kind it is')
  if (encoding?.length || contentType?.length) throw new BodyError('what is in its envelope is encoded once more')
  return { apiVersion, kind, raw: raw ?? none }
}

const none = Buffer.alloc(0)

/** The fields 1 to `count` of a message that has only such as are cut as bytes. */
function byteFields(bytes: Buffer, count: number): (Buffer | null)[] {
  const fields: (Buffer | null)[] = Array.from({ length: count }, () => null)
  for (const reader = new WireReader(bytes); !reader.done; ) {
    const { number, wire } = reader.tag()
    if (wire !== 'bytes' || fields[number - 1] !== null) throw new BodyError(`its envelope has an unknown field (${number})`)
    fields[number - 1] = reader.bytes()
  }
  return fields
}

/** What was read of one field: texts, or of one whose members are its parent's own, those. */
interface Collected {
  readonly texts: string[]
  /** Of a map. */
  readonly keys: Set<string>
  members: Members | null
}

class Decoder {
  #length = 0

  members(message: Message, bytes: Buffer, depth: number): Members {
    if (depth > deepest) throw new BodyError(`more than ${deepest} messages stand in each other`)
    const collected = new Map<number, Collected>()
    for (const reader = new WireReader(bytes); !reader.done; ) {
      const { number, wire } = reader.tag()
      const field = message.fields.get(number)
      if (field === undefined) throw new BodyError(`field ${number} of ${message.name} is not known here`)
      const before = collected.get(number)
      if (before !== undefined && field.holds === 'one') throw new BodyError(`${placeOf(message, field)} stands there twice`)
      const into = before ?? { texts: [], keys: new Set(), members: null }
      collected.set(number, into)
      this.#read({ message, field, depth }, { reader, wire }, into)
    }
    return membersOf(message, collected)
  }

  #read(at: Place, { reader, wire }: Value, into: Collected): void {
    const { field, depth } = at
    if (field.holds === 'map') return this.#readEntry(at, { reader, wire }, into)
    if (field.name === '' && typeof field.type === 'number') {
      into.members = this.members(messageAt(field.type), bytesOf(at, { reader, wire }), depth + 1)
      return
    }
    if (field.holds === 'list' && wire === 'bytes' && wireOf(field.type) === 'varint') {
      for (const packed = new WireReader(reader.bytes()); !packed.done; )
        into.texts.push(this.#text(at, { reader: packed, wire: 'varint' }))
    } else into.texts.push(this.#text(at, { reader, wire }))
  }

  /** A map is a list of messages: a key, and a value. What is left out is empty. */
  #readEntry(at: Place, value: Value, into: Collected): void {
    let key: string | null = null
    let text: string | null = null
    for (const reader = new WireReader(bytesOf(at, value)); !reader.done; ) {
      const { number, wire } = reader.tag()
      if (number === 1 && key === null) key = this.#text({ ...at, field: keyField }, { reader, wire })
      else if (number === 2 && text === null) text = this.#text(at, { reader, wire })
      else throw new BodyError(`an entry of ${placeOf(at.message, at.field)} has an unknown field (${number})`)
    }
    key ??= '""'
    if (into.keys.has(key)) throw new BodyError(`${placeOf(at.message, at.field)} has a key twice`)
    into.keys.add(key)
    into.texts.push(`${key}:${text ?? this.#empty(at)}`)
  }

  #empty({ field: { type }, depth }: Place): string {
    if (typeof type === 'number') return this.#message(type, none, depth)
    return emptyTexts[type]
  }

  #text(at: Place, value: Value): string {
    const text = this.#value(at, value)
    // A message has counted its own parts.
    this.#length += at.field.name.length + 4 + (typeof at.field.type === 'number' ? 0 : text.length)
    if (this.#length > longestJson)
      throw new BodyError('as JSON it is larger than what can be judged: send it in smaller objects')
    return text
  }

  #value(at: Place, value: Value): string {
    const { type } = at.field
    if (typeof type === 'number') return this.#message(type, bytesOf(at, value), at.depth)
    if (value.wire !== wireOf(type)) throw new BodyError(`${placeOf(at.message, at.field)} is no ${type}`)
    switch (type) {
      case 'string':
        return JSON.stringify(textOf(value.reader.bytes()))
      case 'bytes':
        return `"${value.reader.bytes().toString('base64')}"`
      case 'json':
        return jsonText(value.reader.bytes())
      case 'double':
        return doubleText(value.reader.double())
      default:
        return numberText(type, value.reader.varint())
    }
  }

  #message(index: number, bytes: Buffer, depth: number): string {
    const message = messageAt(index)
    const members = this.members(message, bytes, depth + 1)
    return message.form === null ? objectText(members) : forms[message.form](members)
  }
}

interface Place {
  readonly message: Message
  readonly field: Field
  readonly depth: number
}

interface Value {
  readonly reader: WireReader
  readonly wire: WireType
}

const keyField: Field = { name: '', type: 'string', holds: 'one', omitZero: false }

const emptyTexts: Readonly<Record<Exclude<ValueType, number>, string>> = {
  string: '""',
  bytes: '""',
  bool: 'false',
  int32: '0',
  int64: '0',
  double: '0',
  json: 'null',
}

function membersOf(message: Message, collected: ReadonlyMap<number, Collected>): Members {
  const members = new Map<string, string>()
  for (const [number, field] of message.fields) {
    const found = collected.get(number)
    for (const [name, text] of found === undefined ? [] : entriesOf(field, found)) {
      if (members.has(name)) throw new BodyError(`${name} stands in ${message.name} twice`)
      members.set(name, text)
    }
  }
  return members
}

const zeros: ReadonlySet<string> = new Set(['""', '0', 'false', 'null', '[]', '{}'])

function entriesOf({ name, holds, omitZero }: Field, { texts, members }: Collected): Iterable<readonly [string, string]> {
  if (members !== null) return members
  if (holds === 'list') return [[name, `[${texts.join(',')}]`]]
  if (holds === 'map') return [[name, `{${texts.join(',')}}`]]
  const [text = 'null'] = texts
  return omitZero && zeros.has(text) ? [] : [[name, text]]
}

function objectText(members: Members): string {
  return `{${Array.from(members, ([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
}

function bytesOf({ message, field }: Place, { reader, wire }: Value): Buffer {
  if (wire !== 'bytes') throw new BodyError(`${placeOf(message, field)} is no message`)
  return reader.bytes()
}

function wireOf(type: ValueType): WireType {
  if (type === 'bool' || type === 'int32' || type === 'int64') return 'varint'
  return type === 'double' ? 'fixed64' : 'bytes'
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new BodyError('a text in it is not UTF-8')
  return bytes.toString('utf8')
}

/** Stands in the text as it is: so it has to be one value, and nothing behind it. */
function jsonText(bytes: Buffer): string {
  if (bytes.length === 0) return 'null'
  readJson(bytes)
  return bytes.toString('utf8')
}

function doubleText(value: number): string {
  if (!Number.isFinite(value)) throw new BodyError('a number in it is none that JSON has')
  return Object.is(value, -0) ? '-0' : String(value)
}

function numberText(type: 'bool' | 'int32' | 'int64', bits: bigint): string {
  const value = BigInt.asIntN(64, bits)
  if (type === 'int64') return String(value)
  if (type === 'int32') {
    if (BigInt.asIntN(32, value) !== value) throw new BodyError('a number of 32 bits in it has more')
    return String(value)
  }
  if (value !== 0n && value !== 1n) throw new BodyError(`${value} is neither true nor false`)
  return value === 1n ? 'true' : 'false'
}

function placeOf(message: Message, { name }: Field): string {
  return `${name || 'a part'} of ${message.name}`
}
