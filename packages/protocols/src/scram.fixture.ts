import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import type { ScramVerifier } from '@hoop/contracts'

/** What a server keeps of a password (RFC 5802, section 3). */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16), iterations = 4096): ScramVerifier {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  const key = (name: string): Buffer => createHmac('sha256', salted).update(name).digest()
  return {
    salt: salt.toString('base64'),
    iterations,
    storedKey: createHash('sha256').update(key('Client Key')).digest('base64'),
    serverKey: key('Server Key').toString('base64'),
  }
}
