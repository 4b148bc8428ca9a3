import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { HoopError } from '@hoop/contracts'
import { z } from 'zod'

/** Memory of 128 MiB and some tenths of a second for each guess (RFC 7914). */
const cost = { N: 2 ** 17, r: 8, p: 1 }
const tagLength = 16
const associated = Buffer.from('hoop backup keys 1')
const shortestPassphrase = 12

/** Keys of a gateway by the names of their files. */
export type Keys = Readonly<Record<string, string>>
const Keys = z.record(z.string().regex(/^[a-z.-]{1,50}$/), z.string().max(10_000))

const Base64 = z.base64().max(100_000)
const SealedKeys = z.strictObject({
  kdf: z.literal('scrypt'),
  N: z.literal(cost.N),
  r: z.literal(cost.r),
  p: z.literal(cost.p),
  salt: Base64,
  nonce: Base64,
  ciphertext: Base64,
})

/** JSON: AES-256-GCM under a key from the passphrase, the tag at the end of the ciphertext. */
export async function sealKeys(keys: Keys, passphrase: string): Promise<string> {
  if (passphrase.length < shortestPassphrase) {
    throw new HoopError('invalid_request', `The passphrase must have ${shortestPassphrase} characters at least.`, {
      hint: 'Make one with: openssl rand -base64 24',
    })
  }
  const [salt, nonce] = [randomBytes(16), randomBytes(12)]
  const cipher = createCipheriv('aes-256-gcm', await keyFrom(passphrase, salt), nonce, { authTagLength: tagLength }).setAAD(
    associated,
  )
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(keys), 'utf8'), cipher.final(), cipher.getAuthTag()])
  const base64 = { salt: salt.toString('base64'), nonce: nonce.toString('base64'), ciphertext: ciphertext.toString('base64') }
  return JSON.stringify({ kdf: 'scrypt', ...cost, ...base64 } satisfies z.infer<typeof SealedKeys>)
}

/** @throws HoopError `invalid_request` when the passphrase is another one */
export async function openKeys(sealed: string, passphrase: string): Promise<Keys> {
  const { salt, nonce, ciphertext } = SealedKeys.parse(JSON.parse(sealed))
  const bytes = Buffer.from(ciphertext, 'base64')
  const tagAt = bytes.length - tagLength
  try {
    const key = await keyFrom(passphrase, Buffer.from(salt, 'base64'))
    const cipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), { authTagLength: tagLength })
      .setAAD(associated)
      .setAuthTag(bytes.subarray(tagAt))
    return Keys.parse(JSON.parse(Buffer.concat([cipher.update(bytes.subarray(0, tagAt)), cipher.final()]).toString('utf8')))
  } catch (cause) {
    throw new HoopError('invalid_request', 'The passphrase does not open the keys of this backup.', { cause })
  }
}

function keyFrom(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, 32, { ...cost, maxmem: 2 * 128 * cost.N * cost.r }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}
