import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HoopError } from '@hoop/contracts'

/** Reads a file that only its owner may read, making it at first use. Of several that make it, one wins and all read that one's. */
async function ownFile(file: string, make: () => string): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const found = await readFile(file, 'utf8').catch(unlessMissing)
  if (found === null) {
    const fresh = `${file}.${randomBytes(6).toString('hex')}`
    const handle = await open(fresh, 'wx', 0o600)
    try {
      await handle.writeFile(make())
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(fresh, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await rm(fresh)
    return await readFile(file, 'utf8')
  }
  const { mode } = await stat(file)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new HoopError('invalid_request', `${file} holds a key that others can read.`, { hint: `Run: chmod 600 ${file}` })
  }
  return found
}

/** A key of 32 bytes in the data folder, hexadecimal, made at first use. */
export async function ownKey(file: string): Promise<Buffer> {
  return decodeKey(await ownFile(file, () => `${randomBytes(32).toString('hex')}\n`), file)
}

/** An Ed25519 private key (PKCS #8, PEM) in the data folder, made at first use. */
export async function ownSigningKey(file: string): Promise<string> {
  return await ownFile(file, () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
}

/** A short text of the data folder, made at first use. */
export async function ownId(file: string, make: () => string): Promise<string> {
  return (await ownFile(file, make)).trim()
}

/** A key of 32 bytes that somebody else keeps (a mounted secret): 64 hexadecimal digits, or base64. */
export async function givenKey(file: string): Promise<Buffer> {
  return decodeKey(await readFile(file, 'utf8'), file)
}

function decodeKey(text: string, file: string): Buffer {
  const trimmed = text.trim()
  const key = Buffer.from(trimmed, /^[0-9a-fA-F]{64}$/.test(trimmed) ? 'hex' : 'base64')
  if (key.length === 32) return key
  throw new HoopError('invalid_request', `${file} is not a key: it has ${key.length} bytes, not 32.`, {
    hint: `Make one with: openssl rand -hex 32 > ${file}`,
  })
}

function unlessMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
