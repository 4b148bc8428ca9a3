import { escapeLine } from './escape.ts'

/**
 * A desktop notice through the terminal, and its bell. iTerm2's OSC 9 and rxvt's OSC 777 are the two that terminals know; one that knows
 * neither shows nothing of them.
 */
export function desktopNotice(title: string, words: string, env: NodeJS.ProcessEnv): string {
  const [safeTitle, safeWords] = [title, words].map((text) => escapeLine(text).replaceAll(';', ','))
  const ninth = /^(iTerm\.app|WezTerm|ghostty|kitty)$/.test(env.TERM_PROGRAM ?? '') || env.WT_SESSION || env.KITTY_WINDOW_ID
  const sequence = ninth ? `\u001b]9;${safeTitle}: ${safeWords}\u0007` : `\u001b]777;notify;${safeTitle};${safeWords}\u0007`
  return `${sequence}\u0007`
}
