import { homedir } from 'node:os'
import { join } from 'node:path'

/** What the environment says about this run; flags come from oclif, which reads their twins itself. */
export interface Surroundings {
  /** Folder of local state. */
  readonly home: string
  readonly isDefaultHome: boolean
  /** An access token given for unattended use: nothing is stored or refreshed. */
  readonly token: string | null
  /** The one-time token by which an agent joins. */
  readonly agentToken: string | null
  /** `file` never asks the keychain. */
  readonly credentialStore: 'auto' | 'file'
  /** Where a detached `hoop connect` writes what it would show; null: this is none. */
  readonly backgroundLog: string | null
  /** Show stack traces. */
  readonly debug: boolean
  /** Names the company's proxies: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. */
  readonly proxies: Readonly<Record<string, string | undefined>>
}

/** By this variable a detached `hoop connect` knows that it is one. */
export const backgroundLog = 'HOOP_BACKGROUND_LOG'

export function readSurroundings(env: NodeJS.ProcessEnv): Surroundings {
  const defaultHome = join(homedir(), '.hoop')
  const home = env.HOOP_HOME || defaultHome
  return {
    home,
    isDefaultHome: home === defaultHome,
    token: env.HOOP_TOKEN || null,
    agentToken: env.HOOP_AGENT_TOKEN || null,
    credentialStore: env.HOOP_CREDENTIAL_STORE === 'file' ? 'file' : 'auto',
    backgroundLog: env[backgroundLog] || null,
    debug: env.HOOP_DEBUG === '1',
    proxies: proxiesIn(env),
  }
}

/** Whether something is to be reached by a proxy; NO_PROXY alone says nothing. */
export function namesProxy(proxies: Surroundings['proxies']): boolean {
  return Object.keys(proxies).some((name) => !/no_proxy/i.test(name))
}

function proxiesIn(env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()])
  return Object.fromEntries(names.filter((name) => env[name]).map((name) => [name, env[name]]))
}
