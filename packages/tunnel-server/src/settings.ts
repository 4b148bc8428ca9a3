import type { BlockList } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Duration, HoopError, LoginFlow, seconds } from '@hoop/contracts'
import { z } from 'zod'
import { networks } from './api/trusted-proxies.ts'
import { isLoopbackHost, splitAddress } from './connections/address.ts'
import { type FileSettings, readSettingsFile } from './settings-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const Url = z.url({ protocol: /^https?$/, error: 'must be a URL, as in https://login.example.com' })
/** Where a person's groups are looked up. */
const groupSources = ['claim', 'userinfo', 'google', 'microsoft'] as const
/** Seconds for which an account may be gone at the provider without the gateway knowing, while sessions are live. */
const longestCheckInterval = 300
const Seconds = z.string().regex(/^[0-9]{1,4}$/, 'must be seconds, 0 to 9999')
const address = /^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):[0-9]{1,5}$/
/** Characters that nobody guesses: 128 bits in base64 or more. */
const shortestToken = 22
const LoginFlows = z.array(LoginFlow)
const Variables = z.object({
  HOOP_LISTEN: z.string().regex(address, 'must be host:port, as in 127.0.0.1:8010').default('127.0.0.1:8010'),
  HOOP_TRUSTED_PROXIES: z
    .string()
    .refine((text) => networks(text) !== null, 'must be IP addresses and networks, as in 10.0.0.0/8 192.0.2.7')
    .optional(),
  HOOP_PUBLIC_URL: Url.optional(),
  HOOP_ADVERTISE_URL: Url.optional(),
  HOOP_DATA: z.string().default(join(homedir(), '.hoop', 'gateway')),
  HOOP_DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a URL, as in postgres://user:password@host/database' })
    .optional(),
  HOOP_OIDC_ISSUER: Url,
  HOOP_OIDC_CLIENT_ID: z.string('must be the client that hoop login uses at the provider'),
  HOOP_OIDC_CLIENT_SECRET: z.string().optional(),
  HOOP_OIDC_SCOPES: z.string().default('openid profile email groups'),
  HOOP_OIDC_FLOWS: z
    .string()
    .refine((text) => LoginFlows.safeParse(text.split(/\s+/)).success, `must name some of ${LoginFlow.options.join(', ')}`)
    .default(LoginFlow.options.join(' ')),
  HOOP_OIDC_GROUPS_CLAIM: z.string().default('groups'),
  HOOP_OIDC_GROUPS: z.enum(groupSources, `must be one of ${groupSources.join(', ')}`).default('claim'),
  HOOP_OIDC_CHECK_EVERY: Duration.refine((every) => seconds(every) <= longestCheckInterval, 'must be 5m or less').default('5m'),
  HOOP_OIDC_KIND_CLAIM: z.string().default('hoop_kind'),
  HOOP_ADMIN_GROUP: z.string().optional(),
  HOOP_MASTER_KEY_FILE: z.string().optional(),
  HOOP_TLS_CERT: z.string().optional(),
  HOOP_TLS_KEY: z.string().optional(),
  HOOP_METRICS_LISTEN: z
    .string()
    .regex(new RegExp(`^[0-9]{1,5}$|${address.source}`), 'must be a port of 127.0.0.1, or host:port')
    .transform((text) => (text.includes(':') ? text : `127.0.0.1:${text}`))
    .optional(),
  HOOP_METRICS_TOKEN: z.string().min(shortestToken, `must have ${shortestToken} characters at least`).optional(),
  HOOP_DEMO: z.enum(['0', '1'], 'must be 1 or 0').default('0'),
  HOOP_RESUME_SECONDS: Seconds.default('60'),
  HOOP_TICKET_SECONDS: Seconds.default('60'),
  HOOP_LEAVE_SECONDS: Seconds.optional(),
  HOOP_DRAIN_SECONDS: Seconds.optional(),
  HOOP_LOG: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})
/** A variable of the environment that has a twin in a file of settings. */
export type SettingName = keyof typeof Variables.shape

export interface Settings {
  readonly listen: { readonly host: string; readonly port: number }
  /** Whose X-Forwarded-For is believed; null: nobody's. */
  readonly trustedProxies: BlockList | null
  /** Without a slash at the end; null: as it listens. */
  readonly publicUrl: string | null
  /** Where other gateways of the store reach this one, without a slash at the end; null: as it listens. */
  readonly advertiseUrl: string | null
  readonly dataFolder: string
  /** Null: the embedded store. */
  readonly databaseUrl: string | null
  readonly oidc: {
    readonly issuer: string
    readonly clientId: string
    readonly scopes: readonly string[]
    /** Given to every CLI. */
    readonly clientSecret: string | null
    /** By which people may log in, if the provider has them. */
    readonly flows: readonly LoginFlow[]
    readonly groups: (typeof groupSources)[number]
    readonly groupsClaim: string
    readonly kindClaim: string
    /** Milliseconds between checks of an account at the provider while something of its login goes on. */
    readonly checkEvery: number
  }
  readonly adminGroup: string | null
  readonly masterKeyFile: string | null
  /** Files, PEM; null in demo mode only. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  /** Null: there are none. A token is asked for where there is one, and there is one where it is not on loopback. */
  readonly metrics: { readonly host: string; readonly port: number; readonly token: string | null } | null
  readonly demo: boolean
  /** Milliseconds that a caller's streams stand still while their network is away. */
  readonly resumeTime: number
  /** Milliseconds that an operation is held for before it fails with a ticket, where a rule or its caller's kind has it so. */
  readonly ticketTime: number
  /** Milliseconds between being told to stop, from which on the gateway is not ready, and the end of its listener. */
  readonly leaveTime: number
  /** Milliseconds that what is under way may go on for when the gateway is told to stop. */
  readonly drainTime: number
  readonly logLevel: z.infer<typeof Variables>['HOOP_LOG']
}

/**
 * Reads what the environment says, and the file that HOOP_CONFIG names; the environment wins.
 * @throws HoopError `invalid_request` with every mistake, and what to do
 */
export async function loadSettings(environment: Environment): Promise<Settings> {
  const file = environment.HOOP_CONFIG
  return readSettings(environment, file ? await readSettingsFile(file, environment) : null)
}

/** @throws HoopError `invalid_request` naming each variable that is wrong, and what to do */
export function readSettings(environment: Environment, file: FileSettings | null = null): Settings {
  // An empty variable is how many a service file says that there is none.
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = Variables.safeParse({ ...file?.values, ...present })
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) => ({ name: path.join('.') as SettingName, message }))
    const inFile = mistakes.filter(({ name }) => present[name] === undefined && file?.values[name] !== undefined)
    if (file !== null && inFile.length > 0) file.reject(inFile)
    throw wrong(mistakes.map(({ name, message }) => `${name} ${message}`))
  }
  const variables = parsed.data
  const demo = variables.HOOP_DEMO === '1'
  const { host, port } = splitAddress(variables.HOOP_LISTEN)
  const { HOOP_TLS_CERT: certFile, HOOP_TLS_KEY: keyFile } = variables
  const issuer = new URL(variables.HOOP_OIDC_ISSUER)
  const metrics = variables.HOOP_METRICS_LISTEN === undefined ? null : splitAddress(variables.HOOP_METRICS_LISTEN)
  const mistakes = [
    port > 65_535 && `HOOP_LISTEN ends in ${port}: ports are 0 to 65535`,
    (certFile === undefined) !== (keyFile === undefined) && 'HOOP_TLS_CERT and HOOP_TLS_KEY must be set together',
    certFile === undefined &&
      !demo &&
      'HOOP_TLS_CERT and HOOP_TLS_KEY must name a certificate and its key (PEM); HOOP_DEMO=1 does without, on this machine only',
    certFile === undefined &&
      !isLoopbackHost(host) &&
      `HOOP_LISTEN is ${host}: without HOOP_TLS_CERT it must be 127.0.0.1 or [::1]`,
    isEveryAddress(host) &&
      variables.HOOP_PUBLIC_URL === undefined &&
      `HOOP_PUBLIC_URL must be the URL that callers use, as in https://hoop.example.com: HOOP_LISTEN is ${host}, which is no address to call`,
    variables.HOOP_ADVERTISE_URL !== undefined &&
      !variables.HOOP_ADVERTISE_URL.startsWith('https:') &&
      !(demo && isLoopbackHost(bare(new URL(variables.HOOP_ADVERTISE_URL)))) &&
      'HOOP_ADVERTISE_URL must be https; http is for HOOP_DEMO=1 on this machine only',
    issuer.protocol === 'http:' &&
      !(demo && isLoopbackHost(bare(issuer))) &&
      'HOOP_OIDC_ISSUER must be https; http is for HOOP_DEMO=1 on this machine only',
    metrics !== null && metrics.port > 65_535 && `HOOP_METRICS_LISTEN ends in ${metrics.port}: ports are 0 to 65535`,
    metrics !== null &&
      !isLoopbackHost(metrics.host) &&
      (variables.HOOP_METRICS_TOKEN === undefined || certFile === undefined) &&
      `HOOP_METRICS_LISTEN is ${metrics.host}: others than this machine need HOOP_METRICS_TOKEN, and HOOP_TLS_CERT to keep it secret`,
  ].filter((mistake) => mistake !== false)
  if (mistakes.length > 0) throw wrong(mistakes)
  return {
    listen: { host, port },
    trustedProxies: variables.HOOP_TRUSTED_PROXIES === undefined ? null : networks(variables.HOOP_TRUSTED_PROXIES),
    publicUrl: variables.HOOP_PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    advertiseUrl: variables.HOOP_ADVERTISE_URL?.replace(/\/+$/, '') ?? null,
    dataFolder: variables.HOOP_DATA,
    databaseUrl: variables.HOOP_DATABASE_URL ?? null,
    oidc: {
      issuer: variables.HOOP_OIDC_ISSUER,
      clientId: variables.HOOP_OIDC_CLIENT_ID,
      scopes: variables.HOOP_OIDC_SCOPES.split(/\s+/),
      clientSecret: variables.HOOP_OIDC_CLIENT_SECRET ?? null,
      flows: LoginFlows.parse(variables.HOOP_OIDC_FLOWS.split(/\s+/)),
      groups: variables.HOOP_OIDC_GROUPS,
      groupsClaim: variables.HOOP_OIDC_GROUPS_CLAIM,
      kindClaim: variables.HOOP_OIDC_KIND_CLAIM,
      checkEvery: seconds(variables.HOOP_OIDC_CHECK_EVERY) * 1000,
    },
    adminGroup: variables.HOOP_ADMIN_GROUP ?? null,
    masterKeyFile: variables.HOOP_MASTER_KEY_FILE ?? null,
    tls: certFile === undefined || keyFile === undefined ? null : { certFile, keyFile },
    metrics: metrics && { ...metrics, token: variables.HOOP_METRICS_TOKEN ?? null },
    demo,
    resumeTime: Number(variables.HOOP_RESUME_SECONDS) * 1000,
    ticketTime: Number(variables.HOOP_TICKET_SECONDS) * 1000,
    // A demonstration ends when it is told to.
    leaveTime: Number(variables.HOOP_LEAVE_SECONDS ?? (demo ? 0 : 5)) * 1000,
    drainTime: Number(variables.HOOP_DRAIN_SECONDS ?? (demo ? 0 : 30)) * 1000,
    logLevel: variables.HOOP_LOG,
  }
}

/** Whether it stands for all addresses of this machine: `0.0.0.0`, `::`, and how else they are written. */
function isEveryAddress(host: string): boolean {
  return /^[0.:]+$/.test(host)
}

/** The host without the brackets of an IPv6 address. */
function bare({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

function wrong(mistakes: readonly string[]): HoopError {
  return new HoopError('invalid_request', `The gateway cannot start: ${mistakes.join('; ')}.`, {
    hint: 'docs/gateway.md explains each variable.',
  })
}
