/**
 * Message formats of the PostgreSQL frontend/backend protocol, version 3.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** Codes that stand in place of a protocol version in the first, untyped packet. */
export const startupCodes = {
  protocol30: 196_608,
  protocol32: 196_610,
  cancel: 80_877_102,
  ssl: 80_877_103,
  gssenc: 80_877_104,
} as const

const tag = (letter: string): number => letter.charCodeAt(0)

/** What a backend gives at login, and takes back in a CancelRequest on another connection. */
export interface CancelKey {
  readonly processId: number
  /** 4 bytes in protocol 3.0, up to 256 in 3.2. */
  readonly secret: Buffer
}

/** Tags that the caller sends, in the specification's order. */
export const frontend = {
  bind: tag('B'),
  close: tag('C'),
  copyData: tag('d'),
  copyDone: tag('c'),
  copyFail: tag('f'),
  describe: tag('D'),
  execute: tag('E'),
  flush: tag('H'),
  functionCall: tag('F'),
  parse: tag('P'),
  password: tag('p'),
  query: tag('Q'),
  sync: tag('S'),
  terminate: tag('X'),
} as const

/** Tags that the backend sends, in the specification's order. */
export const backend = {
  authentication: tag('R'),
  backendKeyData: tag('K'),
  bindComplete: tag('2'),
  closeComplete: tag('3'),
  commandComplete: tag('C'),
  copyData: tag('d'),
  copyDone: tag('c'),
  copyInResponse: tag('G'),
  copyOutResponse: tag('H'),
  copyBothResponse: tag('W'),
  dataRow: tag('D'),
  emptyQueryResponse: tag('I'),
  errorResponse: tag('E'),
  functionCallResponse: tag('V'),
  negotiateProtocolVersion: tag('v'),
  noData: tag('n'),
  noticeResponse: tag('N'),
  notificationResponse: tag('A'),
  parameterDescription: tag('t'),
  parameterStatus: tag('S'),
  parseComplete: tag('1'),
  portalSuspended: tag('s'),
  readyForQuery: tag('Z'),
  rowDescription: tag('T'),
} as const

/** Authentication requests: the first integer of an `R` message. */
export const authentication = {
  ok: 0,
  kerberosV5: 2,
  cleartext: 3,
  md5: 5,
  gss: 7,
  gssContinue: 8,
  sspi: 9,
  sasl: 10,
  saslContinue: 11,
  saslFinal: 12,
} as const

/** A statement's text. */
export interface QueryMessage {
  /** Read as UTF-8; what is not becomes U+FFFD. */
  readonly text: string
  /** As they came, without the NUL; a view of the received message. */
  readonly bytes: Buffer
}

/** An authentication request with what belongs to it: a salt, mechanisms, a SASL message. */
export interface AuthenticationMessage {
  readonly request: number
  readonly data: Buffer
}

export interface SaslInitialMessage {
  readonly mechanism: string
  /** Null: the client has nothing to say first. */
  readonly data: Buffer | null
}

/** The newest version that the server speaks, as a whole number, and the `_pq_.` options that it does not know. */
export interface NegotiateMessage {
  readonly version: number
  readonly options: readonly string[]
}

export interface ParseMessage extends QueryMessage {
  readonly name: string
  readonly parameterTypes: readonly number[]
}

export interface BindMessage {
  readonly portal: string
  readonly statement: string
  /** None: all text; one: for all; else one for each parameter. 0 text, 1 binary. */
  readonly parameterFormats: readonly number[]
  /** Null is SQL NULL. Views of the received message. */
  readonly parameters: readonly (Buffer | null)[]
  readonly resultFormats: readonly number[]
}

/** `S` a prepared statement, `P` a portal. */
export interface TargetMessage {
  readonly kind: 'S' | 'P'
  readonly name: string
}

export interface ExecuteMessage {
  readonly portal: string
  /** 0: no limit. */
  readonly maxRows: number
}

/** The fast path: a function by its number, without a statement. */
export interface FunctionCallMessage {
  readonly oid: number
  /** None: all text; one: for all; else one for each argument. 0 text, 1 binary. */
  readonly argumentFormats: readonly number[]
  /** Null is SQL NULL. Views of the received message. */
  readonly arguments: readonly (Buffer | null)[]
  readonly resultFormat: number
}

/** What NOTIFY sends to those who LISTEN. */
export interface NotificationMessage {
  /** The backend process that notifies. */
  readonly processId: number
  readonly channel: string
  readonly payload: string
}

/** One column of a RowDescription. */
export interface Column {
  readonly name: string
  /** 0 where the server knows of no origin. */
  readonly tableOid: number
  /** Attribute number in that table; 0: none, or the whole row. */
  readonly attribute: number
  readonly typeOid: number
  readonly typeSize: number
  readonly typeModifier: number
  readonly format: number
}

/** Fields of ErrorResponse and NoticeResponse, by their letter. https://www.postgresql.org/docs/current/protocol-error-fields.html */
export type DiagnosticFields = ReadonlyMap<string, string>
