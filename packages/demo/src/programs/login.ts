import { completeDeviceLogin } from '../identity-provider/device-login.ts'
import { startHoop } from './hoop.ts'
import type { Source } from './program.ts'

export interface LoginOptions {
  readonly gateway: string
  readonly home: string
  readonly user: { readonly name: string; readonly password: string }
  /** Absent: with `--json`. False: as a person sees it. */
  readonly json?: boolean
  readonly onLine?: (line: string, source: Source) => void
  readonly signal?: AbortSignal
}

/** Runs the real `hoop login` and does in the identity provider's pages what the person would do in the browser. */
export async function logIn({ gateway, user, json = true, ...options }: LoginOptions): Promise<void> {
  const login = await startHoop(['login', gateway, '--no-open', ...(json ? ['--json'] : [])], options)
  try {
    await completeDeviceLogin(await login.find(json ? 'stdout' : 'stderr', verificationUrl), user)
    const { code, stderr } = await login.finish()
    if (code !== 0) throw new Error(`hoop login ended with ${code}: ${stderr.trim()}`)
  } finally {
    await login.stop()
  }
}

/** The page with the code in it, in words or in an event. */
function verificationUrl(line: string): string | undefined {
  return /https?:\/\/[^"\s]+[?&]user_code=[^"\s]+/.exec(line)?.[0]
}
