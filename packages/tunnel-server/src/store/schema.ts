import type { ApplyResult, Identity, NotifiedEvent, ObjectAccess, SessionSetting } from '@hoop/contracts'
import { sql } from 'drizzle-orm'
import { bigserial, boolean, customType, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

/** Documents as applied, without secrets given in plain; `version` counts the changes of one document. */
export const documents = pgTable(
  'documents',
  {
    kind: text().$type<ApplyResult['results'][number]['kind']>().notNull(),
    name: text().notNull(),
    spec: jsonb().$type<unknown>().notNull(),
    version: integer().notNull(),
    updatedAt: moment('updated_at').notNull(),
    updatedBy: text('updated_by').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.name] })],
)

/** Secrets of connections: AES-256-GCM, the key named by `keyId`, the authentication tag at the end of the ciphertext. */
export const secrets = pgTable(
  'secrets',
  {
    connection: text().notNull(),
    field: text().notNull(),
    ciphertext: bytea().notNull(),
    nonce: bytea().notNull(),
    keyId: text('key_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.connection, table.field] })],
)

/** For each identity that asked for TLS on its local ports: an authority for localhost, its key encrypted as secrets are. */
export const localAuthorities = pgTable('local_authorities', {
  identityId: text('identity_id').primaryKey(),
  certificate: text().notNull(),
  ciphertext: bytea().notNull(),
  nonce: bytea().notNull(),
  keyId: text('key_id').notNull(),
  notAfter: moment('not_after').notNull(),
})

/** A login: the family of all refresh tokens that came from one exchange. */
export const logins = pgTable(
  'logins',
  {
    id: text().primaryKey(),
    identityId: text('identity_id').notNull(),
    identity: jsonb().$type<Identity>().notNull(),
    authenticatedAt: moment('authenticated_at').notNull(),
    /** Thumbprint (RFC 7638) of the key that its tokens are bound to. */
    device: text(),
    expiresAt: moment('expires_at').notNull(),
    /** The provider's `sid`, by which it names the session of a browser that it ends. */
    providerSession: text('provider_session'),
    /** By what a machine came in: the id of its key, or `Trust/NAME`; null: a person's login. */
    source: text(),
    /** What the device calls itself; null: it did not say. */
    deviceName: text('device_name'),
    begunAt: moment('begun_at').notNull(),
    /** When its access token was made: it is renewed every ten minutes while it is used. */
    lastUsedAt: moment('last_used_at').notNull(),
    endedAt: moment('ended_at'),
    endedBecause: text('ended_because'),
  },
  (table) => [
    index('logins_identity').on(table.identityId),
    index('logins_expiry').on(table.expiresAt),
    index('logins_source').on(table.source),
  ],
)

/** What may be used once at all gateways, until it ends: SHA-256 of what names a workload's token, a logout token or the proof of a key. */
export const usedTokens = pgTable(
  'used_tokens',
  {
    hash: bytea().primaryKey(),
    /** Thumbprint of the key that was proven with it, which alone may use it again; null: nobody may. */
    device: text(),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [index('used_tokens_expiry').on(table.expiresAt)],
)

/** Tokens by which the first admin becomes one, by their SHA-256; each gateway that starts without any admin makes its own. */
export const adminTokens = pgTable('admin_tokens', {
  hash: bytea().primaryKey(),
  createdAt: moment('created_at').notNull(),
  expiresAt: moment('expires_at').notNull(),
})

/** Keys of service accounts by their SHA-256. */
export const serviceAccountKeys = pgTable(
  'service_account_keys',
  {
    id: text().primaryKey(),
    account: text().notNull(),
    hash: bytea().notNull().unique(),
    createdAt: moment('created_at').notNull(),
    createdBy: jsonb('created_by').$type<Identity>().notNull(),
    lastUsedAt: moment('last_used_at'),
    revokedAt: moment('revoked_at'),
  },
  (table) => [index('service_account_keys_account').on(table.account)],
)

/** Tokens by which a person lets a machine act for them, by their SHA-256. */
export const delegations = pgTable('delegations', {
  hash: bytea().primaryKey(),
  /** The ServiceAccount, or the name that a Trust gives. */
  machine: text().notNull(),
  /** The person's: with it all that was done by the token ends. */
  login: text()
    .notNull()
    .references(() => logins.id, { onDelete: 'cascade' }),
  once: boolean().notNull(),
  createdAt: moment('created_at').notNull(),
  expiresAt: moment('expires_at').notNull(),
  usedAt: moment('used_at'),
})

/** Access that was asked for, and what became of it. */
export const accessGrants = pgTable(
  'access_grants',
  {
    id: text().primaryKey(),
    state: text().$type<'requested' | 'granted' | 'denied' | 'withdrawn' | 'timed-out'>().notNull(),
    /** The Access document that it is by. */
    access: text().notNull(),
    connection: text().notNull(),
    requesterId: text('requester_id').notNull(),
    requester: jsonb().$type<Identity>().notNull(),
    reason: text().notNull(),
    /** Seconds, from the last approval on. */
    duration: integer().notNull(),
    approvers: text().array().notNull(),
    count: integer().notNull(),
    approvals: jsonb().$type<{ by: Identity; at: string; reason: string | null }[]>().notNull(),
    requestedAt: moment('requested_at').notNull(),
    /** Until when it may be decided. */
    expiresAt: moment('expires_at').notNull(),
    grantedAt: moment('granted_at'),
    endsAt: moment('ends_at'),
    /** Who denied or withdrew it. */
    closedBy: jsonb('closed_by').$type<Identity>(),
    closedAt: moment('closed_at'),
    closedReason: text('closed_reason'),
  },
  (table) => [
    index('access_grants_recent').on(table.requestedAt.desc()),
    index('access_grants_requester').on(table.requesterId, table.requestedAt.desc()),
    index('access_grants_active').on(table.endsAt).where(sql`state = 'granted'`),
  ],
)

/** The refresh token that the provider gave for a login, encrypted as secrets are: by it the gateway asks whether the account still stands. */
export const providerGrants = pgTable('provider_grants', {
  login: text()
    .primaryKey()
    .references(() => logins.id, { onDelete: 'cascade' }),
  ciphertext: bytea().notNull(),
  nonce: bytea().notNull(),
  keyId: text('key_id').notNull(),
  /** When the provider last said that it stands. */
  checkedAt: moment('checked_at').notNull(),
  /** Until then one gateway is asking, and the others are not: many providers take a token once. */
  claimedUntil: moment('claimed_until'),
})

/** Every refresh token of a login by its SHA-256; used ones are kept so that using one again is noticed. */
export const refreshTokens = pgTable(
  'refresh_tokens',
  {
    hash: bytea().primaryKey(),
    login: text()
      .notNull()
      .references(() => logins.id, { onDelete: 'cascade' }),
    used: boolean().notNull().default(false),
  },
  (table) => [index('refresh_tokens_login').on(table.login)],
)

/** The index of sessions; what happened in them is in their records. */
export const sessions = pgTable(
  'sessions',
  {
    id: text().primaryKey(),
    gateway: text().notNull(),
    identityId: text('identity_id').notNull(),
    identity: jsonb().$type<Identity>().notNull(),
    connection: text().notNull(),
    via: text().notNull(),
    reason: text(),
    state: text().$type<'open' | 'closed'>().notNull(),
    openedAt: moment('opened_at').notNull(),
    closedAt: moment('closed_at'),
    words: text(),
    operations: integer().notNull().default(0),
  },
  (table) => [
    index('sessions_opened').on(table.openedAt.desc()),
    index('sessions_identity').on(table.identityId, table.openedAt.desc()),
    index('sessions_open').on(table.gateway).where(sql`state = 'open'`),
  ],
)

/** A yes to a held operation; `login`: it counts as long as that lasts. One of an older gateway has none, and does not count. */
export interface Vote {
  readonly by: Identity
  readonly at: string
  readonly reason: string | null
  readonly login?: string
}

/** Held operations and what became of them. */
export const approvals = pgTable(
  'approvals',
  {
    id: text().primaryKey(),
    gateway: text().notNull(),
    state: text().$type<'held' | 'approved' | 'denied' | 'timed-out' | 'withdrawn' | 'void'>().notNull(),
    session: text().notNull(),
    operation: text().notNull(),
    connection: text().notNull(),
    requesterId: text('requester_id').notNull(),
    requester: jsonb().$type<Identity>().notNull(),
    reason: text(),
    rule: text().notNull(),
    message: text().notNull(),
    approvers: text().array().notNull(),
    text: text().notNull(),
    parameters: jsonb().$type<{ type: string | null; value: string | null }[]>().notNull(),
    effects: text().array().notNull(),
    objects: jsonb().$type<ObjectAccess[]>().notNull(),
    heldAt: moment('held_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    decidedBy: jsonb('decided_by').$type<Identity>(),
    decidedAt: moment('decided_at'),
    decisionReason: text('decision_reason'),
    voidedBecause: text('voided_because'),
    /** How many must say yes, and who did. */
    count: integer().notNull().default(1),
    votes: jsonb().$type<Vote[]>().notNull().default([]),
    onHold: text('on_hold').$type<'wait' | 'ticket'>().notNull().default('wait'),
    /** From when on nobody waits for it: whoever sends the same again passes by it. */
    ticketedAt: moment('ticketed_at'),
    database: text(),
    inTransaction: boolean('in_transaction').notNull().default(false),
    /** Of the database, that it runs under; null: it is not known. */
    role: text(),
    /** What its session has set for itself; null: nobody knows. */
    settings: jsonb().$type<SessionSetting[]>().default([]),
    /** Locks that its transaction held as it began to wait; null: they were not looked up. */
    locks: jsonb().$type<string[]>(),
    before: jsonb().$type<string[]>().notNull().default([]),
    /** HMAC-SHA256 of what a ticket is bound to: identity, connection, role, settings, text, parameters, rule, effects and objects. */
    exactKey: text('exact_key'),
    /** The same of what a batch is bound to: the fingerprint and the policy version in place of text and parameters. */
    likeKey: text('like_key'),
    uses: integer().notNull().default(1),
    used: integer().notNull().default(0),
    usableUntil: moment('usable_until'),
    brokeGlass: boolean('broke_glass').notNull().default(false),
    /** The original, encrypted as secrets are, where the rule lets approvers look at it. */
    originalCiphertext: bytea('original_ciphertext'),
    originalNonce: bytea('original_nonce'),
    originalKeyId: text('original_key_id'),
  },
  (table) => [
    index('approvals_held').on(table.gateway).where(sql`state = 'held'`),
    index('approvals_recent').on(table.heldAt.desc()),
    index('approvals_requester').on(table.requesterId, table.heldAt.desc()),
    index('approvals_exact').on(table.exactKey).where(sql`exact_key is not null`),
    index('approvals_like').on(table.likeKey).where(sql`uses > 1`),
  ],
)

/** Tokens by which agents join, each once, by their SHA-256. */
export const agentJoinTokens = pgTable('agent_join_tokens', {
  hash: bytea().primaryKey(),
  name: text().notNull(),
  createdBy: jsonb('created_by').$type<Identity>().notNull(),
  createdAt: moment('created_at').notNull(),
  expiresAt: moment('expires_at').notNull(),
  usedAt: moment('used_at'),
})

/** Agents that joined, each with a key of its own (`keyThumbprint`: RFC 7638); several may have one name. */
export const agents = pgTable(
  'agents',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    keyThumbprint: text('key_thumbprint').notNull().unique(),
    version: text().notNull(),
    host: text().notNull(),
    address: text().notNull(),
    joinedAt: moment('joined_at').notNull(),
    joinedBy: jsonb('joined_by').$type<Identity>().notNull(),
    /** The Trust that let it in, as it was then (SHA-256); null: it joined by a token. */
    letInBy: jsonb('let_in_by').$type<{ document: string; digest: string }>(),
    credentialUntil: moment('credential_until').notNull(),
    seenAt: moment('seen_at').notNull(),
    /** The gateway that has its tunnel, as long as `seenAt` goes on. */
    gateway: text(),
    revokedAt: moment('revoked_at'),
  },
  (table) => [index('agents_name').on(table.name)],
)

/** Gateways that run, as long as `seenAt` goes on: each has a key of its own, made at its start. */
export const gateways = pgTable('gateways', {
  id: text().primaryKey(),
  /** Where the others reach it; null: nowhere. */
  url: text(),
  /** A public JWK (RFC 8037). */
  publicKey: jsonb('public_key').$type<unknown>().notNull(),
  seenAt: moment('seen_at').notNull(),
})

/** Who changed or read what in the product itself; rows are only ever added. */
export const adminLog = pgTable('admin_log', {
  id: bigserial({ mode: 'number' }).primaryKey(),
  at: moment('at').notNull(),
  by: jsonb().$type<Identity>().notNull(),
  action: text().notNull(),
  target: text().notNull(),
  detail: text(),
})

/** What people are to be told of outside of hoop: in this order for one notifier and one subject, until it is delivered or too old. */
export const notifications = pgTable(
  'notifications',
  {
    order: bigserial({ mode: 'number' }).primaryKey(),
    /** By which those who are told know that it is the same again. */
    id: text().notNull(),
    notifier: text().notNull(),
    event: text().$type<NotifiedEvent>().notNull(),
    /** The approval, the request for access … */
    subject: text().notNull(),
    notice: jsonb().$type<unknown>().notNull(),
    createdAt: moment('created_at').notNull(),
    /** When it is tried next; a gateway that tries it moves it on, so that another one does when that gateway is killed. */
    dueAt: moment('due_at').notNull(),
    attempts: integer().notNull().default(0),
    /** Delivered, or given up. */
    settledAt: moment('settled_at'),
    /** What the other side calls it. */
    receipt: jsonb().$type<unknown>(),
  },
  (table) => [
    index('notifications_due').on(table.dueAt).where(sql`settled_at is null`),
    index('notifications_subject').on(table.notifier, table.subject, table.order),
  ],
)

/** Accounts of a chat: whose they are was said by somebody who was logged in. */
export const chatAccounts = pgTable(
  'chat_accounts',
  {
    notifier: text().notNull(),
    /** Names the secret by which the chat signs (SHA-256): who has another one speaks for nobody. */
    signedBy: text('signed_by').notNull(),
    team: text().notNull(),
    account: text().notNull(),
    name: text().notNull(),
    /** A code by which it is linked, once, by its SHA-256. */
    codeHash: bytea('code_hash').unique(),
    codeUntil: moment('code_until'),
    identityId: text('identity_id'),
    linkedAt: moment('linked_at'),
  },
  (table) => [
    primaryKey({ columns: [table.notifier, table.signedBy, table.team, table.account] }),
    index('chat_accounts_identity').on(table.identityId),
  ],
)
