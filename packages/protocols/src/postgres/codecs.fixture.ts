import fc from 'fast-check'
import { ByteReader } from '../bytes.ts'
import { answer } from './backend-messages.fixture.ts'
import { read, write } from './codec.ts'
import { decodeName } from './encoding.ts'
import { authentication, backend, startupCodes } from './messages.ts'
import { readParameters } from './startup.ts'

/** How a message is read and written, and any of its kind. */
export interface Codec {
  readonly read: (body: ByteReader) => unknown
  // biome-ignore lint/suspicious/noExplicitAny: what `read` answers, of whatever shape
  readonly write: (message: any) => Buffer
  readonly any: fc.Arbitrary<unknown>
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value))
const withoutNul = fc.uint8Array({ maxLength: 40, min: 1 }).map((value) => Buffer.from(value))
const text = fc.string({ maxLength: 20, unit: 'binary' }).map((value) => value.replaceAll('\0', '').toWellFormed())
const name = fc.uint8Array({ maxLength: 63, min: 1 }).map((value) => decodeName(Buffer.from(value)))
const uint32 = fc.nat(0xffff_ffff)
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const int16 = fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })
const format = fc.constantFrom(0, 1)
const formats = fc.array(format, { maxLength: 9 })
const oids = fc.array(uint32, { maxLength: 9 })
const values = fc.array(fc.option(bytes, { nil: null }), { maxLength: 9 })
/** Values with one format for none, for all, or for each. */
const formatted = fc.tuple(values, fc.constantFrom('none', 'one', 'each'), fc.array(format, { minLength: 9, maxLength: 9 }))
const formatsOf = (many: number, kind: string, each: readonly number[]): readonly number[] =>
  kind === 'none' ? [] : each.slice(0, kind === 'one' ? 1 : many)

const nothing = (written: () => Buffer): Codec => ({
  read: (body) => read.nothing(body) ?? null,
  write: written,
  any: fc.constant(null),
})
const whole = (written: (data: Buffer) => Buffer): Codec => ({ read: (body) => body.rest(), write: written, any: bytes })
const letters = fc.constantFrom(...'SVCMDHPpqWsctdnFLR')
const diagnostics = (tag: number): Codec => ({
  read: (body) => Object.fromEntries(read.diagnostics(body)),
  write: (fields) => write.diagnostics(tag, new Map(Object.entries(fields))),
  any: fc.dictionary(letters, text, { noNullPrototype: true }),
})
const copyResponse = (written: Codec['write']): Codec => ({
  read: read.copyResponse,
  write: written,
  any: fc.record({ binary: fc.boolean(), formats }),
})
const target = fc.record({ kind: fc.constantFrom('S', 'P'), name })
const cancelKey = fc.record({
  processId: uint32,
  secret: fc.uint8Array({ minLength: 4, maxLength: 256 }).map((key) => Buffer.from(key)),
})

export const frontendCodecs: Readonly<Record<string, Codec>> = {
  Bind: {
    read: read.bind,
    write: write.bind,
    any: fc
      .record({ portal: name, statement: name, formatted, resultFormats: formats })
      .map(({ formatted: [parameters, kind, each], ...message }) => ({
        ...message,
        parameters,
        parameterFormats: formatsOf(parameters.length, kind, each),
      })),
  },
  Close: { read: read.target, write: write.close, any: target },
  CopyData: whole(write.copyData),
  CopyDone: nothing(write.copyDone),
  CopyFail: { read: read.copyFail, write: write.copyFail, any: text },
  Describe: { read: read.target, write: write.describe, any: target },
  Execute: { read: read.execute, write: write.execute, any: fc.record({ portal: name, maxRows: int32 }) },
  Flush: nothing(write.flush),
  FunctionCall: {
    read: read.functionCall,
    write: write.functionCall,
    any: fc.record({ oid: uint32, formatted, resultFormat: format }).map(({ formatted: [given, kind, each], ...message }) => ({
      ...message,
      arguments: given,
      argumentFormats: formatsOf(given.length, kind, each),
    })),
  },
  Parse: {
    read: read.parse,
    write: (message) => write.parse({ ...message, text: message.bytes }),
    any: fc
      .record({ name, bytes: withoutNul, parameterTypes: oids })
      .map((message) => ({ ...message, text: message.bytes.toString() })),
  },
  PasswordMessage: whole((data) => write.saslResponse(data)),
  SASLInitialResponse: {
    read: read.saslInitial,
    write: ({ mechanism, data }) => write.saslInitial(mechanism, data),
    any: fc.record({ mechanism: text, data: fc.option(bytes, { nil: null }) }),
  },
  SASLResponse: whole((data) => write.saslResponse(data)),
  GSSResponse: whole((data) => write.saslResponse(data)),
  Query: {
    read: read.query,
    write: (message) => write.query(message.bytes),
    any: withoutNul.map((message) => ({ bytes: message, text: message.toString() })),
  },
  Sync: nothing(write.sync),
  Terminate: nothing(write.terminate),
}

export const backendCodecs: Readonly<Record<string, Codec>> = {
  Authentication: {
    read: read.authentication,
    write: ({ request, data }) => write.authentication(request, data),
    any: fc.record({ request: int32, data: bytes }),
  },
  AuthenticationSASL: {
    read: (body) => read.mechanisms(new ByteReader(read.authentication(body).data)),
    write: (names) => write.authentication(authentication.sasl, answer.mechanisms(names)),
    any: fc.array(
      text.filter((each) => each !== ''),
      { maxLength: 4 },
    ),
  },
  BackendKeyData: {
    read: read.backendKeyData,
    write: ({ processId, secret }) => write.backendKeyData(processId, secret),
    any: cancelKey,
  },
  BindComplete: nothing(answer.bindComplete),
  CloseComplete: nothing(answer.closeComplete),
  CommandComplete: { read: read.commandComplete, write: answer.commandComplete, any: text },
  CopyData: whole(write.copyData),
  CopyDone: nothing(answer.copyDone),
  CopyInResponse: copyResponse(answer.copyInResponse),
  CopyOutResponse: copyResponse(answer.copyOutResponse),
  CopyBothResponse: copyResponse(answer.copyBothResponse),
  DataRow: { read: read.dataRow, write: write.dataRow, any: values },
  EmptyQueryResponse: nothing(answer.emptyQueryResponse),
  ErrorResponse: diagnostics(backend.errorResponse),
  FunctionCallResponse: {
    read: read.functionCallResponse,
    write: write.functionCallResponse,
    any: fc.option(bytes, { nil: null }),
  },
  NegotiateProtocolVersion: {
    read: read.negotiateProtocolVersion,
    write: ({ version, options }) => write.negotiateProtocolVersion(version, options),
    any: fc.record({ version: fc.nat(2 ** 31 - 1), options: fc.array(text, { maxLength: 5 }) }),
  },
  NoData: nothing(answer.noData),
  NoticeResponse: diagnostics(backend.noticeResponse),
  NotificationResponse: {
    read: read.notification,
    write: write.notification,
    any: fc.record({ processId: uint32, channel: text, payload: text }),
  },
  ParameterDescription: { read: read.parameterDescription, write: answer.parameterDescription, any: oids },
  ParameterStatus: {
    read: read.parameterStatus,
    write: (status) => write.parameterStatus(status.name, status.value),
    any: fc.record({ name: text, value: text }),
  },
  ParseComplete: nothing(answer.parseComplete),
  PortalSuspended: nothing(answer.portalSuspended),
  ReadyForQuery: { read: read.readyForQuery, write: write.readyForQuery, any: fc.constantFrom('I', 'T', 'E') },
  RowDescription: {
    read: read.rowDescription,
    write: answer.rowDescription,
    any: fc.array(
      fc.record({
        name: text,
        tableOid: uint32,
        attribute: int16,
        typeOid: uint32,
        typeSize: int16,
        typeModifier: int32,
        format: int16,
      }),
      { maxLength: 5 },
    ),
  },
}

/** Packets without a tag; `code` is read before their body, but where it is the version. */
export const packetCodecs: Readonly<Record<string, { readonly code: number | null } & Codec>> = {
  StartupMessage: {
    code: null,
    read: (packet) => ({ version: packet.uint32(), parameters: Object.fromEntries(readParameters(packet)) }),
    write: ({ version, parameters }) => write.startup(version, Object.entries(parameters)),
    any: fc.record({
      version: fc.constantFrom(startupCodes.protocol30, 196_610),
      parameters: fc.dictionary(
        text.filter((each) => each !== '' && each !== '__proto__'),
        text,
        { noNullPrototype: true },
      ),
    }),
  },
  SSLRequest: { code: startupCodes.ssl, ...nothing(write.sslRequest) },
  GSSENCRequest: { code: startupCodes.gssenc, ...nothing(write.gssencRequest) },
  CancelRequest: { code: startupCodes.cancel, read: read.backendKeyData, write: write.cancelRequest, any: cancelKey },
}
