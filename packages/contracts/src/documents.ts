import { z } from 'zod'
import { ConnectionDocument } from './connection-document.ts'
import { DocumentName, Duration, Labels, type Secret, seconds } from './document-parts.ts'

/** Which connections a document is about: by name, by labels (all must be equal), or every one. */
export const ConnectionSelector = z.strictObject({
  names: z.array(DocumentName).min(1).optional(),
  labels: Labels.optional(),
})
export type ConnectionSelector = z.infer<typeof ConnectionSelector>

export const IdentitySelector = z.strictObject({
  kinds: z
    .array(z.enum(['person', 'service', 'ai-agent']))
    .min(1)
    .optional(),
  groups: z.array(z.string()).min(1).optional(),
})
export type IdentitySelector = z.infer<typeof IdentitySelector>

/** Seconds. */
const longestGrant = 30 * 86_400

export const AccessDocument = z.strictObject({
  kind: z.literal('Access'),
  name: DocumentName,
  groups: z.array(z.string()).min(1),
  kinds: z
    .array(z.enum(['person', 'service', 'ai-agent']))
    .min(1)
    .optional(),
  connections: ConnectionSelector,
  /** When it holds, as in `Mon-Fri 07:00-20:00 Europe/Berlin`; always, if not said otherwise. */
  hours: z.string().max(100).optional(),
  /** It is asked for, just in time, and granted by these people: for a while, and not a moment longer. */
  request: z
    .strictObject({
      approvers: z.array(z.string()).min(1),
      /** How many of them must say yes. */
      count: z.int().min(1).max(5).default(1),
      /** The longest that may be asked for. */
      max: Duration.refine((max) => seconds(max) <= longestGrant, 'must be 30d or less').default('4h'),
    })
    .optional(),
})
export type AccessDocument = z.infer<typeof AccessDocument>

export const PolicyDocument = z.strictObject({
  kind: z.literal('Policy'),
  name: DocumentName,
  connections: ConnectionSelector.default({}),
  identities: IdentitySelector.default({}),
  /** CEL over identity, connection, operation, session, now. */
  when: z.string().default('true'),
  // biome-ignore lint/suspicious/noThenProperty: the document's own word, and never awaited
  then: z.enum(['deny', 'approve', 'allow']),
  approvers: z
    .strictObject({
      groups: z.array(z.string()).min(1),
      /** How many of them must say yes. */
      count: z.int().min(1).max(5).default(1),
      timeout: Duration.default('15m'),
      /** The person behind an AI agent may decide what it asks, if they are in one of the groups. */
      ownAgents: z.boolean().default(false),
    })
    .optional(),
  /**
   * Of `approve`: whether the operation waits until it is decided, or fails after a while with a ticket by which it passes later. Without it,
   * people wait, and machines get tickets.
   */
  onHold: z.enum(['wait', 'ticket']).optional(),
  /** Of `approve`: approvers may look at the operation as it was sent, unmasked; who did is on the record. */
  reveal: z.boolean().optional(),
  message: z.string().max(2000).optional(),
})
export type PolicyDocument = z.infer<typeof PolicyDocument>

/** Numbers that countries give to people. */
export const nationalIdKinds = [
  'br-cpf',
  'de-steuer-id',
  'es-dni',
  'fr-nir',
  'in-aadhaar',
  'it-codice-fiscale',
  'nl-bsn',
  'pl-pesel',
  'se-personnummer',
  'uk-nino',
  'us-ssn',
] as const
/** What detectors find by value. */
export const detectorKinds = [
  'card',
  'cloud-key',
  'email',
  'iban',
  'ip',
  'jwt',
  'phone',
  'private-key',
  ...nationalIdKinds,
] as const
export type DetectorKind = (typeof detectorKinds)[number]

export const MaskDocument = z.strictObject({
  kind: z.literal('Mask'),
  name: DocumentName,
  connections: ConnectionSelector.default({}),
  identities: IdentitySelector.default({}),
  /** schema.table.column, each part a name, `*`, or `{a,b}`. */
  columns: z.array(z.string()).default([]),
  /** RESOURCE:PATH, as in `secrets:data.*`: members and elements of documents (JSON) of one kind. */
  fields: z.array(z.string()).default([]),
  /** What values look like; `national-id` is every kind of them. */
  detect: z.array(z.enum([...detectorKinds, 'national-id'])).default([]),
  /** What values look like that only its author knows, in the syntax of RE2. */
  patterns: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z][a-z0-9-]{0,62}$/, 'a name is of lower-case letters, digits and hyphens, and begins with a letter'),
        re2: z.string().min(1).max(1000),
      }),
    )
    .max(20)
    .default([]),
  method: z.enum(['redact', 'partial', 'hash', 'fixed', 'null']).default('redact'),
  /** How rows may be chosen, ordered and grouped by the columns: by none of them, by whole values that are equal, or in any way. */
  filter: z.enum(['never', 'equality', 'any']).default('equality'),
  except: z.strictObject({ groups: z.array(z.string()).min(1) }).optional(),
})
export type MaskDocument = z.infer<typeof MaskDocument>

/** `500MB`, `1GB`: decimal, as networks are counted. */
const Size = z.string().regex(/^[1-9][0-9]{0,8}(B|kB|MB|GB|TB)$/, 'a size is a number and B, kB, MB, GB or TB, as in 1GB')
const sizeUnits = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const
/** Bytes of a size. */
export function bytesOf(size: string): number {
  const [, number = '', unit = 'B'] = /^([0-9]+)(.+)$/.exec(size) ?? []
  return Number(number) * sizeUnits[unit as keyof typeof sizeUnits]
}

/** How much somebody may have of a connection; where several hold, each does. */
export const LimitDocument = z.strictObject({
  kind: z.literal('Limit'),
  name: DocumentName,
  connections: ConnectionSelector.default({}),
  identities: IdentitySelector.default({}),
  /** What is counted together; of an identity, rows and bytes of one day (UTC). */
  per: z.enum(['operation', 'session', 'identity']).default('session'),
  /** Of results. */
  rows: z.int().min(1).optional(),
  /** Of results, as they go to the caller. */
  bytes: Size.optional(),
  operationsPerMinute: z.int().min(1).max(1_000_000).optional(),
  /** From when it leaves for the backend until it is answered. */
  operationTime: Duration.refine((time) => seconds(time) <= 86_400, 'must be 1d or less').optional(),
})
export type LimitDocument = z.infer<typeof LimitDocument>

export const RoleDocument = z.strictObject({
  kind: z.literal('Role'),
  name: DocumentName,
  groups: z.array(z.string()).min(1).optional(),
  /** Ids of identities, as `hoop whoami` shows them: for `admin`, `audit` and `break-glass`. */
  people: z.array(z.string().min(1)).min(1).optional(),
  may: z.array(z.enum(['admin', 'approve', 'audit', 'break-glass'])).min(1),
  /** Of `approve` and `break-glass`: through which connections. Admins and auditors are that for all. */
  connections: ConnectionSelector.optional(),
})
export type RoleDocument = z.infer<typeof RoleDocument>

const MachineKind = z.enum(['service', 'ai-agent'])
/** How long the sessions of one exchange may last. */
const MaxSession = Duration.refine((max) => seconds(max) <= 12 * 3600, 'must be 12h or less').default('1h')

/** Where a token comes from says which of its claims stay the same when names change hands. */
export const TrustPlatform = z.enum(['github', 'gitlab', 'google', 'kubernetes', 'oidc'])
export type TrustPlatform = z.infer<typeof TrustPlatform>

/** Workloads whose platform gives them signed tokens (JWT) come in by those. */
export const TrustDocument = z.strictObject({
  kind: z.literal('Trust'),
  name: DocumentName,
  /** Exactly as in the tokens' `iss`; its keys are found by OpenID Connect Discovery. */
  issuer: z.url({ protocol: /^https?$/, error: 'must be a URL, as in https://token.actions.githubusercontent.com' }).max(1000),
  /** Which the tokens must be made for, and for nothing else. */
  audience: z.string().min(1).max(500),
  /** Where it cannot be told by the issuer: your own GitLab, GitHub Enterprise Server, a cluster. */
  platform: TrustPlatform.optional(),
  /** CEL over `claims`. */
  when: z.string().max(5000),
  /** A machine that uses connections; or an agent, which carries them, joins by the token, and has no rights to anything else. */
  as: z.discriminatedUnion('kind', [
    z.strictObject({ kind: MachineKind, name: DocumentName, groups: z.array(z.string()).default([]) }),
    z.strictObject({ kind: z.literal('agent'), name: DocumentName }),
  ]),
  onBehalfOf: z.literal('required').optional(),
  maxSession: MaxSession,
})
export type TrustDocument = z.infer<typeof TrustDocument>

/** Programs that have a key: shown once, stored hashed, and several at a time. */
export const ServiceAccountDocument = z.strictObject({
  kind: z.literal('ServiceAccount'),
  name: DocumentName,
  identity: MachineKind.default('service'),
  groups: z.array(z.string()).default([]),
  onBehalfOf: z.literal('required').optional(),
  maxSession: MaxSession,
})
export type ServiceAccountDocument = z.infer<typeof ServiceAccountDocument>

/** A secret that stands elsewhere: in the gateway's environment, or in a file. */
const SecretReference = z
  .strictObject(
    { env: z.string().min(1).optional(), file: z.string().min(1).optional() },
    { error: ({ code }) => (code === 'invalid_type' ? 'a secret stands elsewhere: { env: NAME } or { file: PATH }' : undefined) },
  )
  .transform(({ env, file }, context): Exclude<Secret, string> => {
    if (env !== undefined && file === undefined) return { env }
    if (file !== undefined && env === undefined) return { file }
    context.addIssue('a secret stands in one place: { env: NAME } or { file: PATH }')
    return z.NEVER
  })

/** What people are told of outside of hoop. */
export const NotifiedEvent = z.enum([
  'operation.held',
  'operation.decided',
  'operation.expired',
  'operation.withdrawn',
  'break-glass.used',
  'access.requested',
  'access.decided',
  'access.ended',
])
export type NotifiedEvent = z.infer<typeof NotifiedEvent>

const MailAddress = z.email('must be an e-mail address').max(254)

/** Who is told outside of hoop, of what, and by which of the three ways: one of `webhook`, `slack`, `mail`. */
export const NotifierDocument = z.strictObject({
  kind: z.literal('Notifier'),
  name: DocumentName,
  events: z.array(NotifiedEvent).min(1).optional(),
  connections: ConnectionSelector.default({}),
  /** Of those who ask. */
  identities: IdentitySelector.default({}),
  /** Signed as Standard Webhooks has it; `whsec_` and base64, or any text of 24 characters and more. */
  webhook: z
    .strictObject({
      url: z.url({ protocol: /^https?$/, error: 'must be a URL, as in https://hooks.example.com/hoop' }).max(2000),
      secret: SecretReference,
    })
    .optional(),
  slack: z
    .strictObject({
      botToken: SecretReference,
      signingSecret: SecretReference,
      /** An id, as in C0123456789: names change. */
      channel: z.string().regex(/^[A-Z0-9]{2,32}$/, 'must be the id of a channel, as in C0123456789'),
      /** GovSlack has another one. */
      api: z
        .url({ protocol: /^https?$/, error: 'must be a URL, as in https://slack.com/api/' })
        .max(500)
        .optional(),
    })
    .optional(),
  mail: z
    .strictObject({
      smtp: z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]/]+):[0-9]{1,5}$/, 'must be host:port, as in smtp.example.com:587'),
      from: MailAddress,
      to: z.array(MailAddress).min(1).max(50),
      /** `starttls`, or TLS from the first byte on; `disable` is for a server on this machine only. */
      tls: z.enum(['starttls', 'direct', 'disable']).default('starttls'),
      /** PEM, where the system does not know who signed the server's certificate. */
      ca: z.string().min(1).optional(),
      user: z.string().min(1).max(320).optional(),
      password: SecretReference.optional(),
    })
    .optional(),
})
export type NotifierDocument = z.infer<typeof NotifierDocument>

export const Document = z.discriminatedUnion('kind', [
  ConnectionDocument,
  AccessDocument,
  PolicyDocument,
  MaskDocument,
  LimitDocument,
  RoleDocument,
  TrustDocument,
  ServiceAccountDocument,
  NotifierDocument,
])
export type Document = z.infer<typeof Document>
export const DocumentKind = z.enum([
  'Connection',
  'Access',
  'Policy',
  'Mask',
  'Limit',
  'Role',
  'Trust',
  'ServiceAccount',
  'Notifier',
])
export type DocumentKind = z.infer<typeof DocumentKind>
