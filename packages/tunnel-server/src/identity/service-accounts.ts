import { createHash, randomBytes, randomUUID } from 'node:crypto'
import {
  HoopError,
  type Identity,
  type ServiceAccountDocument,
  type ServiceAccountKey,
  type ServiceAccountSummary,
  secretPrefixes,
} from '@hoop/contracts'
import type { Documents } from '../documents/documents.ts'
import { writeAdminLog } from '../store/admin-log.ts'
import type { Store } from '../store/database.ts'
import { addKey, findKey, readKeys, revokeKeys, type StoredKey } from '../store/machines.ts'
import type { Logins } from './logins.ts'

const mostKeys = 20

/** Keys of service accounts: 256 random bits each, of which the gateway keeps a hash. */
export class ServiceAccounts {
  readonly #store: Store
  readonly #documents: Documents
  readonly #logins: Pick<Logins, 'endBySource'>

  constructor(parts: { store: Store; documents: Documents; logins: Pick<Logins, 'endBySource'> }) {
    this.#store = parts.store
    this.#documents = parts.documents
    this.#logins = parts.logins
  }

  /** @throws HoopError `not_found`, `conflict` where the account has too many */
  async createKey(by: Identity, account: string): Promise<ServiceAccountKey> {
    this.#account(account)
    const key = `${secretPrefixes.serviceAccountKey}${randomBytes(32).toString('base64url')}`
    const id = `sak_${randomUUID()}`
    await this.#store.transaction(async (db) => {
      const good = (await readKeys(db)).filter((other) => other.account === account && other.revokedAt === null)
      if (good.length >= mostKeys) {
        throw new HoopError('conflict', `${account} has ${mostKeys} keys.`, { hint: 'Revoke one: hoop service-accounts revoke' })
      }
      await addKey(db, { id, account, hash: hashOf(key), createdAt: new Date(), createdBy: by })
      await writeAdminLog(db, { by, action: 'service-account.key', target: `ServiceAccount/${account}`, detail: id })
    })
    return { id, account, key }
  }

  async list(): Promise<ServiceAccountSummary[]> {
    const accounts = this.#documents.current().documents.filter((document) => document.kind === 'ServiceAccount')
    const keys = await this.#store.run(readKeys)
    return accounts.map(({ name }) => ({ name, keys: keys.filter((key) => key.account === name).map(summary) }))
  }

  /** Ends what came in by the key, within 5 s at every gateway. @throws HoopError `not_found` */
  async revokeKey(by: Identity, account: string, id: string): Promise<void> {
    const tell = await this.#store.transaction(async (db) => {
      const [revoked] = await revokeKeys(db, account, id, new Date())
      if (revoked === undefined) {
        throw new HoopError('not_found', `${account} has no key ${id} that is good.`, { hint: 'hoop service-accounts ls' })
      }
      await writeAdminLog(db, { by, action: 'service-account.revoke', target: `ServiceAccount/${account}`, detail: id })
      return await this.#logins.endBySource(db, id, 'its key was revoked')
    })
    tell()
  }

  /** Whose key it is. @throws HoopError `invalid_token` */
  async verify(key: string): Promise<{ account: ServiceAccountDocument; key: StoredKey }> {
    const found = await this.#store.run((db) => findKey(db, hashOf(key)))
    if (found === null) throw refused('is not one of this gateway')
    if (found.revokedAt !== null) throw refused('was revoked')
    const account = this.#documents.rules().serviceAccount(found.account)
    if (account === null) throw refused('is of an account that was removed')
    return { account, key: found }
  }

  #account(name: string): ServiceAccountDocument {
    const account = this.#documents.rules().serviceAccount(name)
    if (account !== null) return account
    throw new HoopError('not_found', `There is no ServiceAccount/${name}.`, {
      hint: 'Apply the document first: docs/machines.md',
    })
  }
}

function summary({ id, createdAt, createdBy, lastUsedAt, revokedAt }: StoredKey): ServiceAccountSummary['keys'][number] {
  return {
    id,
    createdAt: createdAt.toISOString(),
    createdBy,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  }
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

export function refused(what: string): HoopError {
  return new HoopError('invalid_token', `The key of the service account ${what}.`, {
    hint: 'An admin makes another one: hoop service-accounts key NAME',
  })
}
