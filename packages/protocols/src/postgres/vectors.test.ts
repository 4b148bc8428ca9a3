import { readFileSync } from 'node:fs'
import { duplexPair } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { ByteReader } from '../bytes.ts'
import { answer } from './backend-messages.fixture.ts'
import { MessageReader, maxBackendMessage, read, write } from './codec.ts'
import { Handshake } from './handshake.ts'
import { authentication, backend, frontend, startupCodes } from './messages.ts'
import { readParameters } from './startup.ts'

/** `00ff 'text'`: hexadecimal, and text in quotes. */
function bytesOf(written: string): Buffer {
  const pieces = [...written.matchAll(/'([^']*)'|([0-9a-f]+)|\s+/g)]
  if (pieces.map(([whole]) => whole).join('') !== written) throw new Error(`cannot be read as bytes: ${written}`)
  return Buffer.concat(pieces.map(([, text, hex]) => Buffer.from(text ?? hex ?? '', text === undefined ? 'hex' : 'utf8')))
}

const vector = z.object({
  message: z.string(),
  case: z.string(),
  bytes: z.string().transform(bytesOf),
  is: z.unknown().optional(),
  violates: z.string().optional(),
})
const vectors = z
  .strictObject({ packets: z.array(vector), frontend: z.array(vector), backend: z.array(vector) })
  .parse(parse(readFileSync(new URL('vectors.yaml', import.meta.url), 'utf8'), { customTags: [{ tag: '!b', resolve: bytesOf }] }))

/** How a message is read and written; the body stands behind its tag and length. */
interface Codec {
  readonly read: (body: ByteReader) => unknown
  // biome-ignore lint/suspicious/noExplicitAny: what `read` answers, of whatever shape
  readonly write: (message: any) => Buffer
}
const nothing = (bytes: () => Buffer): Codec => ({ read: (body) => read.nothing(body) ?? null, write: bytes })
const whole = (written: (data: Buffer) => Buffer): Codec => ({ read: (body) => body.rest(), write: written })
const diagnostics = (tag: number): Codec => ({
  read: (body) => Object.fromEntries(read.diagnostics(body)),
  write: (fields) => write.diagnostics(tag, new Map(Object.entries(fields))),
})
const frontendCodecs: Readonly<Record<string, Codec>> = {
  Bind: { read: read.bind, write: write.bind },
  Close: { read: read.target, write: write.close },
  CopyData: whole(write.copyData),
  CopyDone: nothing(write.copyDone),
  CopyFail: { read: read.copyFail, write: write.copyFail },
  Describe: { read: read.target, write: write.describe },
  Execute: { read: read.execute, write: write.execute },
  Flush: nothing(write.flush),
  FunctionCall: { read: read.functionCall, write: write.functionCall },
  Parse: { read: read.parse, write: (message) => write.parse({ ...message, text: message.bytes }) },
  PasswordMessage: whole((data) => write.saslResponse(data)),
  SASLInitialResponse: { read: read.saslInitial, write: ({ mechanism, data }) => write.saslInitial(mechanism, data) },
  SASLResponse: whole((data) => write.saslResponse(data)),
  GSSResponse: whole((data) => write.saslResponse(data)),
  Query: { read: read.query, write: ({ bytes }) => write.query(bytes) },
  Sync: nothing(write.sync),
  Terminate: nothing(write.terminate),
}

const backendCodecs: Readonly<Record<string, Codec>> = {
  Authentication: { read: read.authentication, write: ({ request, data }) => write.authentication(request, data) },
  AuthenticationSASL: {
    read: (body) => read.mechanisms(new ByteReader(read.authentication(body).data)),
    write: (names) => write.authentication(authentication.sasl, answer.mechanisms(names)),
  },
  BackendKeyData: { read: read.backendKeyData, write: ({ processId, secret }) => write.backendKeyData(processId, secret) },
  BindComplete: nothing(answer.bindComplete),
  CloseComplete: nothing(answer.closeComplete),
  CommandComplete: { read: read.commandComplete, write: answer.commandComplete },
  CopyData: whole(write.copyData),
  CopyDone: nothing(answer.copyDone),
  CopyInResponse: { read: read.copyResponse, write: answer.copyInResponse },
  CopyOutResponse: { read: read.copyResponse, write: answer.copyOutResponse },
  CopyBothResponse: { read: read.copyResponse, write: answer.copyBothResponse },
  DataRow: { read: read.dataRow, write: write.dataRow },
  EmptyQueryResponse: nothing(answer.emptyQueryResponse),
  ErrorResponse: diagnostics(backend.errorResponse),
  FunctionCallResponse: { read: read.functionCallResponse, write: write.functionCallResponse },
  NegotiateProtocolVersion: {
    read: read.negotiateProtocolVersion,
    write: ({ version, options }) => write.negotiateProtocolVersion(version, options),
  },
  NoData: nothing(answer.noData),
  NoticeResponse: diagnostics(backend.noticeResponse),
  NotificationResponse: { read: read.notification, write: write.notification },
  ParameterDescription: { read: read.parameterDescription, write: answer.parameterDescription },
  ParameterStatus: { read: read.parameterStatus, write: ({ name, value }) => write.parameterStatus(name, value) },
  ParseComplete: nothing(answer.parseComplete),
  PortalSuspended: nothing(answer.portalSuspended),
  ReadyForQuery: { read: read.readyForQuery, write: write.readyForQuery },
  RowDescription: { read: read.rowDescription, write: answer.rowDescription },
}

/** The one message that these pieces make, its body to be read. */
function typed(pieces: readonly Buffer[]): ByteReader {
  const reader = new MessageReader(maxBackendMessage)
  const found = pieces.flatMap((piece, i) => {
    reader.push(piece)
    const complete = reader.next()
    expect(complete).toBe(i === pieces.length - 1)
    return complete ? [reader.body()] : []
  })
  expect(reader.buffered).toBe(0)
  const [body] = found
  if (body === undefined) throw new Error('no message')
  return body
}

const violation = (words: string): unknown =>
  expect.objectContaining({ name: 'ProtocolViolation', message: expect.stringContaining(words) })

/** The bytes whole, in two at each place where they can be cut, and one by one. */
function cuts(bytes: Buffer): Buffer[][] {
  const inTwo = Array.from(bytes.subarray(1), (_, at) => [bytes.subarray(0, at + 1), bytes.subarray(at + 1)])
  return [[bytes], ...inTwo, Array.from(bytes, (byte) => Buffer.of(byte))]
}

describe.each([
  ['frontend', vectors.frontend, frontendCodecs, frontend],
  ['backend', vectors.backend, backendCodecs, backend],
] as const)('%s', (_, listed, codecs, tags) => {
  for (const { message, case: name, bytes, is, violates } of listed) {
    test(`${message}: ${name}`, () => {
      const codec = codecs[message]
      if (codec === undefined) throw new Error(`no codec for ${message}`)
      for (const pieces of cuts(bytes)) {
        const body = typed(pieces)
        if (violates === undefined) expect(codec.read(body)).toEqual(is)
        else expect(() => codec.read(body)).toThrow(violation(violates))
        if (violates === undefined) expect(body.remaining).toBe(0)
      }
      if (violates === undefined) expect(codec.write(codec.read(typed([bytes])))).toEqual(bytes)
    })
  }

  test('every message has its vectors', () => {
    const having = new Set(listed.filter(({ violates }) => violates === undefined).map(({ bytes }) => bytes[0]))
    expect(having).toEqual(new Set(Object.values(tags)))
    expect(new Set(listed.map(({ message }) => message))).toEqual(new Set(Object.keys(codecs)))
  })
})

const packetCodecs: Readonly<Record<string, { code: number | null } & Codec>> = {
  StartupMessage: {
    code: null,
    read: (packet) => ({ version: packet.uint32(), parameters: Object.fromEntries(readParameters(packet)) }),
    write: ({ version, parameters }) => write.startup(version, Object.entries(parameters)),
  },
  SSLRequest: { code: startupCodes.ssl, ...nothing(write.sslRequest) },
  GSSENCRequest: { code: startupCodes.gssenc, ...nothing(write.gssencRequest) },
  CancelRequest: { code: startupCodes.cancel, read: read.backendKeyData, write: write.cancelRequest },
}

describe('packets before the login', () => {
  for (const { message, case: name, bytes, is, violates } of vectors.packets) {
    test(`${message}: ${name}`, async () => {
      const codec = packetCodecs[message]
      if (codec === undefined) throw new Error(`no codec for ${message}`)
      for (const pieces of cuts(bytes)) {
        const [near, far] = duplexPair()
        const handshake = new Handshake(far, new AbortController().signal)
        const coming = handshake.packet()
        for (const piece of pieces) near.write(piece)
        const packet = await coming
        if (codec.code !== null) expect(packet.uint32()).toBe(codec.code)
        if (violates === undefined) {
          const found = codec.read(packet)
          expect(found).toEqual(is)
          expect(codec.write(found)).toEqual(bytes)
        } else expect(() => codec.read(packet)).toThrow(violation(violates))
        expect(handshake.early).toBe(0)
        near.destroy()
        far.destroy()
      }
    })
  }
})
