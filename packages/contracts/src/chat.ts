import { z } from 'zod'

/** POST /v1/notify/link: whose account a chat told this code; with `confirm`, it acts as the caller from now on. */
export const ChatLinkRequest = z.strictObject({ code: z.string().max(40), confirm: z.boolean() })
export const ChatLink = z.object({
  notifier: z.string(),
  team: z.string(),
  account: z.string(),
  /** What the chat calls it, and what its owner can change. */
  name: z.string(),
  linked: z.boolean(),
})
export type ChatLink = z.infer<typeof ChatLink>

/** POST /v1/notify/unlink: no account of a chat acts as the caller any more; how many there were. */
export const ChatUnlinked = z.object({ accounts: z.int() })
