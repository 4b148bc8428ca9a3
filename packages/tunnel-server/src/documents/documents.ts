import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectionDocument, Document, type DocumentKind, HoopError } from '@hoop/contracts'
import { compileRules, type RuleSet } from '@hoop/policy'
import type { Logger } from 'pino'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/database.ts'
import { readDocuments, type StoredDocument } from '../store/documents.ts'

/** All documents at one moment, and what follows from them. */
export interface InForce {
  readonly documents: readonly Document[]
  readonly connections: ReadonlyMap<string, ConnectionDocument>
  readonly rules: RuleSet
}

/** The documents in force, read again whenever they change. */
export class Documents {
  readonly #store: Store
  readonly #feed: ChangeFeed
  readonly #hashKey: Buffer
  readonly #log: Logger
  readonly #listeners = new Set<() => void>()
  readonly #stop = new AbortController()
  /** Why there are none, when they could not be read or do not compile. */
  #state: InForce | HoopError = new HoopError('unavailable', 'The documents have not been read yet.')
  #reading: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  private constructor(parts: { store: Store; feed: ChangeFeed; hashKey: Buffer; log: Logger }) {
    this.#store = parts.store
    this.#feed = parts.feed
    this.#hashKey = parts.hashKey
    this.#log = parts.log
  }

  static async open(parts: { store: Store; feed: ChangeFeed; hashKey: Buffer; log: Logger }): Promise<Documents> {
    const documents = new Documents(parts)
    const unsubscribe = parts.feed.on('documents', () => void documents.reload())
    documents.#stop.signal.addEventListener('abort', unsubscribe)
    await documents.reload()
    return documents
  }

  /** @throws HoopError `unavailable` when it is not known which documents are in force: nobody may do anything then. */
  current(): InForce {
    if (!this.#feed.fresh) throw new HoopError('unavailable', 'The gateway cannot tell at the moment which rules are in force.')
    if (this.#state instanceof HoopError) throw this.#state
    return this.#state
  }

  rules(): RuleSet {
    return this.current().rules
  }

  connection(name: string): ConnectionDocument | null {
    return this.current().connections.get(name) ?? null
  }

  /** Calls the listener after each change; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads the documents now; those who call while that goes on share one further reading. */
  reload(): Promise<void> {
    this.#next ??= this.#reading.then(() => {
      this.#next = null
      this.#reading = this.#read()
      return this.#reading
    })
    return this.#next
  }

  close(): void {
    this.#stop.abort()
  }

  /** What these documents would be together. @throws HoopError `invalid_document` */
  compile(documents: readonly Document[]): InForce {
    const connections = documents.filter((document) => document.kind === 'Connection')
    return {
      documents,
      connections: new Map(connections.map((connection) => [connection.name, connection])),
      rules: compileRules(documents, { hashKey: this.#hashKey }),
    }
  }

  async #read(): Promise<void> {
    try {
      const stored = await this.#store.run(readDocuments)
      this.#state = this.compile(stored.map(parseStored))
    } catch (error) {
      this.#log.error({ err: error }, 'the documents in the store cannot be used: nobody may do anything')
      this.#state = new HoopError('unavailable', 'The documents in the store cannot be used.', {
        hint: "The gateway's log says which and why.",
        cause: error,
      })
      this.#retry()
    }
    for (const listener of this.#listeners) listener()
  }

  #retry(): void {
    delay(2000, undefined, { ref: false, signal: this.#stop.signal }).then(
      () => this.reload(),
      () => {},
    )
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
