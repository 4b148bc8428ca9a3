import type { Output, ValueMask } from '@hoop/contracts'

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
  /** OIDs of the columns' types as far as they are known; the data itself names none. */
  readonly types?: readonly (number | null)[]
}

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
}

/** One for each column, or one for whatever the columns are. */
export type ColumnMasks = readonly (ValueMask | null)[] | 'all'
