import { createHash, randomBytes } from 'node:crypto'
import { type CreateDelegationRequest, type Delegation, HoopError, seconds, secretPrefixes } from '@hoop/contracts'
import type { z } from 'zod'
import type { Documents } from '../documents/documents.ts'
import { writeAdminLog } from '../store/admin-log.ts'
import type { Database, Store } from '../store/database.ts'
import type { Login } from '../store/logins.ts'
import { addDelegation, useDelegation } from '../store/machines.ts'
import type { Caller } from './access-tokens.ts'

/** Tokens by which people let machines act for them: worth nothing without the machine's own. */
export class Delegations {
  readonly #store: Store
  readonly #documents: Documents

  constructor(parts: { store: Store; documents: Documents }) {
    this.#store = parts.store
    this.#documents = parts.documents
  }

  /** @throws HoopError `no_access` for whoever is no person, `not_found` where there is no such machine */
  async create(caller: Caller, request: z.infer<typeof CreateDelegationRequest>): Promise<Delegation> {
    const { machine, once } = request
    if (caller.identity.kind !== 'person' || caller.machine !== undefined) {
      throw new HoopError('no_access', 'Only a person can let a machine act for them.', { hint: 'Run: hoop login' })
    }
    const known = this.#documents
      .current()
      .documents.some(
        (document) =>
          (document.kind === 'ServiceAccount' && document.name === machine) ||
          (document.kind === 'Trust' && document.as.kind !== 'agent' && document.as.name === machine),
      )
    if (!known) {
      throw new HoopError('not_found', `No ServiceAccount is called ${machine}, and no Trust calls anything so.`, {
        hint: 'Ask an admin what your agent is called.',
      })
    }
    const token = `${secretPrefixes.delegation}${randomBytes(32).toString('base64url')}`
    const createdAt = new Date()
    const wanted = createdAt.getTime() + seconds(request.lasts) * 1000
    const expiresAt = new Date(Math.min(wanted, caller.loginExpiresAt.getTime()))
    await this.#store.transaction(async (db) => {
      await addDelegation(db, { hash: hashOf(token), machine, login: caller.login, once, createdAt, expiresAt })
      const detail = `until ${expiresAt.toISOString()}${once ? ', once' : ''}`
      await writeAdminLog(db, { by: caller.identity, action: 'delegation.create', target: machine, detail })
    })
    return { machine, token, expires_at: expiresAt.toISOString() }
  }

  /** Who stands behind the machine, and until when. @throws HoopError `invalid_token` */
  async use(db: Database, token: string, machine: string): Promise<{ principal: Login; expiresAt: Date }> {
    const used = await useDelegation(db, { hash: hashOf(token), machine, now: new Date() })
    if (used === null) {
      throw new HoopError(
        'invalid_token',
        `Nobody lets ${machine} act for them by this token: it is another machine's, was used, has ended, or its maker has logged out.`,
        { hint: `Ask the person for another one: hoop agent-token --for ${machine}` },
      )
    }
    const { delegation, principal } = used
    const ends = [delegation.expiresAt, principal.expiresAt].map((moment) => moment.getTime())
    return { principal, expiresAt: new Date(Math.min(...ends)) }
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
