import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Cipher, type Sealed } from './cipher.ts'
import { givenKey, ownKey } from './key-file.ts'
import { References } from './references.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-secrets-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the cipher', () => {
  const cipher = new Cipher(randomBytes(32))
  const place = { connection: 'shop', field: 'login.password' }
  const sealed = cipher.seal(place, 'pä55')
  const flipped = (bytes: Buffer, at: number) => Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)))

  test('gives back what it took, never with the same bytes twice', () => {
    expect(cipher.open(place, sealed)).toBe('pä55')
    expect(cipher.seal(place, 'pä55').ciphertext.equals(sealed.ciphertext)).toBe(false)
    expect(sealed.ciphertext.includes('pä55')).toBe(false)
  })

  test.each<[string, Partial<Sealed>]>([
    ['altered', { ciphertext: flipped(sealed.ciphertext, 0) }],
    ['with an altered tag', { ciphertext: flipped(sealed.ciphertext, sealed.ciphertext.length - 1) }],
    ['with another nonce', { nonce: randomBytes(12) }],
    ['cut short', { ciphertext: sealed.ciphertext.subarray(0, 15) }],
    ['with a shorter tag', { ciphertext: sealed.ciphertext.subarray(0, -4) }],
    ['empty', { ciphertext: Buffer.alloc(0) }],
  ])('opens nothing that is %s', (_, change) => {
    expect(() => cipher.open(place, { ...sealed, ...change })).toThrow(
      expect.objectContaining({ code: 'connection_unavailable' }),
    )
  })

  test('opens it at its own place only, with its own key only', () => {
    for (const elsewhere of [
      { ...place, connection: 'stock' },
      { ...place, field: 'other' },
    ]) {
      expect(() => cipher.open(elsewhere, sealed)).toThrow(/altered, or belongs elsewhere/)
    }
    expect(() => new Cipher(randomBytes(32)).open(place, sealed)).toThrow(/encrypted under key/)
  })
})

describe('keys', () => {
  test('an own key is made once, for its owner only, whoever asks first', async () => {
    const file = join(folder, 'keys', 'master')
    const keys = await Promise.all([1, 2, 3, 4].map(() => ownKey(file)))
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await chmod(file, 0o644)
    await expect(ownKey(file)).rejects.toThrow(/others can read/)
  })

  test.each(['hex', 'base64'] as const)('a given key is %s', async (encoding) => {
    const key = randomBytes(32)
    const file = join(folder, 'given')
    await writeFile(file, `${key.toString(encoding)}\n`)
    expect(await givenKey(file)).toEqual(key)
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, 20))
    await expect(givenKey(file)).rejects.toThrow(/not a key/)
  })
})

test('references lose the newline at the end of a file, and nothing else', async () => {
  const references = new References(() => undefined)
  const file = join(folder, 'password')
  await writeFile(file, ' secret \n\n')
  expect(await references.resolve({ file }, 'shop', 'login.password')).toBe(' secret \n')
  await writeFile(file, '')
  await expect(references.resolve({ file }, 'shop', 'login.password')).rejects.toMatchObject({ code: 'connection_unavailable' })
  await expect(references.resolve({ env: 'ABSENT' }, 'shop', 'login.password')).rejects.toThrow(/ABSENT/)
})
