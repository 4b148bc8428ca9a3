import { type Duplex, duplexPair } from 'node:stream'
import { ByteReader, ByteWriter } from '../bytes.ts'
import type { PostgresContext, PostgresUpstream } from '../protocol.ts'
import { MessageReader, maxFrontendMessage, read, write } from './codec.ts'
import { type Message, raw } from './wire.fixture.ts'

/** One plain host and a password, as most tests need it. */
export function plainUpstream(of: {
  host: string
  port: number
  user: string
  password: string
  databases: readonly string[]
}): PostgresUpstream {
  const { host, port, ...account } = of
  return {
    ...account,
    hosts: [{ host, port, tls: null }],
    loadBalance: 'disable',
    targetSessionAttrs: 'any',
    connectTimeout: 10_000,
    certificate: null,
  }
}

export const fakeUpstream = plainUpstream({ host: 'fake', port: 1, user: 'app', password: 'secret', databases: ['shop'] })

/** What a test's own backend does with a message that reaches it after the login. */
export type Script = (message: Message, stream: Duplex) => void

/** AuthenticationOk, a key and the first ReadyForQuery. */
export const welcome = Buffer.concat([
  write.authentication(0),
  write.backendKeyData(1, Buffer.from('1234')),
  write.readyForQuery('I'),
])

/**
 * A backend in memory that lets everybody in and answers the reads of the catalogue as an empty database would; whatever else
 * comes is the script's. `greeting` stands in for the login's answer.
 */
export function fakeBackend(script: Script, greeting: Buffer = welcome): PostgresContext['dial'] {
  return async () => {
    const [near, far] = duplexPair()
    const reader = new MessageReader(maxFrontendMessage)
    let own: boolean | null = null
    let untyped = Buffer.alloc(0)
    near.on('error', () => undefined)
    near.on('data', (chunk: Buffer) => {
      let bytes: Buffer = chunk
      if (own === null) {
        untyped = Buffer.concat([untyped, chunk])
        if (untyped.length < 4 || untyped.length < untyped.readUInt32BE(0)) return
        const length = untyped.readUInt32BE(0)
        own = untyped.subarray(0, length).includes('hoop catalogue')
        bytes = untyped.subarray(length)
        near.write(own ? welcome : greeting)
        if (bytes.length === 0) return
      }
      reader.push(bytes)
      while (reader.next()) {
        const { message } = reader
        const came = { tag: String.fromCharCode(message[0] ?? 0), body: Buffer.from(message.subarray(5)) }
        if (own) answerCatalogue(came, near)
        else script(came, near)
      }
    })
    return far
  }
}

function answerCatalogue({ tag, body }: Message, stream: Duplex): void {
  if (tag === 'X') return void stream.end()
  const { text } = read.query(new ByteReader(body))
  if (text.includes('current_schemas')) stream.write(textRow('180004', '["pg_catalog","public"]', '"$user", public'))
  stream.write(Buffer.concat([complete('SELECT 0'), write.readyForQuery('I')]))
}

export const textRow = (...values: readonly string[]): Buffer => write.dataRow(values.map((value) => Buffer.from(value)))
export const complete = (tag: string): Buffer => raw('C', `${tag}\0`)

/** RowDescription of text columns. */
export function rowDescription(...names: readonly string[]): Buffer {
  const writer = new ByteWriter().uint16(names.length)
  for (const name of names) writer.cstring(name).uint32(0).int16(0).uint32(25).int16(-1).int32(-1).int16(0)
  return raw('T', writer.take())
}

/** What a backend answers to `select 1`. */
export const oneRow = Buffer.concat([rowDescription('x'), textRow('1'), complete('SELECT 1'), write.readyForQuery('I')])
