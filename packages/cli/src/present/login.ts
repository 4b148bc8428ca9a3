import type { LoggedIn } from '../services/login.ts'
import type { DeviceCode } from '../services/provider-login.ts'
import { escapeLine } from './escape.ts'
import type { Screen } from './screen.ts'
import { localTime } from './time.ts'

export function codeWords({ colour }: Screen, code: DeviceCode): string {
  return [
    `Open   ${colour.underline(escapeLine(codeAddress(code)))}`,
    `Code   ${colour.bold(escapeLine(code.userCode))}`,
    colour.dim('Go on only if the page shows this code.'),
  ].join('\n')
}

/** `here`: whether a browser of this machine is in front of the person, or they say so. */
export function addressWords({ colour }: Screen, address: string, { here }: { here: boolean }): string {
  const open = `Open   ${colour.underline(escapeLine(address))}`
  return here ? open : `${open}\n${colour.dim('In a browser on this very machine: the gateway offers no login by a code.')}`
}

/** The page as an event, for a program that drives the login. */
export function addressEvent(address: string) {
  return { event: 'browser', address }
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

/** `role`: the document that has just made them an admin; null: none has. */
export function loggedIn(
  { colour }: Screen,
  { gateway, identity, loginExpiresAt }: LoggedIn,
  { place, role }: { place: string; role: string | null },
): string {
  const name = colour.bold(escapeLine(identity.email ?? identity.name))
  const words = `Logged in at ${gateway} as ${name} until ${localTime(loginExpiresAt)}.\nThe login is kept in ${place}.`
  return role === null ? words : `${words}\nYou are the first admin now, by Role/${role}.`
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

/** The page to open, with the code in it where the provider offers that. */
export function codeAddress(code: DeviceCode): string {
  return code.verificationUriComplete ?? code.verificationUri
}

/** Whether a browser on this machine would be in front of the person: on Linux there must be a display, and nobody comes by SSH. */
export function hasBrowser(env: NodeJS.ProcessEnv): boolean {
  if (env.SSH_CONNECTION) return false
  return process.platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/** The address comes from the provider: only a web page is opened. A machine without a browser is no error: the address is on the screen. */
export async function openBrowser(address: string): Promise<void> {
  if (!/^https?:\/\//i.test(address)) return
  try {
    const { default: open } = await import('open')
    const browser = await open(address)
    browser.on('error', () => {})
  } catch {
    // said above
  }
}
