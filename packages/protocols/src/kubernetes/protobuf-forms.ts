import { BodyError } from '../http/body-rewriter.ts'
import type { FormName } from './protobuf-schema.ts'

/** Members of an object in JSON, and the text of each. */
export type Members = ReadonlyMap<string, string>

/** What messages with a JSON form of their own are, by the texts of their fields, as `MarshalJSON` of each has it. Throw a BodyError. */
export const forms: Readonly<Record<FormName, (fields: Members) => string>> = {
  time: (fields) => timestamp(fields, false),
  'micro-time': (fields) => timestamp(fields, true),
  quantity: (fields) => fields.get('string') ?? '""',
  'int-or-string': intOrString,
  json: (fields) => fields.get('raw') ?? 'null',
  list: (fields) => fields.get('items') ?? '[]',
  'schema-or-bool': (fields) => fields.get('schema') ?? fields.get('allows') ?? 'false',
  'schema-or-array': oneOf,
  'schema-or-strings': oneOf,
}

/** Seconds of the years 0 to 9999, which RFC 3339 can say. */
const [firstSecond, lastSecond] = [-62_167_219_200, 253_402_300_799]
/** Go's zero time: the year 1. */
const zeroTime = -62_135_596_800

/** Of a Time the server takes no fraction, either. */
function timestamp(fields: Members, micro: boolean): string {
  const [seconds, nanos] = [Number(fields.get('seconds') ?? zeroOr(fields)), Number(fields.get('nanos') ?? 0)]
  if (seconds < firstSecond || seconds > lastSecond || nanos < 0 || nanos > 999_999_999)
    throw new BodyError('a time is outside of the years 0 to 9999')
  const fraction = micro ? `.${String(Math.trunc(nanos / 1000)).padStart(6, '0')}` : ''
  if (seconds === zeroTime && Number(fraction) === 0) return 'null'
  return JSON.stringify(`${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}Z`)
}

/** A message without any bytes is no time at all; one with a fraction alone is of 1970. */
function zeroOr(fields: Members): number {
  return fields.size === 0 ? zeroTime : 0
}

function intOrString(fields: Members): string {
  const type = fields.get('type') ?? '0'
  if (type === '0') return fields.get('intVal') ?? '0'
  if (type === '1') return fields.get('strVal') ?? '""'
  throw new BodyError(`${type} is no type of a value that is a number or a string`)
}

function oneOf(fields: Members): string {
  const [first = 'null', ...others] = fields.values()
  if (others.length > 0) throw new BodyError('a schema stands beside what is there in its place')
  return first
}
