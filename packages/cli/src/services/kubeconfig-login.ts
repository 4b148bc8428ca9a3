import { basename } from 'node:path'
import { type ConnectionOf, HoopError } from '@hoop/contracts'
import { z } from 'zod'

export type ClusterLogin = ConnectionOf<'kubernetes'>['login']

const Exec = z.object({
  command: z.string(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
})
type Exec = z.infer<typeof Exec>
/** One user of a kubeconfig. */
export const KubeconfigUser = z.object({
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  'client-certificate': z.string().optional(),
  'client-certificate-data': z.base64().optional(),
  'client-key': z.string().optional(),
  'client-key-data': z.base64().optional(),
  as: z.string().optional(),
  exec: Exec.nullish(),
  'auth-provider': z.object({ name: z.string() }).nullish(),
})

interface Surroundings {
  readonly server: string
  readonly accessKeyId: string | null
  /** What is given in base64, or stands in a file. */
  contentOf(data: string | undefined, path: string | undefined): Promise<string | undefined>
}
interface ReadLogin {
  readonly login: ClusterLogin
  readonly notes: readonly string[]
}

const rights =
  'Each request is made as the person behind it: this account needs the right to impersonate, or say impersonate: false.'

/** How the gateway comes to a cluster as this user. Throws HoopError `invalid_request` for ways that it does not have. */
export async function loginOf(user: z.infer<typeof KubeconfigUser>, surroundings: Surroundings): Promise<ReadLogin> {
  const { contentOf } = surroundings
  if (user.as !== undefined) throw refused('acts as another user', 'hoop does so itself: take the user without as')
  if (user.exec) return ofProgram(user.exec, surroundings)
  if (user['auth-provider']?.name === 'gcp') return google()
  if (user['auth-provider']) throw refused(`logs in by ${user['auth-provider'].name}`, ownAccount)
  const certificate = await contentOf(user['client-certificate-data'], user['client-certificate'])
  const key = await contentOf(user['client-key-data'], user['client-key'])
  const token = user.token || (await contentOf(undefined, user.tokenFile))?.trim()
  if (!token && certificate === undefined) throw refused('has neither a token nor a certificate', ownAccount)
  return {
    login: { ...(token && { token }), ...(certificate !== undefined && { certificate }), ...(key !== undefined && { key }) },
    notes: ['What is printed has secrets in it.', rights],
  }
}

const ownAccount = 'give hoop an account of its own: kubectl create token, for a service account'

function google(): ReadLogin {
  return {
    login: { google: {} },
    notes: [
      "The gateway comes as its machine's account at Google; login.google.credentials takes the key file of another.",
      rights,
    ],
  }
}

/** Programs are not run by the gateway: what the two best known ones do it does itself. */
function ofProgram(exec: Exec, { server, accessKeyId }: Surroundings): ReadLogin {
  const program = basename(exec.command).replace(/\.exe$/, '')
  const args = exec.args ?? []
  if (program === 'gke-gcloud-auth-plugin') return google()
  const aws = program === 'aws' && args.includes('eks') && args.includes('get-token')
  if (!aws && program !== 'aws-iam-authenticator')
    throw refused(`is what the program ${program} says, and the gateway runs none`, ownAccount)
  const cluster = argumentOf(args, ['--cluster-name', '--cluster-id', '-i'])
  const region = argumentOf(args, ['--region']) ?? variable(exec, ['AWS_REGION', 'AWS_DEFAULT_REGION']) ?? regionOf(server)
  if (cluster === null || region === null)
    throw refused('is one of EKS, whose cluster or region is not said', 'give --region in its arguments')
  if (argumentOf(args, ['--role-arn', '--role', '-r']) !== null)
    throw refused('takes on a role at AWS, which the gateway does not', 'use a key of an account that the cluster knows')
  const keyId = accessKeyId ?? variable(exec, ['AWS_ACCESS_KEY_ID'])
  if (keyId === null)
    throw refused(
      'is one of EKS, where the gateway signs with a key of AWS',
      'name it with --access-key-id; its secret stays out of the document',
    )
  const key = { accessKeyId: keyId, secretAccessKey: { env: 'AWS_SECRET_ACCESS_KEY' } }
  if (!endsSoon(keyId) && variable(exec, ['AWS_SESSION_TOKEN']) === null)
    return {
      login: { eks: { cluster, region, ...key } },
      notes: ['The gateway reads the secret of the key from AWS_SECRET_ACCESS_KEY.', rights],
    }
  return {
    login: { eks: { cluster, region, ...key, sessionToken: { env: 'AWS_SESSION_TOKEN' } } },
    notes: [
      'The gateway reads the secret of the key from AWS_SECRET_ACCESS_KEY, and its token from AWS_SESSION_TOKEN.',
      ends,
      rights,
    ],
  }
}

const ends = 'The key ends soon, within hours as a rule: a gateway that stays needs one of an account of its own.'

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids */
function endsSoon(accessKeyId: string): boolean {
  return accessKeyId.startsWith('ASIA')
}

/** `--name value` or `--name=value`. */
function argumentOf(args: readonly string[], names: readonly string[]): string | null {
  for (const [index, each] of args.entries()) {
    if (names.includes(each)) return args[index + 1] ?? null
    const name = names.find((one) => each.startsWith(`${one}=`))
    if (name !== undefined) return each.slice(name.length + 1)
  }
  return null
}

function variable({ env }: Exec, names: readonly string[]): string | null {
  return env?.find(({ name }) => names.includes(name))?.value ?? null
}

function regionOf(server: string): string | null {
  return /\.([a-z0-9-]+)\.eks\.amazonaws\.com(\.cn)?$/.exec(new URL(server).hostname)?.[1] ?? null
}

function refused(words: string, hint: string): HoopError {
  return new HoopError('invalid_request', `the user of this context ${words}`, { hint })
}
