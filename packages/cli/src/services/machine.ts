import { constants, rmSync } from 'node:fs'
import { access, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { detectPlatform } from '../credentials/platform-token.ts'
import type { TokenSource } from '../credentials/token-source.ts'
import { ensureFolder } from '../state/folder.ts'

/** Where the environment says that a machine's token is; null: it says nothing. */
export function givenSource(env: NodeJS.ProcessEnv): TokenSource | null {
  for (const variable of ['HOOP_SERVICE_ACCOUNT_KEY', 'HOOP_ID_TOKEN'] as const) if (env[variable]) return { variable }
  if (env.HOOP_TOKEN_FILE) return { file: env.HOOP_TOKEN_FILE }
  return env.HOOP_TOKEN_COMMAND ? { command: env.HOOP_TOKEN_COMMAND } : null
}

/** What the platform has for its workloads; null: this is none that is known. */
export function platformSource(env: NodeJS.ProcessEnv): TokenSource | null {
  const platform = detectPlatform(env)
  return platform === null ? null : { platform }
}

/** Where the identity token of a workload is, for which nobody keeps a secret; null: the environment and the platform have none. */
export function workloadSource(env: NodeJS.ProcessEnv): TokenSource | null {
  const { HOOP_SERVICE_ACCOUNT_KEY: _, ...others } = env
  return givenSource(others) ?? platformSource(env)
}

/** The folder of local state, or where there can be none, one for this run. */
export async function usableHome(home: string): Promise<string> {
  try {
    await ensureFolder(home)
    await access(home, constants.W_OK)
    return home
  } catch {
    const own = await mkdtemp(join(tmpdir(), 'hoop-'))
    process.once('exit', () => rmSync(own, { recursive: true, force: true }))
    return own
  }
}
