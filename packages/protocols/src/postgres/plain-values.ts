import { types } from './values.ts'

/** A value of a type that says nothing, as text and in binary format. */
interface PlainValue {
  readonly text: string
  readonly binary: Buffer
}

const zeros = (length: number): Buffer => Buffer.alloc(length)
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const oid: PlainValue = { text: '0', binary: zeros(4) }
/** No object: of its name the server makes a dash. */
const none: PlainValue = { text: '-', binary: zeros(4) }
const emptyRange: PlainValue = { text: 'empty', binary: bytes('01') }
const noRanges: PlainValue = { text: '{}', binary: zeros(4) }

/**
 * For the built-in types that are not text: what stands in the place of a masked value, whatever that was.
 * https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
 */
export const plainValues: ReadonlyMap<number, PlainValue> = new Map<number, PlainValue>([
  [types.bool, { text: 'f', binary: zeros(1) }],
  [types.bytea, { text: '\\x', binary: zeros(0) }],
  [types.char, { text: '*', binary: bytes('2a') }],
  [types.int8, { text: '0', binary: zeros(8) }],
  [types.int2, { text: '0', binary: zeros(2) }],
  [types.int4, { text: '0', binary: zeros(4) }],
  [types.oid, oid],
  [types.xml, { text: '<masked/>', binary: Buffer.from('<masked/>') }],
  [types.float4, { text: '0', binary: zeros(4) }],
  [types.float8, { text: '0', binary: zeros(8) }],
  [types.numeric, { text: '0', binary: zeros(8) }],
  [types.uuid, { text: '00000000-0000-0000-0000-000000000000', binary: zeros(16) }],
  // tid, xid, cid, xid8
  [27, { text: '(0,0)', binary: zeros(6) }],
  [28, oid],
  [29, oid],
  [5069, { text: '0', binary: zeros(8) }],
  // regproc, regprocedure, regclass, regtype, regconfig, regdictionary, regnamespace, regrole, regcollation
  ...[24, 2202, 2205, 2206, 3734, 3769, 4089, 4096, 4191].map((type): [number, PlainValue] => [type, none]),
  // regoper, regoperator
  [2203, oid],
  [2204, oid],
  // point, lseg, path, box, polygon, line, circle
  [600, { text: '(0,0)', binary: zeros(16) }],
  [601, { text: '[(0,0),(0,0)]', binary: zeros(32) }],
  [602, { text: '((0,0))', binary: Buffer.concat([bytes('01 00000001'), zeros(16)]) }],
  [603, { text: '(0,0),(0,0)', binary: zeros(32) }],
  [604, { text: '((0,0))', binary: Buffer.concat([bytes('00000001'), zeros(16)]) }],
  [628, { text: '{0,1,0}', binary: bytes('0000000000000000 3ff0000000000000 0000000000000000') }],
  [718, { text: '<(0,0),0>', binary: zeros(24) }],
  // cidr, inet, macaddr, macaddr8
  [650, { text: '0.0.0.0/32', binary: bytes('02200104 00000000') }],
  [869, { text: '0.0.0.0', binary: bytes('02200004 00000000') }],
  [829, { text: '00:00:00:00:00:00', binary: zeros(6) }],
  [774, { text: '00:00:00:00:00:00:00:00', binary: zeros(8) }],
  // time, timetz
  [1083, { text: '00:00:00', binary: zeros(8) }],
  [1266, { text: '00:00:00+00', binary: zeros(12) }],
  // txid_snapshot, pg_snapshot, pg_lsn
  ...[2970, 5038].map((type): [number, PlainValue] => [
    type,
    { text: '1:1:', binary: bytes('00000000 0000000000000001 0000000000000001') },
  ]),
  [3220, { text: '0/0', binary: zeros(8) }],
  // tsvector, tsquery, jsonpath
  [3614, { text: '', binary: zeros(4) }],
  // An empty one is sent in a form that the server does not take.
  [3615, { text: "'masked'", binary: Buffer.concat([bytes('00000001 01 00 00'), Buffer.from('masked\0')]) }],
  [4072, { text: '$', binary: bytes('01 24') }],
])

/** Of any type of ranges, and of any of sets of ranges. */
export const plainRanges = { range: emptyRange, multirange: noRanges } as const
