import type { ExecNews } from '../services/exec.ts'
import { escapeLine, firstLine } from './escape.ts'
import { approvers } from './operations.ts'
import { span } from './time.ts'

/** Notes beside the command's own output. */
export function execNews(note: (text: string) => void): ExecNews {
  const say = (words: string) => note(`hoop: ${escapeLine(words)}`)
  return {
    interrupted: (words) => say(`the network is away: ${words} Waiting for it`),
    resumed: () => say('the network is back, nothing was lost'),
    lost: (words) => say(`the tunnel was lost: ${words}; reconnecting`),
    retrying: (error, delayMs) => say(`${error.message}; trying again within ${Math.ceil(delayMs / 1000)} s`),
    restored: () => say('connected again, in a new session'),
    trouble: say,
    waiting({ operation, held, decided }) {
      const what = firstLine(operation.text, 100)
      if (decided !== null) {
        const by = decided.by === null ? '' : ` by ${decided.by.email ?? decided.by.name}`
        say(`${decided.decision}${by}: ${what}`)
      } else if (held !== null) {
        const who = `${approvers(held.approvers)} may approve within ${span(held.timeout * 1000)}`
        say(`held for approval ${held.approval}: ${what} (${who}: hoop approvals show ${held.approval})`)
      }
    },
  }
}
