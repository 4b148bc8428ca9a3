import { z } from 'zod'
import { DocumentName, Duration, seconds } from './document-parts.ts'
import { DocumentKind } from './documents.ts'
import { Identity } from './identity.ts'
import { tokenTypes } from './machines.ts'
import { Effect, ObjectAccess } from './operation.ts'

/** Every error body of the API. `id` names our own faults in the gateway's log. */
export const ApiError = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().nullable(),
  id: z.string().nullable(),
})
export type ApiError = z.infer<typeof ApiError>

/** How a person logs in at the provider: in a browser on the device itself (RFC 8252), or by a code that any browser takes (RFC 8628). */
export const LoginFlow = z.enum(['browser', 'device'])
export type LoginFlow = z.infer<typeof LoginFlow>

/** GET /v1/config: public; what a CLI needs to log in. */
export const GatewayConfig = z.object({
  name: z.string(),
  version: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  scopes: z.array(z.string()),
  /** What some providers call a secret and give to every installed application (RFC 8252, 8.5). */
  clientSecret: z.string().optional(),
  /** By which people log in here; null: the provider does not answer the gateway, and it cannot be told. */
  flows: z.array(LoginFlow).nullable(),
})
export type GatewayConfig = z.infer<typeof GatewayConfig>

/**
 * POST /v1/token, JSON: RFC 8693 token exchange of the identity token of a person or a workload (`id_token`, `jwt`), or of a service account's
 * key; or a refresh. A machine that acts for a person gives that person's delegation as the subject, and its own token as the actor.
 */
export const TokenRequest = z.discriminatedUnion('grant_type', [
  z.strictObject({
    grant_type: z.literal('urn:ietf:params:oauth:grant-type:token-exchange'),
    subject_token: z.string().max(32_768),
    subject_token_type: z.enum(Object.values(tokenTypes)),
    actor_token: z.string().max(32_768).optional(),
    actor_token_type: z.enum([tokenTypes.idToken, tokenTypes.jwt, tokenTypes.serviceAccountKey]).optional(),
    /** What the provider gave beside it: by the first the gateway asks later whether the account still stands, by the second for groups now. */
    provider_refresh_token: z.string().max(16_384).optional(),
    provider_access_token: z.string().max(16_384).optional(),
    /** By which people know the device among their logins. */
    device_name: z.string().max(255).optional(),
  }),
  z.strictObject({ grant_type: z.literal('refresh_token'), refresh_token: z.string().max(1024) }),
])
export type TokenRequest = z.infer<typeof TokenRequest>
export const TokenResponse = z.object({
  access_token: z.string(),
  /** `DPoP`: bound to the key whose proof came with the request (RFC 9449); it is worth nothing without such proofs. */
  token_type: z.enum(['DPoP', 'Bearer']),
  /** Seconds. */
  expires_in: z.int(),
  /** Null: a machine exchanges another token in its time. */
  refresh_token: z.string().nullable(),
  /** When the login itself ends, whatever is refreshed. */
  login_expires_at: z.iso.datetime(),
  identity: Identity,
})
export type TokenResponse = z.infer<typeof TokenResponse>

/** POST /v1/logout: ends the login of this refresh token; 204. */
export const LogoutRequest = z.strictObject({ refresh_token: z.string().max(1024) })

/** GET /v1/whoami */
export const WhoAmI = z.object({
  identity: Identity,
  may: z.array(z.enum(['admin', 'approve', 'audit'])),
  login_expires_at: z.iso.datetime(),
  /** When the provider last said that the account stands; null: it cannot be asked, and the login lasts until it ends by itself. */
  account_checked_at: z.iso.datetime().nullable(),
})
export type WhoAmI = z.infer<typeof WhoAmI>

/** GET /v1/connections: those that the caller may use. */
export const ConnectionSummary = z.object({
  name: z.string(),
  protocol: z.string(),
  labels: z.record(z.string(), z.string()),
  /** Of a protocol that has none: empty. */
  databases: z.array(z.string()),
  /** Which agents dial it, and whether one of them can now. */
  agent: z.object({ name: z.string(), online: z.boolean() }).optional(),
})
export type ConnectionSummary = z.infer<typeof ConnectionSummary>
export const ConnectionList = z.object({ connections: z.array(ConnectionSummary) })

/** RFC 5802 verifier of the local secret: the gateway checks the caller's local password without ever knowing it. Base64. */
export const ScramVerifier = z.strictObject({
  salt: z.base64(),
  iterations: z.int().min(4096).max(1_000_000),
  storedKey: z.base64(),
  serverKey: z.base64(),
})
export type ScramVerifier = z.infer<typeof ScramVerifier>

/** POST /v1/sessions */
export const OpenSessionRequest = z.strictObject({
  connection: DocumentName,
  via: z.enum(['connect', 'exec']),
  reason: z.string().max(2000).nullable(),
  client: z.strictObject({ version: z.string().max(100), host: z.string().max(255) }),
  /** The `id` with which this caller's tunnel was opened (GET /v1/tunnel?id=UUID): the session ends with it. */
  tunnel: z.uuid(),
  local_secret: ScramVerifier,
  /** Offer TLS to the programs at the local port. */
  local_tls: z.boolean().default(false),
})
export type OpenSessionRequest = z.infer<typeof OpenSessionRequest>
export const OpenSessionResponse = z.object({
  id: z.string(),
  connection: ConnectionSummary,
  /** PEM: the authority that signs for localhost, to this identity's programs only; null without TLS at the local port. */
  local_authority: z.string().max(65_536).nullable(),
})
export type OpenSessionResponse = z.infer<typeof OpenSessionResponse>

/** GET /v1/sessions (newest first; ?connection= &identity= &state= &limit=) and GET /v1/sessions/:id */
export const SessionSummary = z.object({
  id: z.string(),
  identity: Identity,
  connection: z.string(),
  via: z.string(),
  reason: z.string().nullable(),
  state: z.enum(['open', 'closed']),
  openedAt: z.iso.datetime(),
  closedAt: z.iso.datetime().nullable(),
  /** Why it ended. */
  words: z.string().nullable(),
  operations: z.int(),
})
export type SessionSummary = z.infer<typeof SessionSummary>
export const SessionList = z.object({ sessions: z.array(SessionSummary) })
/** POST /v1/sessions/:id/end (own) and /v1/sessions/:id/kill (own, or admin): 204. */
export const KillRequest = z.strictObject({ reason: z.string().max(2000).nullable() })
// GET /v1/sessions/:id/events?after=SEQ&follow=true: application/x-ndjson, one RecordedEvent a line, exactly as on disk.

/** GET /v1/approvals?state=held|all (those that concern me: mine, or those I may decide) */
export const Approval = z.object({
  id: z.string(),
  state: z.enum(['held', 'approved', 'denied', 'timed-out', 'withdrawn', 'void']),
  session: z.string(),
  operation: z.string(),
  connection: z.string(),
  requester: Identity,
  reason: z.string().nullable(),
  rule: z.string(),
  message: z.string(),
  approvers: z.array(z.string()),
  /** As on the record: masked, control and bidirectional characters escaped for show by the reader. */
  text: z.string(),
  parameters: z.array(z.object({ type: z.string().nullable(), value: z.string().nullable() })),
  effects: z.array(Effect),
  objects: z.array(ObjectAccess),
  heldAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  decidedBy: Identity.nullable(),
  decidedAt: z.iso.datetime().nullable(),
  decisionReason: z.string().nullable(),
  /** How many must say yes, and who did. */
  count: z.int(),
  votes: z.array(z.object({ by: Identity, at: z.iso.datetime(), reason: z.string().nullable() })),
  /** `ticket`: its caller does not wait any more, and it passes when it is sent again. */
  onHold: z.enum(['wait', 'ticket']),
  database: z.string().nullable(),
  /** Of the database, that it runs under; null: it was held by an older gateway. */
  role: z.string().nullable(),
  /** What its session has set for itself and it may depend on; a value of null was set once, and reset. Null: nobody knows. */
  settings: z.array(z.object({ name: z.string(), value: z.string().nullable() })).nullable(),
  /** Locks that its transaction held as it began to wait; null: there is none, or they could not be looked up. */
  locks: z.array(z.string()).nullable(),
  /** It was sent in a transaction, which holds its locks while it waits. */
  inTransaction: z.boolean(),
  /** Operations of its session before it, as on the record, the last one last; long ones are cut. */
  before: z.array(z.string()),
  /** Whether its approvers may look at the original. */
  revealable: z.boolean(),
  /** How often an approval may be used, and was; until when. Null: by the operation that waits for it only. */
  uses: z.int(),
  used: z.int(),
  usableUntil: z.iso.datetime().nullable(),
  /** Its own caller passed the rule, with a reason. */
  brokeGlass: z.boolean(),
  /** Whether the one who asks may decide it now. */
  mine: z.enum(['decide', 'requested', 'see']),
})
export type Approval = z.infer<typeof Approval>
export const ApprovalList = z.object({ approvals: z.array(Approval) })
/** POST /v1/approvals/:id/approve and /deny: answers with the Approval. A denial needs a reason. */
export const DecideRequest = z.strictObject({ reason: z.string().max(2000).nullable() })
/** POST /v1/approvals/:id/approve: `for` and `uses` grant others like it, too: same identity, connection, fingerprint, objects and rules. */
export const ApproveRequest = DecideRequest.extend({
  for: Duration.refine((time) => seconds(time) <= 86_400, 'must be 24h or less').optional(),
  uses: z.int().min(1).max(100_000).optional(),
})
export type ApproveRequest = z.infer<typeof ApproveRequest>
/** POST /v1/approvals/:id/break-glass (its own caller passes the rule) and /revoke (what is left of an approval): answer with the Approval. */
export const ReasonRequest = z.strictObject({ reason: z.string().trim().min(1).max(2000) })
/** POST /v1/approvals/:id/reveal: the operation as it was sent; that it was looked at is on the record. */
export const ApprovalOriginal = z.object({ text: z.string(), parameters: Approval.shape.parameters })
export type ApprovalOriginal = z.infer<typeof ApprovalOriginal>
// GET /v1/approvals/watch: application/x-ndjson, one Approval a line: those held now, then each change.

/** POST /v1/documents: applies a YAML stream, all or nothing. */
export const ApplyRequest = z.strictObject({ yaml: z.string().max(1_000_000), file: z.string().max(1000).default('documents') })
export const ApplyResult = z.object({
  results: z.array(z.object({ kind: DocumentKind, name: z.string(), change: z.enum(['created', 'updated', 'unchanged']) })),
  policyVersion: z.string(),
})
export type ApplyResult = z.infer<typeof ApplyResult>
/** GET /v1/documents/:kind[/:name]: YAML that can be applied again, secrets left out. DELETE /v1/documents/:kind/:name: 204. */
export const DocumentsResponse = z.object({ yaml: z.string() })
