import { createHmac, type KeyObject } from 'node:crypto'

/**
 * HMAC-SHA256 (hex) of what the record shows only in a masked form: equal originals have equal digests, and only the holder of the key
 * can try a guess against one. A KeyObject, since a key of bytes would be imported anew each time.
 */
export function digest(key: KeyObject, text: string | Buffer): string {
  return createHmac('sha256', key).update(text).digest('hex')
}
