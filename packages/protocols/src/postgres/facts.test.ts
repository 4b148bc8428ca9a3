import { expect, test } from 'vitest'
import { facts } from './facts.ts'

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const gssencRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 48])
const answer = (first: Buffer, tls: boolean) => facts.answerAtOnce(first, tls)?.toString() ?? null
const no = Uint8Array.of('N'.charCodeAt(0)).toString()

test('a request for encryption that the port does not have is answered at once, and nothing else is', () => {
  expect([answer(sslRequest, false), answer(gssencRequest, false), answer(gssencRequest, true)]).toEqual([no, no, no])
  expect(answer(sslRequest, true)).toBeNull()
  // Bytes behind it are for the gateway to refuse.
  expect(answer(Buffer.concat([sslRequest, Buffer.from('x')]), false)).toBeNull()
  expect(answer(sslRequest.subarray(0, 7), false)).toBeNull()
  expect(answer(Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]), false)).toBeNull()
  expect(answer(Buffer.alloc(0), false)).toBeNull()
})
