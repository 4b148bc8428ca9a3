import { z } from 'zod'
import { DocumentName, Duration, Labels, Secret } from './document-parts.ts'

/** `host:port`, IPv6 in brackets; or `unix:/folder:port`, the folder of a Unix socket. */
export const BackendAddress = z
  .string()
  .regex(
    /^((\[[0-9a-fA-F:]+\]|[^\s:[\]/]+)|unix:\/[^\n\0:]*):[0-9]{1,5}$/,
    'an address is host:port, or unix:/folder:port for a socket',
  )

/** What kind of server is wanted among several hosts, as libpq defines it. */
export const TargetSessionAttrs = z.enum(['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'])
export type TargetSessionAttrs = z.infer<typeof TargetSessionAttrs>
export const LoadBalance = z.enum(['disable', 'random'])
export type LoadBalance = z.infer<typeof LoadBalance>

/** What every connection has. */
const ofAny = {
  kind: z.literal('Connection'),
  name: DocumentName,
  labels: Labels.default({}),
  /** Several: tried in this order. */
  address: z.union([BackendAddress, z.array(BackendAddress).min(1).max(16)]),
  /** Agents of this name dial the address, from where they run; without it the gateway dials. They may join later. */
  agent: DocumentName.optional(),
  /** How long one host may take, from the dial to the end of the login; 10s if not said otherwise. */
  connectTimeout: Duration.optional(),
  record: z
    .strictObject({
      durability: z.enum(['ordered', 'synced']).default('ordered'),
      results: z.enum(['full', 'digest', 'none']).default('full'),
    })
    .default({ durability: 'ordered', results: 'full' }),
}

/** Which server is believed. */
const verifyFull = {
  mode: z.literal('verify-full'),
  ca: z.string().optional(),
  serverName: z.string().min(1).optional(),
}
/** `disable` is for a backend on loopback only, and is recorded. */
const tlsModes = z.enum(['verify-full', 'disable'])

/** Without a secret, the one in the store is kept, if there is one: documents are printed without them. `null` is none, and none is kept. */
const stored = Secret.nullable().optional()
/** PEM, the gateway's own first, and its private key. */
const clientCertificate = { certificate: z.string().min(1).optional(), key: Secret.optional() }

export const PostgresConnection = z.strictObject({
  ...ofAny,
  protocol: z.literal('postgres'),
  targetSessionAttrs: TargetSessionAttrs.optional(),
  /** `random`: the hosts are tried in another order each time. */
  loadBalance: LoadBalance.optional(),
  databases: z.array(z.string().min(1)).min(1),
  login: z.strictObject({ user: z.string().min(1), password: stored, ...clientCertificate }),
  /** A Unix socket has no TLS. `direct` begins with TLS (PostgreSQL 17). */
  tls: z
    .union([tlsModes, z.strictObject({ ...verifyFull, negotiation: z.enum(['postgres', 'direct']).optional() })])
    .default('verify-full'),
  /** `transparent` forwards what cannot be read and enforces nothing: no masks, no policies but allow-all. */
  profile: z.enum(['strict', 'transparent']).default('strict'),
})
export type PostgresConnection = z.infer<typeof PostgresConnection>

const HeaderName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'is not the name of a header')
/** `/base`, printable, without a slash at its end. */
const BasePath = z.string().regex(/^(\/[A-Za-z0-9._~!$&'()*+,=:@-]+)+$/, 'is not a path, as in /api/v2')

/** Characters of an OpenAPI document. */
const largestOpenApi = 4 * 1024 * 1024
/** Of one connection. */
export const mostHttpOperations = 2000

/** One thing that the service offers: by method and path, as in `/v1/customers/{id}`. */
export const HttpOperation = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  method: z.string().regex(/^[A-Z]{1,20}$/, 'a method is in capitals, as in GET'),
  path: z
    .string()
    .regex(/^\/[^\s?#]*$/, 'a path begins with /, as in /v1/customers/{id}')
    .regex(/^([^{}]|(?<=\/)\{[^{}/]+\}(?=\/|$))*$/, 'braces are for a whole segment of a path, as in /v1/customers/{id}'),
  /** What it does, where its method does not say. */
  effects: z
    .array(z.enum(['read', 'write', 'ddl', 'dcl', 'execute', 'session', 'file', 'network', 'unknown']))
    .min(1)
    .optional(),
})
export type HttpOperation = z.infer<typeof HttpOperation>

/** Any service that speaks HTTP. */
export const HttpConnection = z.strictObject({
  ...ofAny,
  protocol: z.literal('http'),
  /** The name that the service is called by (`Host`); its address, if not said otherwise. */
  host: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$/, 'is not the name of a host')
    .optional(),
  /** Goes before each path. */
  basePath: BasePath.optional(),
  tls: z.union([tlsModes, z.strictObject(verifyFull)]).default('verify-full'),
  /** How the gateway shows who it is; callers' own ways are taken away. */
  login: z
    .strictObject({
      bearer: stored,
      basic: z.strictObject({ user: z.string(), password: stored }).optional(),
      headers: z
        .array(z.strictObject({ name: HeaderName, value: stored }))
        .max(20)
        .default([]),
      ...clientCertificate,
      /** Client credentials: RFC 6749, section 4.4. */
      oauth: z
        .strictObject({
          tokenUrl: z.url({ protocol: /^https?$/, error: 'must be a URL, as in https://login.example.com/oauth/token' }),
          clientId: z.string().min(1),
          clientSecret: stored,
          scope: z.string().min(1).optional(),
          audience: z.string().min(1).optional(),
        })
        .optional(),
    })
    .default({ headers: [] }),
  /** An OpenAPI document (YAML or JSON, or the map itself): its operations are taken over below when it is applied, and it is not kept. */
  openapi: z.union([z.string().max(largestOpenApi), z.record(z.string(), z.unknown())]).optional(),
  /** Names what the service offers; a request that fits none of them is told by its path alone. */
  operations: z.array(HttpOperation).max(mostHttpOperations).default([]),
  /** Requests that fit none of `operations` are refused. */
  onlyListed: z.boolean().default(false),
  profile: z.literal('strict').default('strict'),
})
export type HttpConnection = z.infer<typeof HttpConnection>

export const KubernetesConnection = z.strictObject({
  ...ofAny,
  protocol: z.literal('kubernetes'),
  tls: z.union([tlsModes, z.strictObject(verifyFull)]).default('verify-full'),
  login: z.strictObject({
    /** Of a service account. */
    token: stored,
    ...clientCertificate,
    /** Google's own identity tokens, for GKE: a service account's key file (JSON); without it, what the gateway's machine has. */
    google: z.strictObject({ credentials: stored }).optional(),
    /** Amazon's, for EKS: signed by these keys. */
    eks: z
      .strictObject({
        cluster: z.string().regex(/^[A-Za-z0-9_-]{1,100}$/),
        region: z.string().regex(/^[a-z0-9-]{1,40}$/),
        accessKeyId: z.string().min(1),
        secretAccessKey: stored,
        /** Of keys that end soon (AWS_SESSION_TOKEN). */
        sessionToken: stored,
      })
      .optional(),
  }),
  /**
   * Each request is made as the person or program behind it, so that the cluster judges and audits them: the account above needs the right to
   * impersonate users, groups and `userextras`. False: the cluster sees that account only.
   */
  impersonate: z
    .union([
      z.literal(false),
      z.strictObject({ userPrefix: z.string().max(50).default('hoop:'), groupPrefix: z.string().max(50).default('hoop:') }),
    ])
    .default({ userPrefix: 'hoop:', groupPrefix: 'hoop:' }),
  profile: z.literal('strict').default('strict'),
})
export type KubernetesConnection = z.infer<typeof KubernetesConnection>

export const ConnectionDocument = z.discriminatedUnion('protocol', [PostgresConnection, HttpConnection, KubernetesConnection])
export type ConnectionDocument = z.infer<typeof ConnectionDocument>
export const ProtocolName = z.enum(['postgres', 'http', 'kubernetes'])
export type ProtocolName = ConnectionDocument['protocol']
/** The connection of one protocol. */
export type ConnectionOf<P extends ProtocolName> = Extract<ConnectionDocument, { readonly protocol: P }>
export type Profile = ConnectionDocument['profile']

/** Where one of a connection's secrets stands, as given. */
export interface ConnectionSecret {
  /** By which the store knows it: `login.password`. */
  readonly field: string
  /** Where in the document. */
  readonly path: readonly (string | number)[]
  readonly given: Secret | null | undefined
}

/** Every place for a secret that the document has, given or not. */
export function connectionSecrets(connection: ConnectionDocument): ConnectionSecret[] {
  const at = (given: Secret | null | undefined, ...path: (string | number)[]): ConnectionSecret => ({
    field: path.join('.'),
    path,
    given,
  })
  if (connection.protocol === 'postgres') {
    const { password, key } = connection.login
    return [at(password, 'login', 'password'), at(key, 'login', 'key')]
  }
  if (connection.protocol === 'kubernetes') {
    const { token, key, google, eks } = connection.login
    return [
      at(token, 'login', 'token'),
      at(key, 'login', 'key'),
      ...(google ? [at(google.credentials, 'login', 'google', 'credentials')] : []),
      ...(eks
        ? [at(eks.secretAccessKey, 'login', 'eks', 'secretAccessKey'), at(eks.sessionToken, 'login', 'eks', 'sessionToken')]
        : []),
    ]
  }
  const { bearer, basic, headers, key, oauth } = connection.login
  return [
    at(bearer, 'login', 'bearer'),
    ...(basic ? [at(basic.password, 'login', 'basic', 'password')] : []),
    ...headers.map(({ name, value }, index) => ({
      ...at(value, 'login', 'headers', index, 'value'),
      field: `login.headers.${name.toLowerCase()}`,
    })),
    at(key, 'login', 'key'),
    ...(oauth ? [at(oauth.clientSecret, 'login', 'oauth', 'clientSecret')] : []),
  ]
}

/** The document without those of its secrets that `leaveOut` names. */
export function withoutConnectionSecrets(
  connection: ConnectionDocument,
  leaveOut: (given: Secret | null) => boolean,
): ConnectionDocument {
  const copy = structuredClone(connection)
  for (const { path, given } of connectionSecrets(connection)) {
    if (given === undefined || !leaveOut(given)) continue
    let holder: unknown = copy
    for (const step of path.slice(0, -1))
      holder = typeof holder === 'object' && holder !== null ? Reflect.get(holder, step) : null
    if (typeof holder === 'object' && holder !== null) Reflect.deleteProperty(holder, path.at(-1) ?? '')
  }
  return copy
}
