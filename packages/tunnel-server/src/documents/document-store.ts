import { isDeepStrictEqual } from 'node:util'
import { type ApplyResult, type Document, type DocumentKind, HoopError, type Identity } from '@hoop/contracts'
import { parseDocuments, printDocuments, withoutSecrets } from '@hoop/policy'
import { checkConnection } from '../connections/check.ts'
import type { Cipher } from '../secrets/cipher.ts'
import { writeAdminLog } from '../store/admin-log.ts'
import { type Database, notify, type Store } from '../store/database.ts'
import { lockDocuments, putDocument, readDocuments, removeDocument } from '../store/documents.ts'
import { revokeKeys } from '../store/machines.ts'
import { removeSecrets } from '../store/secrets.ts'
import { putSecrets } from './connection-secrets.ts'
import { type Documents, named, parseStored } from './documents.ts'

type Change = ApplyResult['results'][number]['change']

/** Changes and prints documents, and puts on the record who did. */
export class DocumentStore {
  readonly #store: Store
  readonly #documents: Documents
  readonly #cipher: Cipher

  constructor(parts: { store: Store; documents: Documents; cipher: Cipher }) {
    this.#store = parts.store
    this.#documents = parts.documents
    this.#cipher = parts.cipher
  }

  /** Applies a YAML stream, all or nothing. @throws HoopError `invalid_document` with every mistake */
  async apply(by: Identity, yaml: string, file: string): Promise<ApplyResult> {
    const applied = parseDocuments(yaml, file).map(({ document }) => document)
    for (const document of applied) if (document.kind === 'Connection') checkConnection(document)
    const result = await this.#store.transaction(async (db) => {
      await lockDocuments(db)
      const stored = (await readDocuments(db)).map(parseStored)
      const rest = stored.filter((old) => !applied.some(named(old.kind, old.name)))
      const { rules } = this.#documents.compile([...rest, ...applied.map(withoutSecrets)])
      const results: ApplyResult['results'] = []
      for (const document of applied) {
        const old = stored.find(named(document.kind, document.name)) ?? null
        const change = await this.#put(db, by, document, old)
        results.push({ kind: document.kind, name: document.name, change })
      }
      if (results.some(({ change }) => change !== 'unchanged')) await notify(db, 'documents', rules.version)
      return { results, policyVersion: rules.version }
    })
    await this.#documents.reload()
    return result
  }

  /** @throws HoopError `not_found` */
  async remove(by: Identity, kind: DocumentKind, name: string): Promise<void> {
    await this.#store.transaction(async (db) => {
      await lockDocuments(db)
      if (!(await removeDocument(db, kind, name))) throw missing(kind, name)
      if (kind === 'Connection') await removeSecrets(db, name)
      // An account that is called so again is another one.
      if (kind === 'ServiceAccount') await revokeKeys(db, name, null, new Date())
      await writeAdminLog(db, { by, action: 'document.delete', target: `${kind}/${name}` })
      await notify(db, 'documents', `${kind}/${name}`)
    })
    await this.#documents.reload()
  }

  /** YAML that can be applied again, secrets left out; of one kind, or one document. @throws HoopError `not_found` */
  async print(by: Identity, kind: DocumentKind, name: string | null): Promise<string> {
    const documents = await this.#store.transaction(async (db) => {
      await writeAdminLog(db, { by, action: 'document.read', target: name === null ? kind : `${kind}/${name}` })
      const stored = await readDocuments(db)
      return stored.filter((document) => document.kind === kind && (name === null || document.name === name)).map(parseStored)
    })
    if (documents.length === 0 && name !== null) throw missing(kind, name)
    return printDocuments(documents)
  }

  async #put(db: Database, by: Identity, document: Document, old: Document | null): Promise<Change> {
    const spec = withoutSecrets(document)
    const secretChanged = document.kind === 'Connection' && (await putSecrets(db, this.#cipher, document, old))
    if (old !== null && !secretChanged && isDeepStrictEqual(asStored(old), asStored(spec))) return 'unchanged'
    await putDocument(db, spec, by.id)
    const detail = old === null ? 'created' : 'updated'
    await writeAdminLog(db, { by, action: 'document.apply', target: `${document.kind}/${document.name}`, detail })
    return detail
  }
}

/** As JSON keeps it: absent and undefined are the same. */
function asStored(document: Document): unknown {
  return JSON.parse(JSON.stringify(document))
}

function missing(kind: DocumentKind, name: string): HoopError {
  return new HoopError('not_found', `There is no ${kind}/${name}.`, { hint: `hoop get ${kind} shows those that there are.` })
}
