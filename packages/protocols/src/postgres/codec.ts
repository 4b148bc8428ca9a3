import { ByteReader, ByteWriter, Pieces, ProtocolViolation } from '../bytes.ts'
import { decodeName, encodeName } from './encoding.ts'
import {
  type AuthenticationMessage,
  type BindMessage,
  backend,
  type CancelKey,
  type Column,
  type DiagnosticFields,
  type ExecuteMessage,
  type FunctionCallMessage,
  frontend,
  type NegotiateMessage,
  type NotificationMessage,
  type ParseMessage,
  type QueryMessage,
  type SaslInitialMessage,
  startupCodes,
  type TargetMessage,
} from './messages.ts'

/** The largest message taken from a caller: a statement, a parameter set or a piece of COPY data. */
export const maxFrontendMessage = 64 * 1024 * 1024
/** The largest message taken from a backend: one row. The server itself stops at 1 GiB - 1. */
export const maxBackendMessage = 256 * 1024 * 1024

const empty = Buffer.alloc(0)
/** What comes behind the end of a message that was cut stays where it is, if it is this long; less is copied to that message. */
const bulk = 16 * 1024

/**
 * Cuts a byte stream into typed messages, in place: after `next()` answers true, the current message is
 * `bytes[start, end)` with its tag at `start`, its length behind it and its body from `start + 5`.
 * Nothing is copied but a message that came in several pieces.
 */
export class MessageReader {
  bytes: Buffer = empty
  start = 0
  end = 0
  readonly #limit: number
  readonly #waiting = new Pieces()
  /** What follows `bytes`, before all that waits. */
  #after: Buffer = empty
  #need = 5

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes received and not yet handed out. */
  get buffered(): number {
    return this.bytes.length - this.end + this.#after.length + this.#waiting.length
  }

  /** The current message stays what it is until `next`. */
  push(chunk: Buffer): void {
    this.#waiting.push(chunk)
  }

  /** Moves to the next whole message; false when more bytes are needed. Throws ProtocolViolation on a length that cannot be. */
  next(): boolean {
    for (;;) {
      const available = this.bytes.length - this.end
      if (available >= 5) {
        const length = this.bytes.readUInt32BE(this.end + 1)
        if (length < 4 || length > this.#limit) {
          throw new ProtocolViolation(`a message of ${length} bytes; 4 to ${this.#limit} are allowed`)
        }
        if (available >= length + 1) {
          this.start = this.end
          this.end += length + 1
          return true
        }
        this.#need = length + 1
      } else {
        this.#need = 5
      }
      const more = this.#after.length + this.#waiting.length
      if (more === 0 || available + more < this.#need) return false
      this.#join()
    }
  }

  /** Goes on with what follows. Of a long piece only what belongs to the message that is begun is copied to that. */
  #join(): void {
    const begun = this.bytes.subarray(this.end)
    const more = this.#waiting.length === 0 ? this.#after : this.#waiting.take(this.#after)
    const missing = this.#need - begun.length
    const apart = begun.length > 0 && more.length - missing >= bulk
    this.#after = apart ? more.subarray(missing) : empty
    this.bytes = begun.length === 0 ? more : Buffer.concat([begun, apart ? more.subarray(0, missing) : more])
    this.start = 0
    this.end = 0
  }

  get tag(): number {
    return this.bytes[this.start] ?? 0
  }

  /** The whole message, header included; a view. */
  get message(): Buffer {
    return this.bytes.subarray(this.start, this.end)
  }

  body(): ByteReader {
    return new ByteReader(this.bytes, this.start + 5, this.end)
  }

  /** Takes what has not been read as messages: for the moment when a stream changes its framing. */
  takeRest(): Buffer {
    const rest = Buffer.concat([this.bytes.subarray(this.end), this.#after, this.#waiting.take()])
    this.#after = empty
    this.bytes = empty
    this.start = 0
    this.end = 0
    return rest
  }
}

function message(tagOf: number, write?: (writer: ByteWriter) => void, size?: number): Buffer {
  const writer = new ByteWriter(size)
  writer.uint8(tagOf).int32(0)
  write?.(writer)
  return writer.patchInt32(1, writer.position - 1).take()
}

/** Messages that are always the same; nobody writes into them. */
const fixed = {
  flush: message(frontend.flush, undefined, 5),
  sync: message(frontend.sync, undefined, 5),
  terminate: message(frontend.terminate, undefined, 5),
  copyDone: message(frontend.copyDone, undefined, 5),
} as const

function noBody(body: ByteReader): void {
  body.end()
}

function count(body: ByteReader, bytesEach: number): number {
  const value = body.uint16()
  if (value * bytesEach > body.remaining) throw new ProtocolViolation('a count larger than its message')
  return value
}

function count32(body: ByteReader, bytesEach: number): number {
  const value = body.uint32()
  if (value * bytesEach > body.remaining) throw new ProtocolViolation('a count larger than its message')
  return value
}

function format(body: ByteReader): number {
  const code = body.int16()
  if (code !== 0 && code !== 1) throw new ProtocolViolation('a format code other than 0 and 1')
  return code
}

function formats(body: ByteReader): number[] {
  const codes = new Array<number>(count(body, 2))
  for (let i = 0; i < codes.length; i++) codes[i] = format(body)
  return codes
}

/** A prepared statement's or portal's. */
function name(body: ByteReader): string {
  return decodeName(body.cbytes())
}

/** A length and as many bytes; -1 is SQL NULL. */
function value(body: ByteReader): Buffer | null {
  const length = body.int32()
  return length === -1 ? null : body.bytes(length)
}

/** Values of which there is one format for none, for all, or for each. */
function values(body: ByteReader, formats: readonly number[]): (Buffer | null)[] {
  const found = new Array<Buffer | null>(count(body, 4))
  for (let i = 0; i < found.length; i++) found[i] = value(body)
  if (formats.length > 1 && formats.length !== found.length) {
    throw new ProtocolViolation('as many format codes as values are needed')
  }
  return found
}

/** Body readers of what a caller sends. Each consumes its message whole or throws. */
export const read = {
  query(body: ByteReader): QueryMessage {
    const bytes = body.cbytes()
    body.end()
    return { text: bytes.toString('utf8'), bytes }
  },
  parse(body: ByteReader): ParseMessage {
    const statement = name(body)
    const bytes = body.cbytes()
    const parameterTypes = new Array<number>(count(body, 4))
    for (let i = 0; i < parameterTypes.length; i++) parameterTypes[i] = body.uint32()
    body.end()
    return { name: statement, text: bytes.toString('utf8'), bytes, parameterTypes }
  },
  bind(body: ByteReader): BindMessage {
    const portal = name(body)
    const statement = name(body)
    const parameterFormats = formats(body)
    const parameters = values(body, parameterFormats)
    const resultFormats = formats(body)
    body.end()
    return { portal, statement, parameterFormats, parameters, resultFormats }
  },
  target(body: ByteReader): TargetMessage {
    const letter = body.uint8()
    const kind = letter === 0x53 ? 'S' : letter === 0x50 ? 'P' : null
    if (kind === null) throw new ProtocolViolation('neither a statement nor a portal')
    const target = name(body)
    body.end()
    return { kind, name: target }
  },
  execute(body: ByteReader): ExecuteMessage {
    const portal = name(body)
    const maxRows = body.int32()
    body.end()
    return { portal, maxRows }
  },
  functionCall(body: ByteReader): FunctionCallMessage {
    const oid = body.uint32()
    const argumentFormats = formats(body)
    const given = values(body, argumentFormats)
    const resultFormat = format(body)
    body.end()
    return { oid, argumentFormats, arguments: given, resultFormat }
  },
  copyFail(body: ByteReader): string {
    const words = body.cstring()
    body.end()
    return words
  },
  saslInitial(body: ByteReader): SaslInitialMessage {
    const mechanism = body.cstring()
    const data = value(body)
    body.end()
    return { mechanism, data }
  },
  /** BackendKeyData, and what follows the code of a CancelRequest. */
  backendKeyData(body: ByteReader): CancelKey {
    const processId = body.uint32()
    if (body.remaining < 4 || body.remaining > 256) throw new ProtocolViolation('a cancel key of a wrong length')
    return { processId, secret: Buffer.from(body.rest()) }
  },
  nothing: noBody,

  authentication(body: ByteReader): AuthenticationMessage {
    return { request: body.int32(), data: body.rest() }
  },
  /** The data of a SASL request: the names of mechanisms, and an empty one. */
  mechanisms(body: ByteReader): string[] {
    const names: string[] = []
    for (let mechanism = body.cstring(); mechanism !== ''; mechanism = body.cstring()) names.push(mechanism)
    body.end()
    return names
  },
  negotiateProtocolVersion(body: ByteReader): NegotiateMessage {
    const version = body.uint32()
    const options = new Array<string>(count32(body, 1))
    for (let i = 0; i < options.length; i++) options[i] = body.cstring()
    body.end()
    return { version, options }
  },

  rowDescription(body: ByteReader): Column[] {
    const columns = new Array<Column>(count(body, 19))
    for (let i = 0; i < columns.length; i++) {
      columns[i] = {
        name: body.cstring(),
        tableOid: body.uint32(),
        attribute: body.int16(),
        typeOid: body.uint32(),
        typeSize: body.int16(),
        typeModifier: body.int32(),
        format: body.int16(),
      }
    }
    body.end()
    return columns
  },
  /** Null is SQL NULL. Views of the received message. */
  dataRow(body: ByteReader): (Buffer | null)[] {
    const row = values(body, [])
    body.end()
    return row
  },
  parameterDescription(body: ByteReader): number[] {
    const types = new Array<number>(count(body, 4))
    for (let i = 0; i < types.length; i++) types[i] = body.uint32()
    body.end()
    return types
  },
  diagnostics(body: ByteReader): Map<string, string> {
    const fields = new Map<string, string>()
    for (;;) {
      const letter = body.uint8()
      if (letter === 0) break
      fields.set(String.fromCharCode(letter), body.cstring())
    }
    body.end()
    return fields
  },
  /** Null: SQL NULL. A view of the received message. */
  functionCallResponse(body: ByteReader): Buffer | null {
    const result = value(body)
    body.end()
    return result
  },
  notification(body: ByteReader): NotificationMessage {
    const processId = body.uint32()
    const channel = body.cstring()
    const payload = body.cstring()
    body.end()
    return { processId, channel, payload }
  },
  parameterStatus(body: ByteReader): { name: string; value: string } {
    const name = body.cstring()
    const value = body.cstring()
    body.end()
    return { name, value }
  },
  readyForQuery(body: ByteReader): 'I' | 'T' | 'E' {
    const status = String.fromCharCode(body.uint8())
    body.end()
    if (status !== 'I' && status !== 'T' && status !== 'E') throw new ProtocolViolation('a transaction status that is not known')
    return status
  },
  commandComplete(body: ByteReader): string {
    const commandTag = body.cstring()
    body.end()
    return commandTag
  },
  /** CopyInResponse and CopyOutResponse. */
  copyResponse(body: ByteReader): { binary: boolean; formats: number[] } {
    const overall = body.uint8()
    if (overall > 1) throw new ProtocolViolation('a COPY format other than 0 and 1')
    const columns = formats(body)
    body.end()
    return { binary: overall === 1, formats: columns }
  },
} as const

/** A packet without a tag: its length, a code, and what belongs to that. */
function untyped(code: number, write?: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter()
  writer.int32(0).int32(code)
  write?.(writer)
  return writer.patchInt32(0, writer.position).take()
}

function putValue(writer: ByteWriter, value: Uint8Array | null): void {
  if (value === null) writer.int32(-1)
  else writer.int32(value.length).bytes(value)
}

/** Writers: each answers one whole message. */
export const write = {
  startup: (version: number, parameters: Iterable<readonly [string, string]>) =>
    untyped(version, (w) => {
      for (const [name, value] of parameters) w.cstring(name).cstring(value)
      w.uint8(0)
    }),
  sslRequest: () => untyped(startupCodes.ssl),
  gssencRequest: () => untyped(startupCodes.gssenc),
  cancelRequest: ({ processId, secret }: CancelKey) => untyped(startupCodes.cancel, (w) => w.uint32(processId).bytes(secret)),
  /** The text as it is read, or the bytes as they came: the same, unless they were not UTF-8. */
  query: (text: string | Uint8Array) => message(frontend.query, (w) => w.cstring(text), text.length + 16),
  parse: ({ name, text, parameterTypes }: { name: string; text: string | Uint8Array; parameterTypes: readonly number[] }) =>
    message(
      frontend.parse,
      (w) => {
        w.cstring(encodeName(name)).cstring(text).uint16(parameterTypes.length)
        for (const type of parameterTypes) w.uint32(type)
      },
      name.length + text.length + 4 * parameterTypes.length + 16,
    ),
  bind: ({ portal, statement, parameterFormats, parameters, resultFormats }: BindMessage) => {
    let size = 13 + portal.length + statement.length + 2 * (parameterFormats.length + resultFormats.length)
    for (const value of parameters) size += 4 + (value?.length ?? 0)
    return message(
      frontend.bind,
      (w) => {
        w.cstring(encodeName(portal)).cstring(encodeName(statement)).uint16(parameterFormats.length)
        for (const format of parameterFormats) w.int16(format)
        w.uint16(parameters.length)
        for (const each of parameters) putValue(w, each)
        w.uint16(resultFormats.length)
        for (const format of resultFormats) w.int16(format)
      },
      size,
    )
  },
  describe: ({ kind, name }: TargetMessage) =>
    message(frontend.describe, (w) => w.uint8(kind.charCodeAt(0)).cstring(encodeName(name)), name.length + 7),
  close: ({ kind, name }: TargetMessage) => message(frontend.close, (w) => w.uint8(kind.charCodeAt(0)).cstring(encodeName(name))),
  execute: ({ portal, maxRows }: ExecuteMessage) =>
    message(frontend.execute, (w) => w.cstring(encodeName(portal)).int32(maxRows), portal.length + 10),
  functionCall: ({ oid, argumentFormats, arguments: given, resultFormat }: FunctionCallMessage) =>
    message(frontend.functionCall, (w) => {
      w.uint32(oid).uint16(argumentFormats.length)
      for (const format of argumentFormats) w.int16(format)
      w.uint16(given.length)
      for (const each of given) putValue(w, each)
      w.int16(resultFormat)
    }),
  flush: () => fixed.flush,
  sync: () => fixed.sync,
  terminate: () => fixed.terminate,
  copyDone: () => fixed.copyDone,
  copyFail: (words: string) => message(frontend.copyFail, (w) => w.cstring(words)),
  password: (password: string) => message(frontend.password, (w) => w.cstring(password)),
  saslInitial: (mechanism: string, data: string | Uint8Array | null) =>
    message(frontend.password, (w) => putValue(w.cstring(mechanism), data === null ? null : Buffer.from(data))),
  saslResponse: (data: string | Uint8Array) => message(frontend.password, (w) => w.bytes(Buffer.from(data))),

  authentication: (request: number, data: Uint8Array = empty) =>
    message(backend.authentication, (w) => w.int32(request).bytes(data)),
  /** Null: SQL NULL. */
  functionCallResponse: (result: Uint8Array | null) => message(backend.functionCallResponse, (w) => putValue(w, result)),
  notification: ({ processId, channel, payload }: NotificationMessage) =>
    message(backend.notificationResponse, (w) => w.uint32(processId).cstring(channel).cstring(payload)),
  parameterStatus: (name: string, value: string) => message(backend.parameterStatus, (w) => w.cstring(name).cstring(value)),
  backendKeyData: (processId: number, secret: Uint8Array) =>
    message(backend.backendKeyData, (w) => w.uint32(processId).bytes(secret)),
  readyForQuery: (status: 'I' | 'T' | 'E') => message(backend.readyForQuery, (w) => w.uint8(status.charCodeAt(0))),
  /** The specification says minor version; the server sends the whole one, and libpq reads it so. */
  negotiateProtocolVersion: (version: number, options: readonly string[]) =>
    message(backend.negotiateProtocolVersion, (w) => {
      w.int32(version).int32(options.length)
      for (const option of options) w.cstring(option)
    }),
  diagnostics: (tagOf: number, fields: DiagnosticFields) =>
    message(tagOf, (w) => {
      for (const [letter, text] of fields) w.uint8(letter.charCodeAt(0)).cstring(text.replaceAll('\0', ''))
      w.uint8(0)
    }),
  dataRow: (values: readonly (Uint8Array | null)[]) => {
    let size = 7
    for (const value of values) size += 4 + (value?.length ?? 0)
    return message(
      backend.dataRow,
      (w) => {
        w.uint16(values.length)
        for (const each of values) putValue(w, each)
      },
      size,
    )
  },
  copyData: (data: Uint8Array) => message(backend.copyData, (w) => w.bytes(data), data.length + 5),
  /** What stands before so many bytes of COPY data. */
  copyDataHeader: (length: number) => {
    const header = Buffer.allocUnsafe(5)
    header[0] = backend.copyData
    header.writeUInt32BE(length + 4, 1)
    return header
  },
} as const
