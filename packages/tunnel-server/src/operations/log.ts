import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'

/** Names of fields that are never written, at any depth that the log goes to. */
const secretNames =
  /(^|[-_.])(key|dpop)$|(password|passwd|secret|token|authorization|cookie|credentials?|private[-_]?key|api[-_]?key)$/i
const censored = '[hidden]'
/** What a secret looks like wherever it stands: a JWT, a bearer or DPoP token, a private key. Each is looked for in linear time: a line may be long. */
const secretShapes: readonly [RegExp, string][] = [
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, censored],
  [/\b(Bearer|DPoP) [\w.~+/-]{16,}=*/gi, `$1 ${censored}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\.|-(?!----)|[^"\\-])*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g, censored],
]
const deepest = 6

/**
 * The gateway's log: one JSON object a line. What goes through it loses its secrets however it was logged: fields by their names, errors but
 * for their words, and in the finished line everything that looks like one.
 */
export function gatewayLog(level: LoggerOptions['level'], destination: DestinationStream): Logger {
  return pino(
    {
      ...(level !== undefined && { level }),
      base: null,
      serializers: { err: describeError },
      formatters: { log: (fields) => withoutSecrets(fields, 0) as Record<string, unknown> },
      hooks: { streamWrite: withoutSecretShapes },
    },
    destination,
  )
}

/** The words of a text without what looks like a secret. */
function withoutSecretShapes(text: string): string {
  const withoutPasswords = text.includes('://') ? text.replace(/[^\s"\\]+/g, withoutUrlPassword) : text
  return secretShapes.reduce((line, [shape, instead]) => line.replace(shape, instead), withoutPasswords)
}

/** What stands between the user and the host of a URL in this word, which may itself hold an @. */
function withoutUrlPassword(word: string): string {
  const host = word.lastIndexOf('@')
  const user = host === -1 ? null : /:\/\/[^:/@]*:/.exec(word.slice(0, host))
  return user === null ? word : `${word.slice(0, user.index)}${user[0]}${censored}${word.slice(host)}`
}

interface ErrorInLog {
  readonly type: string
  readonly message: string
  readonly stack: string | undefined
  readonly code?: string
  readonly cause?: ErrorInLog
}

/** Drivers hang whole clients, requests and rows on their errors: only the words are kept, and the code. */
function describeError(error: unknown, depth = 0): ErrorInLog | unknown {
  if (!(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  const cause =
    error.cause instanceof Error && depth < deepest ? { cause: describeError(error.cause, depth + 1) as ErrorInLog } : {}
  return { type: error.name, message: error.message, stack: error.stack, ...code, ...cause }
}

function withoutSecrets(value: unknown, depth: number): unknown {
  if (value instanceof Error) return describeError(value)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  if (Buffer.isBuffer(value)) return `[${value.length} bytes]`
  if (depth > deepest) return '[deeper]'
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, secretNames.test(name) ? censored : withoutSecrets(each, depth + 1)]),
  )
}
