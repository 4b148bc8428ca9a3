import { type ConnectionDocument, Document, type DocumentKind, HoopError } from '@hoop/contracts'
import { compileRules, type RuleSet } from '@hoop/policy'
import type { Logger } from 'pino'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/database.ts'
import { readDocuments, type StoredDocument } from '../store/documents.ts'
import { Followed } from '../store/followed.ts'

/** All documents at one moment, and what follows from them. */
export interface InForce {
  readonly documents: readonly Document[]
  readonly connections: ReadonlyMap<string, ConnectionDocument>
  readonly rules: RuleSet
}

/** The documents in force, read again whenever they change. */
export class Documents {
  readonly #feed: ChangeFeed
  readonly #hashKey: Buffer
  readonly #inForce: Followed<InForce>

  private constructor(feed: ChangeFeed, hashKey: Buffer, inForce: Followed<InForce>) {
    this.#feed = feed
    this.#hashKey = hashKey
    this.#inForce = inForce
  }

  static async open(parts: { store: Store; feed: ChangeFeed; hashKey: Buffer; log: Logger }): Promise<Documents> {
    const { store, feed, hashKey, log } = parts
    const unreadable = (cause: unknown) => {
      log.error({ err: cause }, 'the documents in the store cannot be used: nobody may do anything')
      const hint = "The gateway's log says which and why."
      return new HoopError('unavailable', 'The documents in the store cannot be used.', { hint, cause })
    }
    const read = async () => compiled((await store.run(readDocuments)).map(parseStored), hashKey)
    return new Documents(feed, hashKey, await Followed.open({ feed, topic: 'documents', read, unreadable }))
  }

  /** @throws HoopError `unavailable` when it is not known which documents are in force: nobody may do anything then. */
  current(): InForce {
    if (!this.#feed.fresh) throw new HoopError('unavailable', 'The gateway cannot tell at the moment which rules are in force.')
    return this.#inForce.current()
  }

  rules(): RuleSet {
    return this.current().rules
  }

  connection(name: string): ConnectionDocument | null {
    return this.current().connections.get(name) ?? null
  }

  /** Calls the listener after each change; the answer ends that. */
  onChange(listener: () => void): () => void {
    return this.#inForce.onChange(listener)
  }

  /** Reads the documents now. */
  reload(): Promise<void> {
    return this.#inForce.reload()
  }

  close(): void {
    this.#inForce.close()
  }

  /** What these documents would be together. @throws HoopError `invalid_document` */
  compile(documents: readonly Document[]): InForce {
    return compiled(documents, this.#hashKey)
  }
}

function compiled(documents: readonly Document[], hashKey: Buffer): InForce {
  const connections = documents.filter((document) => document.kind === 'Connection')
  return {
    documents,
    connections: new Map(connections.map((connection) => [connection.name, connection])),
    rules: compileRules(documents, { hashKey }),
  }
}

/** A document as it was stored, possibly by an older version. @throws HoopError `unavailable` naming it */
export function parseStored({ kind, name, spec }: StoredDocument): Document {
  const parsed = Document.safeParse(spec)
  if (parsed.success && parsed.data.kind === kind && parsed.data.name === name) return parsed.data
  throw new HoopError('unavailable', `${kind}/${name} in the store is not a valid document.`, {
    hint: 'Delete it and apply it again.',
  })
}

export function named(kind: DocumentKind, name: string) {
  return (document: Document): boolean => document.kind === kind && document.name === name
}
