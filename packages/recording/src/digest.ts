import { createHmac } from 'node:crypto'

/**
 * HMAC-SHA256 (hex) of what the record shows only in a masked form: equal originals have equal digests, and only the holder of the key
 * can try a guess against one.
 */
export function digest(key: Buffer, text: string | Buffer): string {
  return createHmac('sha256', key).update(text).digest('hex')
}
