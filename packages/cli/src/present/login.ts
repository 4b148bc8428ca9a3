import type { DeviceCode, LoggedIn } from '../services/login.ts'
import { escapeLine } from './escape.ts'
import type { Screen } from './screen.ts'
import { localTime } from './time.ts'

export function codeWords({ colour }: Screen, code: DeviceCode): string {
  return [
    `Open   ${colour.underline(escapeLine(code.verificationUriComplete ?? code.verificationUri))}`,
    `Code   ${colour.bold(escapeLine(code.userCode))}`,
    colour.dim('Go on only if the page shows this code.'),
  ].join('\n')
}

/** The code as an event, for a program that drives the login. */
export function codeEvent(code: DeviceCode) {
  return {
    event: 'device-code',
    verificationUri: code.verificationUri,
    verificationUriComplete: code.verificationUriComplete,
    userCode: code.userCode,
    expiresIn: code.expiresIn,
  }
}

export function loggedIn({ colour }: Screen, { gateway, identity, loginExpiresAt }: LoggedIn, place: string): string {
  const name = colour.bold(escapeLine(identity.email ?? identity.name))
  return `Logged in at ${gateway} as ${name} until ${localTime(loginExpiresAt)}.\nThe login is kept in ${place}.`
}

/** A spinner, on a terminal only. */
export function waiting(screen: Screen): { start(): void; stop(): void } {
  let stopped = false
  let stop = () => {}
  return {
    start() {
      if (!screen.terminal) return
      void import('ora').then(({ default: ora }) => {
        if (stopped) return
        const spinner = ora({ text: 'waiting for the browser', stream: process.stderr, discardStdin: false }).start()
        stop = () => spinner.stop()
      })
    },
    stop() {
      stopped = true
      stop()
    },
  }
}

/** The address comes from the provider: only a web page is opened. A machine without a browser is no error: the address is on the screen. */
export async function openBrowser(code: DeviceCode): Promise<void> {
  const address = code.verificationUriComplete ?? code.verificationUri
  if (!/^https?:\/\//i.test(address)) return
  try {
    const { default: open } = await import('open')
    const browser = await open(address)
    browser.on('error', () => {})
  } catch {
    // said above
  }
}
