import { readFile } from 'node:fs/promises'
import { AgentCredential, ApiError, type ApiErrorCode, agentPaths, apiErrors, HoopError } from '@hoop/contracts'
import type { AgentKey } from './key.ts'

/** Milliseconds. */
const answerTime = 15_000
const longestAnswer = 64 * 1024
/** A JWT (RFC 7519), which no join token looks like. */
const signedToken = /^[\w-]+(\.[\w-]+){2}$/

/**
 * Where the token to join by comes from: a one-time join token, or what a platform gives its workloads. It is asked for only when the
 * gateway does not know the agent's key, or wants it to join again.
 */
export type TokenSource = { readonly file: string } | { readonly token: string } | { read(): Promise<string> } | null

export interface MembershipOptions {
  /** Without a slash at the end. */
  readonly gateway: string
  readonly name: string
  readonly key: AgentKey
  readonly token: TokenSource
  readonly version: string
  readonly host: string
  readonly onJoined: (id: string) => void
  /** A renewal failed while the credential is still good: words on why, and on what will happen when. */
  readonly onNotRenewed: (words: string) => void
}

interface Held {
  readonly id: string
  readonly credential: string
  readonly renewAt: number
  readonly endsAt: number
}

/** What makes this agent one of the gateway's: it joins once, and renews its short-lived credential by its key. */
export class Membership {
  readonly #options: MembershipOptions
  #held: Held | null = null
  #renewing: Promise<Held> | null = null

  constructor(options: MembershipOptions) {
    this.#options = options
  }

  /** Of this agent among those of its name; empty before it is known. */
  get id(): string {
    return this.#held?.id ?? ''
  }

  /** A credential that is good now, renewed at half of its time. @throws HoopError */
  async credential(): Promise<string> {
    const held = this.#held
    const now = performance.now()
    if (held !== null && now < held.renewAt) return held.credential
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null
    })
    if (held === null || now >= held.endsAt) return (await this.#renewing).credential
    // It goes on with what it has while the gateway cannot answer, but not against its word.
    return await this.#renewing.then(
      ({ credential }) => credential,
      (error: unknown) => {
        this.#options.onNotRenewed(notRenewed(error, held.endsAt - performance.now()))
        if (error instanceof HoopError && apiErrors[error.code].status >= 429) return held.credential
        throw error
      },
    )
  }

  /** The gateway takes the credential no more: the next one is asked for at once. */
  forget(): void {
    this.#held = null
  }

  /** What authorises one dial to this address. @throws HoopError */
  async authorize(url: string): Promise<Record<string, string>> {
    const credential = await this.credential()
    const dpop = await this.#options.key.proof({ method: 'GET', url: url.replace(/^ws/, 'http'), credential })
    return { authorization: `DPoP ${credential}`, dpop }
  }

  async #renew(): Promise<Held> {
    const { name } = this.#options
    const answer = await this.#post(agentPaths.credential, {}).catch((error: unknown) => this.#join(error))
    if (answer.name !== name) {
      throw new HoopError('conflict', `The gateway knows this agent as ${answer.name}, not as ${name}.`, {
        hint: 'An agent of another name needs a state folder of its own: --state.',
      })
    }
    const now = performance.now()
    const left = answer.expires_in * 1000
    this.#held = { id: answer.id, credential: answer.credential, renewAt: now + left / 2, endsAt: now + left }
    return this.#held
  }

  /** The gateway does not know the key: it is shown the token, if there is one. */
  async #join(error: unknown): Promise<AgentCredential> {
    if (!(error instanceof HoopError) || error.code !== 'invalid_token') throw error
    const { token: source, name, onJoined } = this.#options
    const token = await readToken(source)
    if (token === null) {
      throw new HoopError('invalid_token', 'The gateway does not know this agent, and it was given no token to join.', {
        hint: `${error.message} An admin makes one: hoop agents token ${name}; give it with --token-file.`,
      })
    }
    const grant = signedToken.test(token) ? 'workload' : 'join_token'
    const joined = await this.#post(agentPaths.join, { grant, token, name })
    onJoined(joined.id)
    return joined
  }

  async #post(path: string, body: object): Promise<AgentCredential> {
    const { gateway, key, version, host } = this.#options
    const url = `${gateway}${path}`
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', dpop: await key.proof({ method: 'POST', url, credential: null }) },
      body: JSON.stringify({ ...body, version, host }),
      redirect: 'error',
      signal: AbortSignal.timeout(answerTime),
    }).catch((cause: unknown) => {
      throw unreachable(gateway, cause)
    })
    const text = await boundedText(response).catch((cause: unknown) => {
      throw unreachable(gateway, cause)
    })
    if (!response.ok) throw refusal(response.status, text)
    const answer = AgentCredential.safeParse(parseJson(text))
    if (answer.success) return answer.data
    throw new HoopError('unavailable', 'The gateway answered with something that this agent does not understand.', {
      hint: 'Compare the version of the agent with that of the gateway.',
    })
  }
}

/** `left`: milliseconds that the credential is good for. */
function notRenewed(error: unknown, left: number): string {
  const why = error instanceof Error ? error.message : String(error)
  const hint = error instanceof HoopError && error.hint !== null ? ` ${error.hint}` : ''
  const until = new Date(Date.now() + left).toISOString()
  return `The credential was not renewed: ${why}${hint} It is tried again; unless that succeeds, the gateway ends the tunnel at ${until}, and with it all that goes through it.`
}

async function readToken(source: TokenSource): Promise<string | null> {
  if (source === null) return null
  if ('token' in source) return source.token.trim()
  if ('read' in source) return (await source.read()).trim()
  const text = await readFile(source.file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new HoopError('invalid_request', `The token file ${source.file} cannot be read: ${cause.code}.`, { cause })
  })
  return text.trim()
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > longestAnswer) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function refusal(status: number, body: string): HoopError {
  const answer = ApiError.safeParse(parseJson(body))
  if (!answer.success || !Object.hasOwn(apiErrors, answer.data.code)) {
    return new HoopError('unavailable', `The gateway answered with HTTP status ${status}.`, {
      hint: 'Check that the address is that of a hoop gateway, and what stands before it.',
    })
  }
  const { code, message, hint, id } = answer.data
  const words = id === null ? message : `${message} (${id})`
  return new HoopError(code as ApiErrorCode, words, hint === null ? {} : { hint })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** fetch says only that it failed; its cause says why. */
function unreachable(gateway: string, error: unknown): HoopError {
  let cause = error
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause
  const why = cause instanceof Error ? cause.message || cause.name : String(cause)
  return new HoopError('unavailable', `The gateway at ${gateway} cannot be reached: ${why}`, { cause: error })
}
