import { type Duplex, duplexPair } from 'node:stream'
import type {
  AdmitOptions,
  Gate,
  HoldNotice,
  MaskPlan,
  Maybe,
  Operation,
  Outcome,
  Permit,
  Profile,
  Refusal,
  Sources,
  Verdict,
} from '@hoop/contracts'
import { ByteReader, ByteWriter } from '../bytes.ts'
import type { Cancels, LocalTls, PostgresContext, PostgresUpstream } from '../protocol.ts'
import { scramVerifier } from '../scram.fixture.ts'
import { ScramClient } from '../scram.ts'
import { MessageReader, maxBackendMessage, read, write } from './codec.ts'
import { postgres } from './index.ts'

/** One message as it came. */
export interface Message {
  readonly tag: string
  readonly body: Buffer
}

export function startupMessage(parameters: Readonly<Record<string, string>>, version = 196_608): Buffer {
  const writer = new ByteWriter().int32(0).int32(version)
  for (const [name, value] of Object.entries(parameters)) writer.cstring(name).cstring(value)
  writer.uint8(0)
  return writer.patchInt32(0, writer.position).take()
}

/** A typed message with any body, right or wrong. */
export function raw(tag: string, body: Uint8Array | string = ''): Buffer {
  const bytes = Buffer.from(body)
  return new ByteWriter()
    .uint8(tag.charCodeAt(0))
    .int32(bytes.length + 4)
    .bytes(bytes)
    .take()
}

/** One unnamed statement from Parse to Execute, as most drivers send it. */
export function extended(text: string, parameters: readonly (string | null)[] = []): Buffer[] {
  return [
    write.parse({ name: '', text, parameterTypes: [] }),
    bind('', '', parameters),
    write.describe({ kind: 'P', name: '' }),
    write.execute({ portal: '', maxRows: 0 }),
  ]
}
export const parse = (name: string, text: string): Buffer => write.parse({ name, text, parameterTypes: [] })
export const execute = (portal: string, maxRows = 0): Buffer => write.execute({ portal, maxRows })
export function bind(
  portal: string,
  statement: string,
  parameters: readonly (string | null)[] = [],
  resultFormats: number[] = [],
): Buffer {
  const values = parameters.map((value) => (value === null ? null : Buffer.from(value)))
  return write.bind({ portal, statement, parameterFormats: [], parameters: values, resultFormats })
}

/** The fields of an ErrorResponse or NoticeResponse. */
export const fields = (message: Message | undefined): Map<string, string> =>
  read.diagnostics(new ByteReader(message?.body ?? Buffer.of(0)))

/** What tells one sequence of replies from another: tags, SQLSTATEs, command tags, transaction status, counts of rows. */
export function outline(messages: readonly Message[]): string[] {
  return messages.flatMap((message) => {
    const { tag, body } = message
    if (tag === 'S') return []
    if (tag === 'E' || tag === 'N') return [`${tag}:${fields(message).get('C')}`]
    if (tag === 'C') return [`C:${body.toString('utf8', 0, body.length - 1)}`]
    if (tag === 'Z') return [`Z:${body.toString()}`]
    if (tag === 'T' || tag === 't') return [`${tag}:${body.readUInt16BE(0)}`]
    return [tag]
  })
}

/** The values of all rows, as texts. */
export function rows(messages: readonly Message[]): (string | null)[][] {
  return messages
    .filter(({ tag }) => tag === 'D')
    .map(({ body }) => {
      const reader = new ByteReader(body)
      return Array.from({ length: reader.uint16() }, () => {
        const length = reader.int32()
        return length === -1 ? null : reader.bytes(length).toString()
      })
    })
}

/** A caller that speaks the protocol by bytes. */
export class WireClient {
  readonly stream: Duplex
  /** Everything that came and was not taken by `until`. */
  received: Message[] = []
  ended = false
  readonly #reader = new MessageReader(maxBackendMessage)
  #wake: (() => void)[] = []

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk)
      while (this.#reader.next()) {
        const { message } = this.#reader
        this.received.push({ tag: String.fromCharCode(message[0] ?? 0), body: Buffer.from(message.subarray(5)) })
      }
      this.#news()
    })
    const end = (): void => {
      this.ended = true
      this.#news()
    }
    stream.on('end', end).on('close', end).on('error', end)
  }

  #news(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** In one write. */
  send(...messages: readonly Uint8Array[]): this {
    this.stream.write(Buffer.concat(messages))
    return this
  }

  /** All messages up to the first that `last` says yes to; throws at the stream's end. */
  async until(last: (message: Message) => boolean): Promise<Message[]> {
    for (let at = 0; ; ) {
      while (at < this.received.length) {
        const message = this.received[at++]
        if (message !== undefined && last(message)) return this.received.splice(0, at)
      }
      if (this.ended) throw new Error(`the stream ended after ${outline(this.received).join(' ')}`)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  /** All messages up to the nth ReadyForQuery. */
  async ready(count = 1): Promise<Message[]> {
    let left = count
    return await this.until(({ tag }) => tag === 'Z' && --left === 0)
  }

  /** All messages up to the stream's end. */
  async end(): Promise<Message[]> {
    while (!this.ended) await new Promise<void>((resolve) => this.#wake.push(resolve))
    return this.received.splice(0)
  }

  async query(text: string): Promise<Message[]> {
    return await this.send(write.query(text)).ready()
  }

  /** SCRAM up to AuthenticationOk; throws the server's own words when it refuses. */
  async logIn(parameters: Readonly<Record<string, string>>, password: string): Promise<Message[]> {
    this.send(startupMessage(parameters))
    return await this.prove(password)
  }

  async prove(password: string): Promise<Message[]> {
    const scram = new ScramClient(password)
    await this.#authentication()
    this.send(write.saslInitial('SCRAM-SHA-256', scram.first()))
    this.send(write.saslResponse(await scram.final((await this.#authentication()).toString())))
    scram.verify((await this.#authentication()).toString())
    return await this.ready()
  }

  async #authentication(): Promise<Buffer> {
    const message = (await this.until(({ tag }) => tag === 'R' || tag === 'E')).at(-1)
    if (message?.tag === 'E') throw new Error(`${fields(message).get('C')} ${fields(message).get('M')}`)
    return message?.body.subarray(4) ?? Buffer.alloc(0)
  }
}

/** What the gate was asked, and what came of it. */
export interface Admitted {
  readonly text: string
  readonly operation: Operation
  readonly settings?: AdmitOptions['settings']
  readonly locks?: AdmitOptions['locks']
  verdict: 'permit' | 'refuse' | 'held'
  consumed: boolean
  readonly chunks: { readonly way: 'up' | 'down'; readonly bytes: Buffer }[]
  readonly outcomes: Outcome[]
}

type Answer = 'permit' | 'refuse' | 'unknown' | 'hold'

/** A gate that does as the test says, keeps everything, and is as strict about permits as the real one. */
export class ScriptedGate implements Gate {
  readonly admitted: Admitted[] = []
  readonly unasked: string[] = []
  masks: MaskPlan = noMasks
  judge: (operation: Operation) => Answer = () => 'permit'
  /** Whether it refuses what hoop cannot carry: not with the profile transparent. */
  enforces = true
  /** What putting something on the record answers. */
  recording: () => Maybe<void> = () => undefined
  readonly session = new AbortController()
  /** Answers the held operation. */
  decide: ((answer: 'permit' | 'refuse') => void) | null = null

  of(text: string): Admitted | undefined {
    return this.admitted.findLast((each) => each.text === text)
  }

  rejected(operation: Operation, _stream: number, error: { readonly code: string; readonly message: string }): void {
    const outcome: Outcome = { kind: 'error', tag: null, error, rows: 0, masked: {} }
    this.admitted.push({ text: operation.text, operation, verdict: 'permit', consumed: true, chunks: [], outcomes: [outcome] })
  }

  unsolicited(kind: string, text: string): boolean {
    this.unasked.push(`${kind} ${text}`)
    return true
  }

  admit(operation: Operation, options: AdmitOptions): Maybe<Verdict> {
    const answer = operation.refused === null || !this.enforces ? this.judge(operation) : 'refuse'
    const admitted: Admitted = {
      text: operation.text,
      operation,
      settings: options.settings,
      locks: options.locks,
      verdict: answer === 'hold' ? 'held' : answer === 'unknown' ? 'refuse' : answer,
      consumed: false,
      chunks: [],
      outcomes: [],
    }
    const id = `op_${this.admitted.push(admitted)}`
    if (answer === 'permit') return { kind: 'permit', permit: this.#permit(id, admitted) }
    const code = answer === 'unknown' ? 'unknown_effect' : operation.refused?.code
    const refusal: Refusal = { ...words, id, ...(code === undefined || code === 'not_supported' ? {} : { code }) }
    if (answer === 'refuse' || answer === 'unknown') return { kind: 'refuse', refusal }
    options.onHold({ ...notice, operationId: id })
    return new Promise((resolve) => {
      const settle = (code: Refusal['code'] | null): void => {
        this.decide = null
        admitted.verdict = code === null ? 'permit' : 'refuse'
        resolve(
          code === null
            ? { kind: 'permit', permit: this.#permit(id, admitted) }
            : { kind: 'refuse', refusal: { ...refusal, code } },
        )
      }
      this.decide = (decision) => settle(decision === 'permit' ? null : 'approval_denied')
      if (options.signal.aborted) settle('withdrawn')
      else options.signal.addEventListener('abort', () => settle('withdrawn'), { once: true })
    })
  }

  #permit(id: string, admitted: Admitted): Permit {
    const { masks, session } = this
    return {
      id,
      masks,
      signal: session.signal,
      consume: () => {
        if (admitted.consumed) throw new Error(`the permit of ${id} was used twice`)
        admitted.consumed = true
      },
      record: (way, pieces) => {
        admitted.chunks.push({ way, bytes: Buffer.concat(pieces) })
        return this.recording()
      },
      end: (outcome, last) => {
        if (admitted.outcomes.length > 0) throw new Error(`the permit of ${id} was ended twice`)
        if (last !== undefined && last.length > 0) admitted.chunks.push({ way: 'down', bytes: Buffer.concat(last) })
        admitted.outcomes.push(outcome)
        return this.recording()
      },
    }
  }
}

const words: Omit<Refusal, 'id'> = {
  code: 'policy_denied',
  message: 'not this',
  rule: 'Policy/not-this',
  detail: 'It matched.',
  hint: 'Ask for something else.',
}
const notice: Omit<HoldNotice, 'operationId'> = {
  approvalId: 'apr_1',
  rule: 'Policy/ask-first',
  message: 'Ask first.',
  approvers: ['dba'],
  count: 1,
  timeout: 900,
}

const noMasks: MaskPlan = {
  empty: true,
  hasColumns: false,
  hasFields: false,
  fields: () => null,
  column: () => null,
  detectors: null,
}

/** Hides these columns, and everything of unknown origin. */
export function hides(...columns: readonly string[]): MaskPlan {
  const mask = { rule: 'Mask/hidden', method: 'redact', looksMasked: () => false, text: () => '(hidden)' } as const
  const hidden = (sources: Sources): boolean =>
    sources === 'opaque' || sources.some(({ schema, table, column }) => columns.includes(`${schema}.${table}.${column}`))
  return {
    empty: false,
    hasColumns: true,
    hasFields: false,
    fields: () => null,
    column: (sources) => (hidden(sources) ? mask : null),
    detectors: null,
  }
}

/** The keys of one session, as the gateway keeps them. */
export class TestCancels implements Cancels {
  readonly #known = new Set<{ readonly processId: number; readonly secret: Buffer; readonly cancel: () => void }>()

  register(cancel: () => void, secretLength: number) {
    const known = { processId: this.#known.size + 1, secret: Buffer.from('9876'.repeat(secretLength / 4)), cancel }
    this.#known.add(known)
    return { ...known, release: () => void this.#known.delete(known) }
  }

  cancel(processId: number, secret: Buffer): void {
    for (const each of this.#known) if (each.processId === processId && each.secret.equals(secret)) each.cancel()
  }
}

export interface Served {
  readonly client: WireClient
  readonly gate: ScriptedGate
  readonly cancels: TestCancels
  /** Ends the session with this reason. */
  readonly session: AbortController
  /** How `serve` ended: null, or what it rejected with. */
  readonly done: Promise<unknown>
}

export const localPassword = 'local secret'

/** Serves one connection in memory. */
export function serve(options: {
  upstream: PostgresUpstream
  dial: PostgresContext['dial']
  gate?: ScriptedGate
  cancels?: TestCancels
  localTls?: LocalTls
  profile?: Profile
  shared?: Map<string, unknown>
}): Served {
  const [near, far] = duplexPair()
  const gate = options.gate ?? new ScriptedGate()
  const cancels = options.cancels ?? new TestCancels()
  const values = options.shared ?? new Map<string, unknown>()
  const { session } = gate
  const done = postgres
    .serve({
      client: far,
      stream: 1,
      sessionId: 'ses_test',
      connection: 'test',
      identity: { id: 'x#ada', kind: 'person', name: 'ada', email: null, groups: [], issuer: 'x' },
      upstream: async () => options.upstream,
      localSecret: verifier,
      localTls: options.localTls ?? null,
      profile: options.profile ?? 'strict',
      gate,
      cancels,
      signal: session.signal,
      dial: options.dial,
      loggedIn: () => undefined,
      warn: () => undefined,
      own: () => undefined,
      leave: (work) => void setImmediate(() => work(true)),
      shared: {
        get<T>(key: string, make: () => T): T {
          if (!values.has(key)) values.set(key, make())
          return values.get(key) as T
        },
        delete: (key) => void values.delete(key),
      },
    })
    .then(
      () => null,
      (error: unknown) => error,
    )
  return { client: new WireClient(near), gate, cancels, session, done }
}
const verifier = scramVerifier(localPassword)
