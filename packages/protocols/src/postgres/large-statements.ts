import { Worker } from 'node:worker_threads'
import type { Catalogue } from './catalogue.ts'
import type { Statement } from './operations.ts'
import { StatementUnreadable } from './parser.ts'
import type { SessionNames } from './session-change.ts'

/** A worker that has had nothing to read for this long is ended. */
const idleTime = 30_000

/** What goes to the worker; the catalogue only when it is another one than before. */
export interface ReadRequest {
  readonly id: number
  readonly text: string
  readonly catalogue: Catalogue | null
  readonly names: SessionNames
}
export type ReadAnswer =
  | { readonly id: number; readonly statement: Statement }
  | { readonly id: number; readonly unreadable: { readonly message: string; readonly position: number } }
  | { readonly id: number; readonly failure: string }

interface Waiting {
  resolve(statement: Statement): void
  reject(error: Error): void
}

/** Reads long texts in a thread of its own: a statement of megabytes takes seconds, and nobody else shall wait for it. */
export class LargeStatements {
  #worker: Worker | null = null
  #sent: Catalogue | null = null
  #waiting = new Map<number, Waiting>()
  #next = 0
  #idle: NodeJS.Timeout | null = null

  /** As `readStatement`; rejects also when the thread fails. */
  read(text: string, catalogue: Catalogue, names: SessionNames): Promise<Statement> {
    const worker = this.#start()
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      const request: ReadRequest = { id, text, catalogue: this.#sent === catalogue ? null : catalogue, names }
      this.#sent = catalogue
      worker.postMessage(request)
    })
  }

  #start(): Worker {
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = null
    if (this.#worker !== null) return this.#worker
    const worker = new Worker(new URL('./large-statements-worker.ts', import.meta.url))
    worker.on('message', (answer: ReadAnswer) => this.#settle(answer))
    worker.on('error', (error) => this.#end(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', () => {
      if (this.#worker === worker) this.#end(new Error('the reader of long statements ended'))
    })
    // A process that has nothing else to do may end.
    worker.unref()
    this.#worker = worker
    return worker
  }

  #settle(answer: ReadAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if ('statement' in answer) waiting?.resolve(answer.statement)
    else if ('unreadable' in answer)
      waiting?.reject(new StatementUnreadable(answer.unreadable.message, answer.unreadable.position))
    else waiting?.reject(new Error(answer.failure))
    if (this.#waiting.size === 0) this.#idle = setTimeout(() => this.#end(new Error('idle')), idleTime).unref()
  }

  #end(error: Error): void {
    const worker = this.#worker
    this.#worker = null
    this.#sent = null
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    void worker?.terminate()
  }
}
