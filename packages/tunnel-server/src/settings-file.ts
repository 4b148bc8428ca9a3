import { readFile } from 'node:fs/promises'
import { HoopError } from '@hoop/contracts'
import { DocumentError, type ParsedMap, parseMap } from '@hoop/policy'
import { z } from 'zod'
import { readSecretFile } from './secrets/references.ts'
import type { Environment, SettingName } from './settings.ts'

const Text = z.string().min(1)
const List = z.array(Text).min(1)
/** A secret is never in the file, only where it is. */
const Elsewhere = z.union(
  [z.strictObject({ env: Text }), z.strictObject({ file: Text })],
  'must be { env: NAME } or { file: PATH }',
)
const Seconds = z.int().min(0)

/** What a file of settings holds: each the twin of an environment variable. */
const SettingsFile = z
  .strictObject({
    listen: Text,
    publicUrl: Text,
    advertiseUrl: Text,
    trustedProxies: List,
    data: Text,
    databaseUrl: Elsewhere,
    masterKeyFile: Text,
    adminGroup: Text,
    tls: z.strictObject({ cert: Text, key: Text }).partial(),
    oidc: z
      .strictObject({
        issuer: Text,
        clientId: Text,
        clientSecret: Elsewhere,
        scopes: List,
        flows: List,
        groups: Text,
        groupsClaim: Text,
        kindClaim: Text,
        checkEvery: Text,
      })
      .partial(),
    metrics: z.strictObject({ listen: z.union([Text, z.int()]), token: Elsewhere }).partial(),
    resumeSeconds: Seconds,
    ticketSeconds: Seconds,
    leaveSeconds: Seconds,
    drainSeconds: Seconds,
    log: Text,
    demo: z.boolean(),
  })
  .partial()

/** Where each variable stands in a file. */
export const placesInFile: Readonly<Record<SettingName, readonly string[]>> = {
  HOOP_LISTEN: ['listen'],
  HOOP_PUBLIC_URL: ['publicUrl'],
  HOOP_ADVERTISE_URL: ['advertiseUrl'],
  HOOP_TRUSTED_PROXIES: ['trustedProxies'],
  HOOP_DATA: ['data'],
  HOOP_DATABASE_URL: ['databaseUrl'],
  HOOP_MASTER_KEY_FILE: ['masterKeyFile'],
  HOOP_ADMIN_GROUP: ['adminGroup'],
  HOOP_TLS_CERT: ['tls', 'cert'],
  HOOP_TLS_KEY: ['tls', 'key'],
  HOOP_OIDC_ISSUER: ['oidc', 'issuer'],
  HOOP_OIDC_CLIENT_ID: ['oidc', 'clientId'],
  HOOP_OIDC_CLIENT_SECRET: ['oidc', 'clientSecret'],
  HOOP_OIDC_SCOPES: ['oidc', 'scopes'],
  HOOP_OIDC_FLOWS: ['oidc', 'flows'],
  HOOP_OIDC_GROUPS: ['oidc', 'groups'],
  HOOP_OIDC_GROUPS_CLAIM: ['oidc', 'groupsClaim'],
  HOOP_OIDC_KIND_CLAIM: ['oidc', 'kindClaim'],
  HOOP_OIDC_CHECK_EVERY: ['oidc', 'checkEvery'],
  HOOP_METRICS_LISTEN: ['metrics', 'listen'],
  HOOP_METRICS_TOKEN: ['metrics', 'token'],
  HOOP_RESUME_SECONDS: ['resumeSeconds'],
  HOOP_TICKET_SECONDS: ['ticketSeconds'],
  HOOP_LEAVE_SECONDS: ['leaveSeconds'],
  HOOP_DRAIN_SECONDS: ['drainSeconds'],
  HOOP_LOG: ['log'],
  HOOP_DEMO: ['demo'],
}
const secrets: readonly SettingName[] = ['HOOP_DATABASE_URL', 'HOOP_OIDC_CLIENT_SECRET', 'HOOP_METRICS_TOKEN']

/** The settings of a file as variables. */
export interface FileSettings {
  readonly values: Partial<Record<SettingName, string>>
  /** Throws a HoopError that shows each of these variables' places in the file. */
  reject(mistakes: readonly { readonly name: SettingName; readonly message: string }[]): never
}

/** @throws HoopError `invalid_request` with every mistake of the file, each at its place */
export async function readSettingsFile(file: string, environment: Environment): Promise<FileSettings> {
  const source = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new HoopError('invalid_request', `The file of settings ${file} cannot be read (${cause.code}).`, {
      hint: 'Name another one with --config or HOOP_CONFIG.',
      cause,
    })
  })
  const hidden = secrets.map((name) => placesInFile[name])
  const parsed = shown(() => parseMap(source, file, SettingsFile, hidden))
  const reject: FileSettings['reject'] = (mistakes) =>
    shown(() => parsed.reject(mistakes.map(({ name, message }) => ({ path: placesInFile[name], message }))))
  return { values: await valuesOf(parsed, environment, reject), reject }
}

async function valuesOf(
  { value }: ParsedMap<unknown>,
  environment: Environment,
  reject: FileSettings['reject'],
): Promise<Partial<Record<SettingName, string>>> {
  const values: Partial<Record<SettingName, string>> = {}
  for (const name of Object.keys(placesInFile) as SettingName[]) {
    const found = placesInFile[name].reduce<unknown>((map, key) => (map as Record<string, unknown> | undefined)?.[key], value)
    if (found === undefined) continue
    const secret = Elsewhere.safeParse(found)
    const text = secret.success ? await secretOf(secret.data, environment) : textOf(found)
    if (text === undefined) reject([{ name, message: 'there is nothing in what this names, or it cannot be read' }])
    values[name] = text
  }
  return values
}

async function secretOf(reference: z.infer<typeof Elsewhere>, environment: Environment): Promise<string | undefined> {
  const text = 'env' in reference ? environment[reference.env] : await readSecretFile(reference.file)
  return text === '' ? undefined : text
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ')
  if (typeof value === 'boolean') return value ? '1' : '0'
  return String(value)
}

/** A mistake in settings keeps the gateway from starting; nothing was applied or not. */
function shown<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    throw new HoopError('invalid_request', `The gateway cannot start:\n${error.message}`, {
      hint: 'docs/operations.md lists what such a file may hold.',
    })
  }
}
