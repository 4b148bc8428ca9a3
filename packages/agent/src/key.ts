import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { chmod, mkdir, open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts'
import { exportJWK, type JWK, SignJWT } from 'jose'

const fileName = 'agent-key.pem'

/** The agent's key: made where it runs, kept where only its owner reads, shown to nobody. */
export class AgentKey {
  readonly #privateKey: KeyObject
  readonly #publicJwk: JWK

  private constructor(privateKey: KeyObject, publicJwk: JWK) {
    this.#privateKey = privateKey
    this.#publicJwk = publicJwk
  }

  /** That of the folder, made at first use. @throws HoopError `invalid_request` */
  static async of(folder: string): Promise<AgentKey> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    const file = join(folder, fileName)
    const privateKey = (await read(file)) ?? (await make(file))
    return new AgentKey(privateKey, await exportJWK(createPublicKey(privateKey)))
  }

  /** Proves for one request that the key is here (RFC 9449, 4.2). */
  async proof({ method, url, credential }: { method: string; url: string; credential: string | null }): Promise<string> {
    const { origin, pathname } = new URL(url)
    const ath = credential === null ? {} : { ath: createHash('sha256').update(credential).digest('base64url') }
    return await new SignJWT({ htm: method, htu: `${origin}${pathname}`, ...ath })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'EdDSA', jwk: this.#publicJwk })
      .setJti(randomUUID())
      .setIssuedAt()
      .sign(this.#privateKey)
  }
}

async function read(file: string): Promise<KeyObject | null> {
  const pem = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (pem === null) return null
  const { mode } = await stat(file)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new HoopError('invalid_request', `${file} is a key that others can read.`, { hint: `Run: chmod 600 ${file}` })
  }
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    const hint = 'Remove it; the agent joins again with a new token.'
    throw new HoopError('invalid_request', `${file} is not a private key.`, { hint, cause })
  }
}

async function make(file: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ed25519')
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await handle.sync()
  } finally {
    await handle.close()
  }
  return privateKey
}
