import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { HoopError } from '@hoop/contracts'
import type { Logger } from 'pino'

/** Milliseconds between looks: certificates change rarely, and links to them are replaced in ways that no watcher of files tells. */
const lookEvery = 10_000

/** PEM: a certificate with its chain, and its key. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
}

/** Paths. */
export interface TlsPaths {
  readonly certFile: string
  readonly keyFile: string
}

/** What takes another certificate while it serves: a server of `node:https`. */
interface Listener {
  setSecureContext(pair: TlsPair): void
}

/** The gateway's certificate and key, read again when they change. A bad pair is not taken: the one in use stays. */
export class TlsFiles {
  readonly #files: TlsPaths
  readonly #log: Logger
  readonly #listeners = new Set<Listener>()
  readonly #timer: NodeJS.Timeout
  #inUse: TlsPair
  #expiresAt: Date
  /** What was refused: told once, and only when it is still there at the next look, for two files are not replaced at once. */
  #refused: { readonly pair: TlsPair | null; readonly why: string; told: boolean } | null = null

  private constructor(files: TlsPaths, pair: TlsPair, expiresAt: Date, log: Logger) {
    this.#files = files
    this.#inUse = pair
    this.#expiresAt = expiresAt
    this.#log = log
    this.#timer = setInterval(() => void this.look(), lookEvery).unref()
  }

  /** @throws HoopError `invalid_request` when they cannot be used */
  static async open(files: TlsPaths, log: Logger): Promise<TlsFiles> {
    const pair = await readPair(files)
    return new TlsFiles(files, pair, checkPair(pair), log)
  }

  get pair(): TlsPair {
    return this.#inUse
  }

  /** Of the certificate in use. */
  get expiresAt(): Date {
    return this.#expiresAt
  }

  /** Why the files are not what is in use; null: they are. */
  get problem(): string | null {
    return this.#refused?.told === true ? this.#refused.why : null
  }

  /** Has this listener serve with whatever is in use. */
  serve(listener: Listener): void {
    this.#listeners.add(listener)
  }

  /** Reads the files now. `asked`: somebody waits for the answer in the log. */
  async look({ asked = false } = {}): Promise<void> {
    let pair: TlsPair | null = null
    try {
      pair = await readPair(this.#files)
      if (same(pair, this.#inUse)) this.#refused = null
      else this.#use(pair, checkPair(pair))
    } catch (error) {
      this.#refuse(pair, error instanceof Error ? error.message : String(error), asked)
    }
  }

  #use(pair: TlsPair, expiresAt: Date): void {
    for (const listener of this.#listeners) listener.setSecureContext(pair)
    this.#inUse = pair
    this.#expiresAt = expiresAt
    this.#refused = null
    this.#log.info({ expiresAt }, 'the TLS certificate was replaced')
  }

  #refuse(pair: TlsPair | null, why: string, asked: boolean): void {
    const before = this.#refused
    const again = before !== null && (pair === null ? before.pair === null : before.pair !== null && same(pair, before.pair))
    this.#refused = { pair, why, told: asked || again }
    if (!this.#refused.told || (again && before?.told && !asked)) return
    this.#log.error(
      { why, files: this.#files, expiresAt: this.#expiresAt },
      'THE NEW TLS CERTIFICATE IS NOT USED: the old one stays',
    )
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

async function readPair({ certFile, keyFile }: TlsPaths): Promise<TlsPair> {
  const [cert = '', key = ''] = await Promise.all(
    [certFile, keyFile].map((file) =>
      readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
        throw new HoopError('invalid_request', `${file} cannot be read (${cause.code}).`, {
          hint: 'HOOP_TLS_CERT and HOOP_TLS_KEY name files that the gateway may read.',
          cause,
        })
      }),
    ),
  )
  return { cert, key }
}

/** Until when the pair can be used. @throws HoopError `invalid_request` when it cannot be */
function checkPair({ cert, key }: TlsPair): Date {
  let leaf: X509Certificate
  try {
    leaf = new X509Certificate(cert)
    if (!leaf.publicKey.equals(createPublicKey(createPrivateKey(key)))) throw new Error('the key is not that of the certificate')
    createSecureContext({ cert, key, minVersion: 'TLSv1.2' })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HoopError('invalid_request', `HOOP_TLS_CERT and HOOP_TLS_KEY are no certificate with its key (PEM): ${why}.`, {
      cause,
    })
  }
  const expiresAt = new Date(leaf.validTo)
  if (expiresAt.getTime() > Date.now()) return expiresAt
  throw new HoopError('invalid_request', `The certificate in HOOP_TLS_CERT expired at ${expiresAt.toISOString()}.`, {
    hint: 'Put a new one there.',
  })
}

function same(one: TlsPair, other: TlsPair): boolean {
  return one.cert === other.cert && one.key === other.key
}
