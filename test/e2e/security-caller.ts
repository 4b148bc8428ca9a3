import { createHash, createHmac, pbkdf2Sync, randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { OpenSessionResponse } from '@hoop/contracts'
import { connectTunnel, type Tunnel } from '@hoop/tunnel'
import pg from 'pg'
import { type DeviceKey, deviceKey } from '../../packages/cli/src/credentials/device-key.ts'
import { fileStore } from '../../packages/cli/src/credentials/file-store.ts'
import type { System } from '../support/index.ts'

const secret = 'the local password of a test'

/** Somebody who speaks to the gateway without our command line: what it would never send can be sent. */
export class RawCaller {
  readonly url: string
  readonly token: string
  readonly refreshToken: string
  /** That the tokens are bound to. */
  readonly key: DeviceKey

  constructor(url: string, login: { token: string; refreshToken: string; key: DeviceKey }) {
    this.url = url
    this.token = login.token
    this.refreshToken = login.refreshToken
    this.key = login.key
  }

  /** With the login that `hoop login` left in a home. */
  static async from(system: System, name: string): Promise<RawCaller> {
    return RawCaller.at(system.gateway.url, await system.home(name))
  }

  static async at(url: string, home: string): Promise<RawCaller> {
    const kept = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Record<string, string>
    const login = JSON.parse(kept[`login ${url}`] ?? '') as { accessToken: string; refreshToken: string }
    const key = deviceKey({ store: fileStore(home), lock: join(home, 'lock'), gateway: url })
    return new RawCaller(url, { token: login.accessToken, refreshToken: login.refreshToken, key })
  }

  /** The token, and the proof of its key for this one request. */
  async headers(method: string, path: string): Promise<Record<string, string>> {
    const dpop = await this.key.proof({ method, url: `${this.url}${path}`, accessToken: this.token })
    return { authorization: `DPoP ${this.token}`, dpop }
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown; text: string }> {
    // At the token endpoint it is the key alone that is proven.
    const dpop = () => this.key.proof({ method, url: `${this.url}${path}`, accessToken: null })
    const proven = path === '/v1/token' ? { dpop: await dpop() } : await this.headers(method, path)
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...proven, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true
    return { status: answer.status, body: isJson ? JSON.parse(text) : null, text }
  }

  async tunnel(id: string = randomUUID()): Promise<Tunnel & { readonly id: string }> {
    const url = `${this.url.replace(/^http/, 'ws')}/v1/tunnel?id=${id}`
    const tunnel = await connectTunnel({ url, authorize: () => this.headers('GET', '/v1/tunnel') })
    return Object.assign(tunnel, { id })
  }

  askForSession(tunnel: string, connection = 'sample'): Promise<{ status: number; body: unknown; text: string }> {
    return this.ask('POST', '/v1/sessions', {
      connection,
      via: 'connect',
      reason: null,
      client: { version: '0', host: 'test' },
      tunnel,
      local_secret: scramVerifier(),
    })
  }

  async session(tunnel: string): Promise<string> {
    const { body, text } = await this.askForSession(tunnel)
    const opened = OpenSessionResponse.safeParse(body)
    if (!opened.success) throw new Error(`no session was opened: ${text}`)
    return opened.data.id
  }
}

/** A client on a stream of a session, logged in. */
export async function clientOn(tunnel: Tunnel, session: string): Promise<pg.Client> {
  const stream = asSocket(tunnel.openStream({ session }))
  const client = new pg.Client({ stream: () => stream, user: 'hoop', password: secret, database: 'shop' })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Settles with the words of the error that ends a client which is doing nothing. */
export function endOf(client: pg.Client): Promise<string> {
  return new Promise((resolve) => {
    client.once('error', (error) => resolve(error.message))
    client.once('end', () => resolve('the end, without words'))
  })
}

/** What node-postgres asks of a socket, beside a Duplex. */
function asSocket(stream: Duplex) {
  return Object.assign(stream, {
    connect: () => void setImmediate(() => stream.emit('connect')),
    setNoDelay: () => stream,
    setKeepAlive: () => stream,
    ref: () => stream,
    unref: () => stream,
  })
}

/** RFC 5802, section 3, with SHA-256. */
function scramVerifier() {
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(secret, salt, 4096, 32, 'sha256')
  const hmac = (words: string) => createHmac('sha256', salted).update(words).digest()
  return {
    salt: salt.toString('base64'),
    iterations: 4096,
    storedKey: createHash('sha256').update(hmac('Client Key')).digest('base64'),
    serverKey: hmac('Server Key').toString('base64'),
  }
}
