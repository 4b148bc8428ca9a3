import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { HoopError, type NotifierDocument } from '@hoop/contracts'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { AccessRequests } from '../access/access-requests.ts'
import type { Approvals } from '../approvals/approvals.ts'
import type { Documents } from '../documents/documents.ts'
import type { Caller } from '../identity/access-tokens.ts'
import type { ChatAccountKey } from '../store/chat-accounts.ts'
import type { Store } from '../store/database.ts'
import { useToken } from '../store/machines.ts'
import type { ChatLinks } from './chat-links.ts'
import { type Slack, slackOf } from './slack.ts'
import { denialDialog, ids, marked } from './slack-blocks.ts'
import type { Resolve } from './way.ts'

/** Seconds: https://docs.slack.dev/authentication/verifying-requests-from-slack */
const oldest = 300
/** Milliseconds: Slack waits for 3 s. */
const patience = 2500

const short = z.string().max(200)
const Sender = { user: z.object({ id: short, username: short.optional() }), team: z.object({ id: short }) }
/** https://docs.slack.dev/reference/interaction-payloads */
const Payload = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('block_actions'),
    ...Sender,
    trigger_id: short,
    channel: z.object({ id: short }),
    actions: z.array(z.object({ action_id: short, value: short.optional() })).min(1),
  }),
  z.object({
    type: z.literal('view_submission'),
    ...Sender,
    view: z.object({
      callback_id: z.literal(ids.denial),
      private_metadata: short,
      state: z.object({
        values: z.object({ [ids.reason]: z.object({ [ids.reason]: z.object({ value: z.string().max(3000).nullable() }) }) }),
      }),
    }),
  }),
])
type Payload = z.infer<typeof Payload>
type Pressed = Extract<Payload, { type: 'block_actions' }>

interface Parts {
  readonly store: Store
  readonly documents: Pick<Documents, 'current'>
  readonly approvals: Pick<Approvals, 'decide'>
  readonly accessRequests: Pick<AccessRequests, 'decide'>
  readonly links: ChatLinks
  readonly slack: Slack
  readonly resolve: Resolve
  readonly log: Logger
}

/** A request of Slack's, not believed yet. */
export interface SlackRequest {
  readonly signature: string
  readonly timestamp: string
  /** As it came: what is signed. */
  readonly body: string
}

/** What people do with the messages in Slack. It acts as the identity that the account is linked to, and only where that may. */
export class SlackRequests {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What Slack is answered; null: nothing but that it was heard. @throws HoopError `invalid_token` where it is not Slack that asks */
  async answer(name: string, request: SlackRequest): Promise<unknown> {
    const { notifier, signedBy } = await this.#verified(name, request)
    const payload = payloadOf(request.body)
    if (payload === null) return null
    const { user, team } = payload
    const account = { notifier: name, signedBy, team: team.id, account: user.id }
    const caller = await this.#parts.links.callerOf(account)
    if (payload.type === 'block_actions') {
      await this.#pressed(notifier, payload, caller, account)
      return null
    }
    const { private_metadata: subject, state } = payload.view
    const words =
      typeof caller === 'string'
        ? 'You are not logged in to hoop, or this account is not linked. Run: hoop login'
        : await this.#decided(caller, subject, 'deny', state.values[ids.reason][ids.reason].value)
    return words === null ? null : { response_action: 'errors', errors: { [ids.reason]: words } }
  }

  async #pressed(
    notifier: NotifierDocument,
    { trigger_id, channel, user, actions: [action] }: Pressed,
    caller: Caller | 'unlinked' | 'logged out',
    account: ChatAccountKey,
  ): Promise<void> {
    const { slack, links, log } = this.#parts
    const subject = action?.value
    const pressed = action?.action_id
    if (subject === undefined || (pressed !== ids.approve && pressed !== ids.deny)) return
    const signal = AbortSignal.timeout(patience)
    const say = async (words: string) => {
      await slack.call(notifier, 'chat.postEphemeral', { channel: channel.id, user: user.id, text: marked(words) }, signal)
    }
    try {
      if (caller === 'unlinked') {
        const code = await links.code({ ...account, name: user.username ?? user.id })
        return await say(`hoop does not know whose this account is. Run within 10 minutes, logged in: hoop notify link ${code}`)
      }
      if (caller === 'logged out') return await say('You are not logged in to hoop. Run: hoop login, and press again.')
      if (pressed === ids.deny) {
        await slack.call(notifier, 'views.open', { trigger_id, view: denialDialog(subject) }, signal)
        return
      }
      const words = await this.#decided(caller, subject, 'approve', null)
      if (words !== null) await say(words)
    } catch (error) {
      // What was decided is decided: the message says so, too, once it is changed.
      log.warn(
        { notifier: notifier.name, subject, reason: error instanceof Error ? error.message : 'unknown' },
        'Slack is not answered',
      )
    }
  }

  /** Null, or why it was not. */
  async #decided(caller: Caller, subject: string, verdict: 'approve' | 'deny', reason: string | null): Promise<string | null> {
    const { approvals, accessRequests } = this.#parts
    try {
      if (subject.startsWith('ac_')) await accessRequests.decide(caller, subject, verdict, reason)
      else await approvals.decide(caller, subject, verdict, { reason })
      return null
    } catch (error) {
      if (!(error instanceof HoopError) || error.code === 'internal') throw error
      return error.hint === null ? error.message : `${error.message} ${error.hint}`
    }
  }

  async #verified(name: string, { signature, timestamp, body }: SlackRequest) {
    const { store, documents, resolve } = this.#parts
    const notifier = documents.current().documents.find((document) => document.kind === 'Notifier' && document.name === name)
    if (notifier?.kind !== 'Notifier' || notifier.slack === undefined) throw notSlack()
    const age = Math.abs(Date.now() / 1000 - Number(timestamp))
    if (!/^\d{1,12}$/.test(timestamp) || age > oldest) throw notSlack()
    const secret = await resolve(slackOf(notifier).signingSecret, `Notifier/${name}`, 'signingSecret')
    const expected = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`
    if (!sameText(expected, signature)) throw notSlack()
    const hash = createHash('sha256').update(`slack ${signature}`).digest()
    const expiresAt = new Date(Date.now() + 2 * oldest * 1000)
    if (!(await store.run((db) => useToken(db, { hash, device: null, expiresAt })))) throw notSlack()
    return { notifier, signedBy: createHash('sha256').update(`hoop slack ${secret}`).digest('hex') }
  }
}

/** Null: nothing that is meant for us. */
function payloadOf(body: string): Payload | null {
  try {
    const parsed = Payload.safeParse(JSON.parse(new URLSearchParams(body).get('payload') ?? ''))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

function sameText(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The same words whatever is wrong. */
function notSlack(): HoopError {
  return new HoopError(
    'invalid_token',
    'This is not signed by Slack for this Notifier, is older than 5 minutes, or was sent before.',
  )
}
