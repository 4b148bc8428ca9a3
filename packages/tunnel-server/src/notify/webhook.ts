import { createHmac } from 'node:crypto'
import { HoopError } from '@hoop/contracts'
import type { ProxyEnvironment } from '@hoop/tunnel'
import { post } from './post.ts'
import type { Message, Resolve, Way } from './way.ts'

/** Bytes; https://github.com/standard-webhooks/standard-webhooks wants 24 to 64 random ones. */
const shortestKey = 24

/** Webhooks as Standard Webhooks 1.0.0 has them: signed with HMAC-SHA256 over the id, the time and the body. */
export class Webhook implements Way {
  readonly #resolve: Resolve
  readonly #proxies: ProxyEnvironment

  constructor(resolve: Resolve, proxies: ProxyEnvironment) {
    this.#resolve = resolve
    this.#proxies = proxies
  }

  async deliver({ id, notifier, notice }: Message, signal: AbortSignal): Promise<null> {
    if (notifier.webhook === undefined) throw new Error(`Notifier/${notifier.name} has no webhook`)
    const { url, secret } = notifier.webhook
    const key = keyOf(await this.#resolve(secret, `Notifier/${notifier.name}`, 'secret'), notifier.name)
    const { event, at, ...data } = notice
    const body = JSON.stringify({ type: event, timestamp: at, data })
    const now = Math.floor(Date.now() / 1000)
    const signature = createHmac('sha256', key).update(`${id}.${now}.${body}`).digest('base64')
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(now),
      'webhook-signature': `v1,${signature}`,
    }
    const { status } = await post(new URL(url), { headers, body }, signal, this.#proxies)
    if (status < 200 || status > 299) throw new Error(`it answered ${status}`)
    return null
  }
}

/** `whsec_` and base64, or the bytes of any other text. */
function keyOf(secret: string, name: string): Buffer {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret, 'utf8')
  if (key.length >= shortestKey) return key
  throw new HoopError('connection_unavailable', `The secret of Notifier/${name} has fewer than ${shortestKey} bytes.`, {
    hint: 'Make one: echo "whsec_$(openssl rand -base64 32)"',
  })
}
