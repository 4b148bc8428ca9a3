import type { Output, ValueMask } from '@hoop/contracts'
import type { ValueForm } from './masked-values.ts'

/** How COPY data is written. https://www.postgresql.org/docs/current/sql-copy.html */
export interface CopyFormat {
  readonly format: 'text' | 'csv' | 'binary'
  readonly options: {
    readonly delimiter: string
    readonly null: string
    readonly quote: string
    readonly escape: string
    readonly header: boolean
  }
  readonly outputs: readonly Output[] | 'opaque'
  /** What is known of the columns' types; the data itself names none. */
  readonly columns?: readonly (ValueForm | null)[]
}

/** Told of each value that goes into a column masked by name, as text, before it is masked. */
export type SeeValue = (mask: ValueMask, column: number, value: string) => void

/** Whole lines (rows in binary format), in pieces that may be cut anywhere; both are empty where none is complete. */
export interface CopyLines {
  readonly original: readonly Buffer[]
  /** The same array where nothing is masked. */
  readonly masked: readonly Buffer[]
}

/** One line of COPY data may be this long; a longer one cannot be masked and ends the COPY. */
export const maxLine = 64 * 1024 * 1024

/**
 * Masks the data of one COPY. It may be cut anywhere: what is not yet a whole line is kept back.
 * The same is used for what goes up, there only for the record's copy.
 */
export interface CopyRewriter {
  /** The whole lines of what came so far, masked and as they came. */
  push(data: Buffer): CopyLines
  /** What is left at the end of the data. */
  end(): CopyLines
  /**
   * The quick way of a message that holds one whole line as `bytes[start, end)`: written into the room behind the header of a message, if need be.
   * Answers where it ends there, or one of `lineReadings`. Absent where there is none.
   */
  line?(bytes: Buffer, start: number, end: number, room: MessageRoom): number
}

export const lineReadings = {
  /** Nothing in it is masked: it may pass as it came. */
  unmasked: -1,
  /** It needs a closer look: `push` it. */
  unread: -2,
} as const

/** Where a message that is being written goes. */
export interface MessageRoom {
  /** A buffer with room for so many bytes from `position` on. */
  reserve(bytes: number): Buffer
  readonly position: number
}

/** The tag and the length of a message. */
export const messageHeader = 5

/** One for each column, or one for whatever the columns are. */
export type ColumnMasks = readonly (ValueMask | null)[] | 'all'
