import { once } from 'node:events'
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

/** How statements are sent. */
export type Mode = 'simple' | 'extended' | 'binary'

/** What one way got. */
export interface Answer {
  readonly rows: readonly (readonly unknown[])[]
  readonly error: string | null
}

export interface Caller {
  /** Every byte that came through the port. */
  received(): Buffer
  run(text: string, mode: Mode, values?: readonly unknown[]): Promise<Answer>
  copyIn(text: string, data: string | Buffer): Promise<Answer>
  /** Sends messages as they are and waits for this many ReadyForQuery. Nothing else can be run afterwards. */
  raw(messages: Buffer, readies: number): Promise<void>
  end(): Promise<void>
}

/** What is held for approval gets no answer. */
const patience = 5_000
const noAnswer: Answer = { rows: [], error: 'no answer' }
function afterPatience<T>(value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, patience, value).unref())
}

const asTheyCame = { getTypeParser: () => (value: unknown) => value }

export async function connect(url: string): Promise<Caller> {
  const socket = new Socket()
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  const client = new pg.Client({ connectionString: url, stream: () => socket, types: asTheyCame as never })
  client.on('error', () => undefined)
  await client.connect()
  let silent = false
  const guarded = async (work: () => Promise<Answer>): Promise<Answer> => {
    if (silent) return noAnswer
    try {
      const answer = await Promise.race([work(), afterPatience(noAnswer)])
      silent = answer === noAnswer
      return answer
    } catch (error) {
      if (!(error instanceof Error)) throw error
      return { rows: [], error: error.message }
    }
  }
  return {
    received: () => Buffer.concat(chunks),
    run: (text, mode, values) =>
      guarded(async () => {
        const query =
          mode === 'simple' && values === undefined
            ? { text, rowMode: 'array' as const }
            : { text, values: values ?? [], rowMode: 'array' as const, binary: mode === 'binary', queryMode: 'extended' }
        const answer: unknown = await client.query(query as pg.QueryArrayConfig)
        const results = [answer].flat() as pg.QueryArrayResult<unknown[]>[]
        return { rows: results.flatMap((result) => result.rows ?? []), error: null }
      }),
    copyIn: (text, data) =>
      guarded(async () => {
        await pipeline(Readable.from([Buffer.from(data)]), client.query(copyFrom(text)))
        return { rows: [], error: null }
      }),
    async raw(messages, readies) {
      const before = chunks.length
      for (const listener of socket.listeners('data')) if (listener !== undefined) socket.off('data', listener as never)
      socket.on('data', (chunk) => chunks.push(chunk))
      socket.write(messages)
      const late = afterPatience(null).then(() => socket.destroy())
      while (!socket.destroyed && readyForQueries(Buffer.concat(chunks.slice(before))) < readies) {
        await Promise.race([once(socket, 'data'), once(socket, 'close'), late])
      }
    },
    async end() {
      if (!silent && !socket.destroyed) await Promise.race([client.end().catch(() => undefined), afterPatience(null)])
      socket.destroy()
    },
  }
}

/** How many whole ReadyForQuery messages there are. */
function readyForQueries(bytes: Buffer): number {
  let count = 0
  for (let at = 0; at + 5 <= bytes.length; at += bytes.readUInt32BE(at + 1) + 1) if (bytes[at] === 0x5a) count++
  return count
}

const message = (tag: string, ...parts: (string | Buffer)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  const head = Buffer.alloc(5)
  head.write(tag)
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255])
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
export const messages = {
  query: (text: string) => message('Q', `${text}\0`),
  parse: (name: string, text: string) => message('P', `${name}\0${text}\0`, int16(0)),
  bind: (portal: string, statement: string, resultFormat = 0) =>
    message('B', `${portal}\0${statement}\0`, int16(0), int16(0), int16(1), int16(resultFormat)),
  describe: (kind: 'S' | 'P', name: string) => message('D', `${kind}${name}\0`),
  execute: (portal: string, rows = 0) => message('E', `${portal}\0`, int32(rows)),
  /** Parse, Bind and Execute in one go. */
  run: (text: string, resultFormat = 0) =>
    Buffer.concat([messages.parse('', text), messages.bind('', '', resultFormat), messages.execute('')]),
  /** A call by the number of the function, with one text argument. */
  functionCall: (oid: number, argument: string) =>
    message('F', int32(oid), int16(0), int16(1), int32(argument.length), argument, int16(0)),
  flush: () => message('H'),
  sync: () => message('S'),
} as const
