import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'

/** Where a platform gives its workloads identity tokens. GitLab puts them in a variable that the job names. */
export const Platform = z.enum(['github', 'google', 'kubernetes'])
export type Platform = z.infer<typeof Platform>

const answerWithin = 10_000
/** Where docs/machines.md has the projected token of a pod put. */
const projectedToken = '/var/run/secrets/hoop/token'
const metadataHost = 'metadata.google.internal'

/** The platform that this runs on, as far as it gives tokens; null: none that is known. */
export function detectPlatform(env: NodeJS.ProcessEnv): Platform | null {
  if (env.ACTIONS_ID_TOKEN_REQUEST_URL && env.ACTIONS_ID_TOKEN_REQUEST_TOKEN) return 'github'
  if (existsSync(env.HOOP_KUBERNETES_TOKEN || projectedToken)) return 'kubernetes'
  // Not every virtual machine of Google's: people log in there, too.
  return env.GCE_METADATA_HOST || env.K_SERVICE || env.CLOUD_RUN_JOB ? 'google' : null
}

/** A token for this audience. @throws HoopError `unavailable` */
export async function platformToken(platform: Platform, audience: string): Promise<string> {
  try {
    return await tokens[platform](audience)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HoopError('unavailable', `the platform (${platform}) gives no identity token: ${why}`, {
      hint: hints[platform],
      cause,
    })
  }
}

const tokens: Record<Platform, (audience: string) => Promise<string>> = {
  async github(audience) {
    const url = new URL(process.env.ACTIONS_ID_TOKEN_REQUEST_URL ?? '')
    url.searchParams.set('audience', audience)
    const text = await ask(url, { authorization: `Bearer ${process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? ''}` })
    return z.object({ value: z.string() }).parse(JSON.parse(text)).value
  },
  async google(audience) {
    const url = new URL(`http://${process.env.GCE_METADATA_HOST || metadataHost}`)
    url.pathname = '/computeMetadata/v1/instance/service-accounts/default/identity'
    url.search = new URLSearchParams({ audience, format: 'full' }).toString()
    return await ask(url, { 'metadata-flavor': 'Google' })
  },
  // Its audience is that of the volume.
  kubernetes: async () => await readFile(process.env.HOOP_KUBERNETES_TOKEN || projectedToken, 'utf8'),
}

const hints: Record<Platform, string> = {
  github: 'the job needs permissions: { id-token: write }',
  google: 'the machine needs a service account',
  kubernetes: 'the pod needs a projected volume with a serviceAccountToken: docs/machines.md',
}

async function ask(url: URL, headers: Record<string, string>): Promise<string> {
  const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(answerWithin) })
  if (!response.ok) throw new Error(`${url.host} answered ${response.status}`)
  return await response.text()
}
