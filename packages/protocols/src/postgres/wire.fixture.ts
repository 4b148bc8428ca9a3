import { type Duplex, duplexPair } from 'node:stream'
import type { MaskPlan, Profile, Sources } from '@hoop/contracts'
import { ByteReader, ByteWriter } from '../bytes.ts'
import type { LocalTls, PostgresContext, PostgresUpstream } from '../protocol.ts'
import { ScramClient } from '../scram.ts'
import { ScriptedGate, TestCancels, verifier } from '../scripted-gate.fixture.ts'
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

/** Hides these columns, and everything of unknown origin. */
export function hides(...columns: readonly string[]): MaskPlan {
  const shown = '(hidden)'
  const mask = {
    rule: 'Mask/hidden',
    method: 'redact',
    looksMasked: (value: string) => value === shown,
    text: () => shown,
  } as const
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

export interface Served {
  readonly client: WireClient
  readonly gate: ScriptedGate
  readonly cancels: TestCancels
  /** Ends the session with this reason. */
  readonly session: AbortController
  /** How `serve` ended: null, or what it rejected with. */
  readonly done: Promise<unknown>
}

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
