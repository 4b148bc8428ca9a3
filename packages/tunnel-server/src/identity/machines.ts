import { randomUUID } from 'node:crypto'
import {
  HoopError,
  type Identity,
  type ServiceAccountDocument,
  seconds,
  secretPrefixes,
  type TokenResponse,
  type TrustDocument,
} from '@hoop/contracts'
import { writeAdminLog } from '../store/admin-log.ts'
import type { Database, Store } from '../store/database.ts'
import { addLogin } from '../store/logins.ts'
import { useKey, useToken } from '../store/machines.ts'
import { type AccessTokens, accessTokenLifetime } from './access-tokens.ts'
import type { Delegations } from './delegations.ts'
import { machineOf } from './machine-document.ts'
import { refused, type ServiceAccounts } from './service-accounts.ts'
import type { WorkloadTokens } from './workload-tokens.ts'

export interface MachineExchange {
  /** A workload's token, or a service account's key. */
  readonly token: string
  /** Of the person for whom it acts; null: for itself. */
  readonly delegation: string | null
  /** Thumbprint of the key that was proven; null: none was, and the access token is bound to none. */
  readonly device: string | null
  /** What the machine calls itself. */
  readonly deviceName?: string | null
}

interface Proven {
  readonly document: TrustDocument | ServiceAccountDocument
  readonly identity: Identity
  /** By what it came in: the id of a key, or the Trust. */
  readonly source: string
  readonly words: string
  /** Uses up what was proven, in the transaction of what it is used for. */
  use(db: Database): Promise<void>
}

/** Lets machines in: each exchange is a login of its own, which nothing renews. */
export class Machines {
  readonly #store: Store
  readonly #workloads: WorkloadTokens
  readonly #accounts: ServiceAccounts
  readonly #delegations: Delegations
  readonly #tokens: AccessTokens

  constructor(parts: {
    store: Store
    workloads: WorkloadTokens
    accounts: ServiceAccounts
    delegations: Delegations
    tokens: AccessTokens
  }) {
    this.#store = parts.store
    this.#workloads = parts.workloads
    this.#accounts = parts.accounts
    this.#delegations = parts.delegations
    this.#tokens = parts.tokens
  }

  /** @throws HoopError `invalid_token`, `unavailable` */
  async exchange({ token, delegation, device, deviceName = null }: MachineExchange): Promise<TokenResponse> {
    const proven = token.startsWith(secretPrefixes.serviceAccountKey)
      ? await this.#byKey(token)
      : await this.#byToken(token, device)
    const { document, source } = proven
    if (document.onBehalfOf === 'required' && delegation === null) {
      const { name } = proven.identity
      throw new HoopError('invalid_token', `${name} acts for a person only, and no token of one came with the request.`, {
        hint: `Ask the person for it (hoop agent-token --for ${name}), and give it as HOOP_ON_BEHALF_OF.`,
      })
    }
    const id = randomUUID()
    const now = new Date()
    const longest = new Date(now.getTime() + seconds(document.maxSession) * 1000)
    const { identity, expiresAt, principal } = await this.#store.transaction(async (db) => {
      await proven.use(db)
      const behind = delegation === null ? null : await this.#delegations.use(db, delegation, proven.identity.name)
      const identity = behind === null ? proven.identity : onBehalfOf(proven.identity, behind.principal.identity)
      const expiresAt = behind !== null && behind.expiresAt < longest ? behind.expiresAt : longest
      await addLogin(db, { id, identity, authenticatedAt: now, expiresAt, device, deviceName, providerSession: null, source })
      const target = `${document.kind}/${document.name}`
      await writeAdminLog(db, { by: identity, action: 'machine.login', target, detail: proven.words })
      return { identity, expiresAt, principal: behind?.principal.id ?? null }
    })
    const machine = { ...machineOf(document), principal }
    const left = Math.floor((expiresAt.getTime() - Date.now()) / 1000)
    return {
      access_token: await this.#tokens.issue({
        identity,
        login: id,
        authenticatedAt: now,
        loginExpiresAt: expiresAt,
        device,
        machine,
      }),
      token_type: device === null ? 'Bearer' : 'DPoP',
      expires_in: Math.max(0, Math.min(accessTokenLifetime, left)),
      refresh_token: null,
      login_expires_at: expiresAt.toISOString(),
      identity,
    }
  }

  async #byKey(token: string): Promise<Proven> {
    const { account, key } = await this.#accounts.verify(token)
    return {
      document: account,
      identity: machineIdentity(account, { kind: account.identity, name: account.name, groups: account.groups, issuer: 'hoop' }),
      source: key.id,
      words: key.id,
      use: async (db) => {
        if (!(await useKey(db, key.id, new Date()))) throw refused('was revoked')
      },
    }
  }

  async #byToken(token: string, device: string | null): Promise<Proven> {
    const { trust, hash, expiresAt, words } = await this.#workloads.verify(token, 'machine')
    if (trust.as.kind === 'agent') throw new HoopError('invalid_token', `Trust/${trust.name} lets in agents only.`)
    return {
      document: trust,
      identity: machineIdentity(trust, { ...trust.as, issuer: trust.issuer }),
      source: `Trust/${trust.name}`,
      words,
      use: async (db) => {
        if (await useToken(db, { hash, device, expiresAt })) return
        throw new HoopError('invalid_token', 'The workload token was used before, and each is good for one use.', {
          hint: 'Ask the platform for another one; only the device that used it may use it again.',
        })
      },
    }
  }
}

function machineIdentity(
  document: TrustDocument | ServiceAccountDocument,
  own: { kind: 'service' | 'ai-agent'; name: string; groups: readonly string[]; issuer: string },
): Identity {
  return { ...own, id: `hoop#${document.kind}/${document.name}`, email: null, groups: [...own.groups] }
}

/** Somebody else for each person: what one of them does is not the other's to see or to end. */
function onBehalfOf(machine: Identity, person: Identity): Identity {
  const { id, name, email, groups, issuer } = person
  return {
    ...machine,
    id: `${machine.id} for ${id}`,
    name: `${machine.name} for ${email ?? name}`,
    onBehalfOf: { id, name, email, groups, issuer },
  }
}
