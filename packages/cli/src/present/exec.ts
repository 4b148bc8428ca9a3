import type { ExecNews } from '../services/exec.ts'
import { escapeLine } from './escape.ts'

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
  }
}
