import { ApiError } from '@hoop/contracts'
import { type ApiErrorCode, apiErrors, HoopError } from '@hoop/contracts/errors'
import type { z } from 'zod'
import type { DeviceKey, ProvenRequest } from '../credentials/device-key.ts'
import { readBounded, readLines } from './lines.ts'

const maxBody = 64 * 1024 * 1024

/** Gives the access token of each request; `renew` says that the last one was refused. */
export interface AccessTokens {
  accessToken(options?: { renew: boolean }): Promise<string>
}

/** The gateway's HTTP API. Every method throws a HoopError whose words and code are the gateway's, or say that it cannot be reached. */
export interface GatewayClient {
  readonly gateway: string
  get<Schema extends z.ZodType>(path: string, answer: Schema): Promise<z.infer<Schema>>
  post<Schema extends z.ZodType>(path: string, body: unknown, answer: Schema): Promise<z.infer<Schema>>
  /** POST whose answer is 204. */
  tell(path: string, body: unknown, signal?: AbortSignal): Promise<void>
  delete(path: string): Promise<void>
  /** An endless NDJSON answer, each line checked. Ends with the answer, or throws. */
  follow<Schema extends z.ZodType>(path: string, line: Schema, signal?: AbortSignal): AsyncGenerator<z.infer<Schema>>
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly accept?: string
  readonly signal?: AbortSignal | undefined
}

/** `tokens` null: for the public routes only. Each request that carries or asks for a token is proven with the key. */
export function createGatewayClient(gateway: string, tokens: AccessTokens | null, key: DeviceKey): GatewayClient {
  async function send(call: Call, token: string | null): Promise<Response> {
    const headers: Record<string, string> = { accept: call.accept ?? 'application/json' }
    const url = new URL(call.path, gateway)
    if (token !== null || call.method === 'POST') {
      Object.assign(headers, await authorization(key, { method: call.method, url: url.href, accessToken: token }))
    }
    if (call.body !== undefined) headers['content-type'] = 'application/json'
    try {
      return await fetch(url, {
        method: call.method,
        headers,
        redirect: 'error',
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(call.signal ? { signal: call.signal } : {}),
      })
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason
      throw unreachable(gateway, error)
    }
  }

  async function call(request: Call): Promise<Response> {
    let response = await send(request, tokens && (await tokens.accessToken()))
    if (response.status === 401 && tokens) {
      await response.body?.cancel()
      response = await send(request, await tokens.accessToken({ renew: true }))
    }
    if (!response.ok) throw await refusal(response)
    return response
  }

  async function answer<Schema extends z.ZodType>(request: Call, schema: Schema): Promise<z.infer<Schema>> {
    const response = await call(request)
    return parse(await bounded(gateway, response), schema)
  }

  return {
    gateway,
    get: (path, schema) => answer({ method: 'GET', path }, schema),
    post: (path, body, schema) => answer({ method: 'POST', path, body }, schema),
    async tell(path, body, signal) {
      const response = await call({ method: 'POST', path, body, signal })
      await response.body?.cancel()
    },
    async delete(path) {
      const response = await call({ method: 'DELETE', path })
      await response.body?.cancel()
    },
    async *follow(path, schema, signal) {
      const response = await call({ method: 'GET', path, accept: 'application/x-ndjson', signal })
      if (!response.body) return
      try {
        for await (const line of readLines(response.body)) yield parse(line, schema)
      } catch (error) {
        if (signal?.aborted) return
        if (error instanceof HoopError) throw error
        throw unreachable(gateway, error)
      }
    },
  }
}

/** The access token, and the proof of the key that it is bound to (RFC 9449, 7.1); a token that is bound to none goes as it is. */
export async function authorization(key: DeviceKey, request: ProvenRequest): Promise<Record<string, string>> {
  const { accessToken } = request
  if (accessToken !== null && !isBound(accessToken)) return { authorization: `Bearer ${accessToken}` }
  const dpop = await key.proof(request)
  return accessToken === null ? { dpop } : { authorization: `DPoP ${accessToken}`, dpop }
}

/** Whether a token names a key (RFC 9449, 6.1). What is no JWT of ours is the gateway's to refuse. */
function isBound(token: string): boolean {
  const claims = json(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
  return typeof claims === 'object' && claims !== null && 'cnf' in claims
}

async function bounded(gateway: string, response: Response): Promise<string> {
  try {
    return await readBounded(response.body, maxBody)
  } catch (error) {
    throw error instanceof HoopError ? error : unreachable(gateway, error)
  }
}

function parse<Schema extends z.ZodType>(text: string, schema: Schema): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new HoopError('internal', 'the gateway answered with something that this hoop does not understand', {
      hint: 'the gateway and this command may be of different versions: compare `hoop --version` with the gateway’s',
      cause,
    })
  }
}

/** The error that a response carries. A body that is not ours comes from something in between. */
async function refusal(response: Response): Promise<HoopError> {
  const text = await readBounded(response.body, 1024 * 1024).catch(() => '')
  const body = ApiError.safeParse(json(text))
  if (!body.success) {
    const code = response.status === 401 ? 'invalid_token' : response.status >= 500 ? 'unavailable' : 'internal'
    return new HoopError(code, `the gateway answered ${response.status} ${response.statusText}`.trimEnd(), {
      hint: 'is there a proxy in between, or is this the address of something else?',
    })
  }
  const { code, message, hint, id } = body.data
  const words = id === null ? message : `${message} (${id} in the gateway’s log)`
  return new HoopError(isApiErrorCode(code) ? code : 'internal', words, hint === null ? {} : { hint })
}

function isApiErrorCode(code: string): code is ApiErrorCode {
  return Object.hasOwn(apiErrors, code)
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** fetch says only "fetch failed"; its cause says why. */
export function unreachable(gateway: string, error: unknown): HoopError {
  const why = rootCause(error)
  // Node has no other name for it.
  const [, status] = /^Proxy response \((\d+)\)/.exec(why) ?? []
  if (status !== undefined) return turnedAway(gateway, status, error)
  return new HoopError('unavailable', `the gateway at ${gateway} cannot be reached: ${why}`, {
    hint: 'is the address right (`--gateway`, HOOP_GATEWAY), the network up, and its certificate trusted (`--ca-file`)?',
    cause: error,
  })
}

const proxyPassword = 'set HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT, with %40 for @, %3A for : and %2F for / in both'

function turnedAway(gateway: string, status: string, cause: unknown): HoopError {
  const what = status === '407' ? 'asks for a name and a password that it accepts' : 'does not let the connection through'
  const hint = status === '407' ? proxyPassword : 'ask whoever runs the proxy; NO_PROXY lists what is reached without it'
  return new HoopError('unavailable', `the proxy before ${gateway} ${what} (HTTP status ${status})`, { hint, cause })
}

function rootCause(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return rootCause(error.errors[0])
  if (error instanceof Error && error.cause !== undefined) return rootCause(error.cause)
  return error instanceof Error ? error.message || error.name : String(error)
}
