import type { NotifierDocument } from '@hoop/contracts'
import type { ProxyEnvironment } from '@hoop/tunnel'
import { z } from 'zod'
import { post } from './post.ts'
import { blocksOf, fallback } from './slack-blocks.ts'
import type { Message, Resolve, Way } from './way.ts'

const SlackAnswer = z.object({ ok: z.boolean(), error: z.string().max(100).optional() })
const Posted = z.object({ channel: z.string(), ts: z.string() })
const publicApi = 'https://slack.com/api/'

/** Messages by the Web API of Slack: one for each question, which is changed as that is decided. */
export class Slack implements Way {
  readonly #resolve: Resolve
  readonly #proxies: ProxyEnvironment

  constructor(resolve: Resolve, proxies: ProxyEnvironment) {
    this.#resolve = resolve
    this.#proxies = proxies
  }

  async deliver({ id, notifier, notice, receipt }: Message, signal: AbortSignal): Promise<unknown> {
    const { channel } = slackOf(notifier)
    const message = { text: fallback(notice), blocks: blocksOf(notice), unfurl_links: false, unfurl_media: false }
    const metadata = { event_type: 'hoop_notification', event_payload: { id, subject: notice.subject } }
    const before = Posted.safeParse(receipt)
    if (before.success) {
      await this.call(notifier, 'chat.update', { ...before.data, ...message, metadata }, signal)
      return before.data
    }
    return Posted.parse(await this.call(notifier, 'chat.postMessage', { channel, ...message, metadata }, signal))
  }

  /** @throws with what Slack calls the error */
  async call(notifier: NotifierDocument, method: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const { api = publicApi, botToken } = slackOf(notifier)
    const token = await this.#resolve(botToken, `Notifier/${notifier.name}`, 'botToken')
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' }
    const url = new URL(method, api.endsWith('/') ? api : `${api}/`)
    const { status, text } = await post(url, { headers, body: JSON.stringify(body) }, signal, this.#proxies)
    if (status !== 200) throw new Error(`${method} was answered ${status}`)
    const answer: unknown = JSON.parse(text)
    const { ok, error } = SlackAnswer.parse(answer)
    if (!ok) throw new Error(`${method} was refused: ${error ?? 'without a word'}`)
    return answer
  }
}

/** @throws for a Notifier of another way */
export function slackOf(notifier: NotifierDocument): NonNullable<NotifierDocument['slack']> {
  if (notifier.slack === undefined) throw new Error(`Notifier/${notifier.name} has no slack`)
  return notifier.slack
}
