import { access, readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionDocument } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'
import { ownPasswordFile } from '../local/password-file.ts'
import type { Device } from './device.ts'
import { getDocuments } from './documents.ts'

/** A way around the gateway that was looked for on this machine. */
export interface BypassFinding {
  readonly check: 'direct' | 'google' | 'aws' | 'kubernetes' | 'database'
  readonly status: 'ok' | 'problem' | 'not-checked'
  readonly words: string
  readonly advice: string | null
}

interface Backend {
  readonly connection: string
  readonly host: string
  readonly port: number
}

/** What is asked of this machine; tests give another. */
export interface Machine {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  /** Where clouds answer from inside a virtual machine. */
  readonly metadata: { readonly host: string; readonly port: number }
  /** Where Kubernetes puts a pod's token. */
  readonly podToken: string
}

export const metadataAddress = { host: '169.254.169.254', port: 80 } as const
export const podTokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token'
const dialPatience = 2_000

/** Looks for ways past the gateway: backends that answer directly, and credentials that lie about. Reads names and places, never a secret. */
export async function findBypasses(device: Device, name: string | null, machine: Machine): Promise<BypassFinding[]> {
  const backends = await knownBackends(device, name)
  return [
    ...(backends === null ? [untold] : await Promise.all(backends.map(direct))),
    ...(await cloudCredentials(machine)),
    await clusterCredentials(machine, backends ?? []),
    ...(await databaseCredentials(machine, backends ?? [])),
  ]
}

const untold: BypassFinding = {
  check: 'direct',
  status: 'not-checked',
  words: 'the gateway tells only admins and auditors where its backends are',
  advice: 'ask one to run this on this machine',
}

/** Null: the gateway does not tell this caller. */
async function knownBackends(device: Device, name: string | null): Promise<Backend[] | null> {
  try {
    const [yaml, { parseAllDocuments }] = await Promise.all([getDocuments(device, 'Connection', name), import('yaml')])
    return parseAllDocuments(yaml)
      .map((document) => ConnectionDocument.parse(document.toJS()))
      .flatMap(({ name: connection, address }) => [address].flat().map((each) => ({ connection, ...splitAddress(each) })))
  } catch (error) {
    if (error instanceof HoopError && error.code === 'no_access') return null
    throw error
  }
}

/** `host:port`, IPv6 in brackets; `unix:/folder:port`. */
function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^unix:|^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}

async function direct({ connection, host, port }: Backend): Promise<BypassFinding> {
  const where = host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`
  if (!(await answers(host.startsWith('/') ? { path: where } : { host, port }))) {
    return { check: 'direct', status: 'ok', words: `${connection}: ${where} does not answer from here`, advice: null }
  }
  return {
    check: 'direct',
    status: 'problem',
    words: `${connection}: ${where} answers from here, past the gateway`,
    advice: 'let a firewall admit only the gateway or its agent to that port',
  }
}

async function answers(target: { host: string; port: number } | { path: string }): Promise<boolean> {
  const socket = connect(target)
  try {
    return await Promise.race([
      new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true))
        socket.once('error', () => resolve(false))
      }),
      delay(dialPatience, false, { ref: false }),
    ])
  } finally {
    socket.destroy()
  }
}

async function cloudCredentials({ env, home, metadata }: Machine): Promise<BypassFinding[]> {
  const gcloud = env.CLOUDSDK_CONFIG ?? join(home, '.config', 'gcloud')
  const inCloud = (await answers(metadata)) ? [`the metadata service at ${metadata.host}`] : []
  const google = [
    ...variables(env, ['GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_ACCESS_TOKEN', 'GOOGLE_OAUTH_ACCESS_TOKEN']),
    ...(await files([join(gcloud, 'application_default_credentials.json'), join(gcloud, 'credentials.db')])),
  ]
  const aws = [
    ...variables(env, [
      'AWS_ACCESS_KEY_ID',
      'AWS_PROFILE',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    ]),
    ...(await files([env.AWS_SHARED_CREDENTIALS_FILE ?? join(home, '.aws', 'credentials'), join(home, '.aws', 'sso', 'cache')])),
  ]
  return [credentials('google', 'Google', [...google, ...inCloud]), credentials('aws', 'AWS', [...aws, ...inCloud])]
}

/** Kubeconfigs that lead anywhere but to this machine, where hoop's own lead; and a pod's token. */
async function clusterCredentials({ env, home, podToken }: Machine, backends: readonly Backend[]): Promise<BypassFinding> {
  const configs = env.KUBECONFIG ? env.KUBECONFIG.split(delimiter) : [join(home, '.kube', 'config')]
  const clusters = await Promise.all((await files(configs)).map((path) => foreignClusters(path, backends)))
  return credentials('kubernetes', 'Kubernetes', [...clusters.flat(), ...(await files([podToken]))])
}

const Clusters = z.object({
  clusters: z.array(z.object({ name: z.string(), cluster: z.object({ server: z.url() }) })).nullish(),
})

async function foreignClusters(path: string, backends: readonly Backend[]): Promise<string[]> {
  const [text, { parse }] = await Promise.all([readFile(path, 'utf8').catch(() => ''), import('yaml')])
  let read: z.infer<typeof Clusters>
  try {
    read = Clusters.parse(parse(text))
  } catch {
    // What it is cannot be told.
    return [path]
  }
  return (read.clusters ?? []).flatMap(({ name, cluster }) => {
    const { hostname, port, protocol } = new URL(cluster.server)
    const host = hostname.replace(/^\[|\]$/g, '')
    const number = Number(port || (protocol === 'http:' ? 80 : 443))
    const backend = backends.find((each) => each.host === host && each.port === number)
    if (backend !== undefined) return [`${path}: cluster ${name}, which is ${backend.connection} past the gateway`]
    return ['localhost', '127.0.0.1', '::1'].includes(host) ? [] : [`${path}: cluster ${name}`]
  })
}

function credentials(check: BypassFinding['check'], name: string, found: readonly string[]): BypassFinding {
  if (found.length === 0) return { check, status: 'ok', words: `no credential for ${name} lies about`, advice: null }
  return {
    check,
    status: 'problem',
    words: `a credential for ${name} lies about: ${found.join(', ')}`,
    advice: 'take it away where an agent or a job runs: what it opens, the gateway does not see',
  }
}

async function databaseCredentials({ env, home }: Machine, backends: readonly Backend[]): Promise<BypassFinding[]> {
  const own = /^postgres(ql)?:\/\/hoop[:@]/
  const urls = Object.keys(env).filter((name) => /(^|_)DATABASE_URL$/.test(name) && !own.test(env[name] ?? ''))
  const named = variables(env, ['PGHOST', 'PGHOSTADDR', 'PGSERVICE', 'PGPASSWORD']).filter(() => env.PGUSER !== 'hoop')
  const lines = await passwordLines(ownPasswordFile({ HOME: home, ...env }), backends)
  const found = [...urls, ...named, ...lines]
  if (found.length === 0)
    return [{ check: 'database', status: 'ok', words: 'no password of a database lies about', advice: null }]
  const advice = 'take it away, and change that password: a program may go past the gateway with it'
  return [{ check: 'database', status: 'problem', words: `there is a way into a database: ${found.join(', ')}`, advice }]
}

/** Lines of a libpq password file that fit a backend; their numbers, never what they say. */
async function passwordLines(path: string, backends: readonly Backend[]): Promise<string[]> {
  const text = await readFile(path, 'latin1').catch(() => '')
  return text.split('\n').flatMap((line, index) => {
    if (line.startsWith('#')) return []
    const [host = '', port = ''] = line.match(/(\\.|[^:\\])+/g) ?? []
    const fits = backends.some((each) => [each.host, '*'].includes(host) && [String(each.port), '*'].includes(port))
    return fits ? [`${path}, line ${index + 1}`] : []
  })
}

function variables(env: NodeJS.ProcessEnv, names: readonly string[]): string[] {
  return names.filter((name) => env[name])
}

async function files(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const about = await access(path).then(
        () => stat(path),
        () => null,
      )
      return about !== null && about.size > 0
    }),
  )
  return paths.filter((_, index) => found[index])
}
