import type { NotifierDocument, Secret } from '@hoop/contracts'
import type { Notice } from './notice.ts'

/** One notice for one Notifier. */
export interface Message {
  /** The same each time it is tried: whoever gets it twice knows. */
  readonly id: string
  readonly notifier: NotifierDocument
  readonly notice: Notice
  /** What the other side called what it was told of the same subject before; null: it was told nothing. */
  readonly receipt: unknown
}

/** How people are told. */
export interface Way {
  /** Resolves, with what the other side calls it, when that has taken it. @throws why not, in words for the log */
  deliver(message: Message, signal: AbortSignal): Promise<unknown>
}

/** What a reference leads to; `field` is for words. */
export type Resolve = (reference: Exclude<Secret, string>, document: string, field: string) => Promise<string>
