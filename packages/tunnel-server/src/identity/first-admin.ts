import { createHash, randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { type Document, HoopError, type RoleDocument, secretPrefixes } from '@hoop/contracts'
import type { Logger } from 'pino'
import { type Documents, parseStored } from '../documents/documents.ts'
import { writeAdminLog } from '../store/admin-log.ts'
import { addAdminToken, isAdminToken, removeAdminTokens } from '../store/admin-tokens.ts'
import { notify, type Store } from '../store/database.ts'
import { lockDocuments, putDocument, readDocuments } from '../store/documents.ts'
import type { Caller } from './access-tokens.ts'

/** Milliseconds for which the token of a start is good. */
const lifetime = 3600_000

interface Parts {
  readonly store: Store
  readonly documents: Documents
  /** Null: no group is admin by the settings. */
  readonly adminGroup: string | null
  /** Where the token is put, for whoever may read the gateway's own files. */
  readonly file: string
  readonly log: Logger
}

/**
 * How a gateway without any admin gets its first one: by a token that it leaves in a file of its own at its start. Whoever logs in and shows it is
 * made an admin by a Role document; then, or as soon as there is an admin by other means, every such token is void.
 */
export class FirstAdmin {
  readonly #parts: Parts
  #stop: () => void = () => {}

  private constructor(parts: Parts) {
    this.#parts = parts
  }

  static async open(parts: Parts): Promise<FirstAdmin> {
    const first = new FirstAdmin(parts)
    const { documents, log, file } = parts
    const exists = first.#adminExists()
    if (exists === false) await first.#offer()
    if (exists === true) await first.#withdraw()
    first.#stop = documents.onChange(() => {
      if (first.#adminExists() !== true) return
      first.#stop()
      first
        .#withdraw()
        .catch((error: unknown) => log.warn({ err: error, file }, 'a void token for the first admin is still there'))
    })
    return first
  }

  /**
   * Makes the caller the first admin; the name of the Role that says so.
   * @throws HoopError `no_access` for another token, or another than a person; `conflict` where there is an admin
   */
  async become({ identity, machine }: Caller, token: string): Promise<string> {
    if (identity.kind !== 'person' || machine !== undefined) {
      throw new HoopError('no_access', 'Only a person can become the first admin.', { hint: 'Run: hoop login' })
    }
    const { store, documents, adminGroup } = this.#parts
    const role = await store.transaction(async (db) => {
      // From here on nobody else changes documents, at whatever gateway.
      await lockDocuments(db)
      const stored = (await readDocuments(db)).map(parseStored)
      if (adminGroup !== null || stored.some(makesAdmins)) {
        throw new HoopError('conflict', 'There is an admin already, and the token for the first one is void.', {
          hint: 'Ask an admin for a Role document, or to be put into the group that HOOP_ADMIN_GROUP names.',
        })
      }
      if (!(await isAdminToken(db, hashOf(token), new Date()))) throw notTheToken()
      await removeAdminTokens(db)
      const document: RoleDocument = { kind: 'Role', name: freeName(stored), people: [identity.id], may: ['admin'] }
      const target = `Role/${document.name}`
      await putDocument(db, document, identity.id)
      await writeAdminLog(db, { by: identity, action: 'admin-token.use', target, detail: 'the first admin' })
      await notify(db, 'documents', target)
      return document.name
    })
    await documents.reload()
    return role
  }

  close(): void {
    this.#stop()
  }

  /** Null: it cannot be told at the moment. */
  #adminExists(): boolean | null {
    const { adminGroup, documents } = this.#parts
    if (adminGroup !== null) return true
    try {
      return documents.current().documents.some(makesAdmins)
    } catch (error) {
      if (error instanceof HoopError && error.code === 'unavailable') return null
      throw error
    }
  }

  /** A token that is still good is left as it is: a restart does not take it out of somebody's hand. */
  async #offer(): Promise<void> {
    const { store, file, log } = this.#parts
    const createdAt = new Date()
    const there = await readFile(file, 'utf8').catch(() => null)
    if (there === null || !(await store.run((db) => isAdminToken(db, hashOf(there.trim()), createdAt)))) {
      const token = `${secretPrefixes.adminToken}${randomBytes(32).toString('base64url')}`
      const expiresAt = new Date(createdAt.getTime() + lifetime)
      await store.run((db) => addAdminToken(db, { hash: hashOf(token), createdAt, expiresAt }))
      await rm(`${file}.new`, { force: true })
      await writeFile(`${file}.new`, `${token}\n`, { mode: 0o600, flag: 'wx' })
      await rename(`${file}.new`, file)
    }
    log.warn(
      { file },
      'NOBODY IS AN ADMIN YET: within an hour, hoop login --admin-token-file makes one of whoever has the token in this file',
    )
  }

  async #withdraw(): Promise<void> {
    const { store, file } = this.#parts
    await rm(file, { force: true })
    await store.run(removeAdminTokens)
  }
}

function makesAdmins(document: Document): boolean {
  return document.kind === 'Role' && document.may.includes('admin')
}

function freeName(documents: readonly Document[]): string {
  const taken = new Set(documents.filter(({ kind }) => kind === 'Role').map(({ name }) => name))
  let name = 'first-admin'
  for (let number = 2; taken.has(name); number++) name = `first-admin-${number}`
  return name
}

function notTheToken(): HoopError {
  return new HoopError('no_access', 'The token for the first admin is not one of this gateway, or its hour is over.', {
    hint: 'Start the gateway again: its log names the file that has a new one.',
  })
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
