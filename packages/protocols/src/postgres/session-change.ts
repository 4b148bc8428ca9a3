import type { Statement } from './operations.ts'
import { tokens } from './parser.ts'

/** What a statement that has run leaves behind in its session, beside what it did to the database. */
export type SessionChange =
  /** Protocol and SQL name prepared statements in one space. */
  | ({ readonly kind: 'prepare'; readonly name: string } & PreparedText)
  /** Null: every named one. */
  | { readonly kind: 'deallocate'; readonly name: string | null }
  /** A cursor is a portal: what it reads was settled as it was declared. */
  | { readonly kind: 'declare'; readonly name: string; readonly statement: Statement; readonly hold: boolean }
  | { readonly kind: 'close'; readonly name: string | null }
  /** Schemas in order, `"$user"` as it is written; null: back to the default. */
  | { readonly kind: 'search-path'; readonly schemas: readonly string[] | null; readonly local: boolean }
  /** Null: back to the login role. */
  | { readonly kind: 'role'; readonly name: string | null; readonly local: boolean }
  /** Another setting that may change what statements mean. Null: back to what the session began with. */
  | { readonly kind: 'setting'; readonly name: string; readonly value: string | null; readonly local: boolean }
  /** All of those. */
  | { readonly kind: 'reset-settings' }
  | { readonly kind: 'savepoint' | 'release' | 'rollback-to'; readonly name: string }
  | { readonly kind: 'discard-temporary' }

/** What stands under the name of a prepared statement. */
export interface PreparedText {
  readonly text: string
  /** By position, as OIDs; 0: not said. */
  readonly parameterTypes: readonly number[]
}

/** What names of a session stand for, to a statement that uses them. */
export interface SessionNames {
  readonly prepared: ReadonlyMap<string, PreparedText>
  readonly cursors: ReadonlyMap<string, Statement>
  /** What the statement's own parameters were said to be. */
  readonly parameterTypes: PreparedText['parameterTypes']
}
export const noSessionNames: SessionNames = { prepared: new Map(), cursors: new Map(), parameterTypes: [] }

/** Whether a text can use such names: keywords are never written in other letters. */
export function mayUseNames(text: string): boolean {
  return /\b(?:execute|fetch|move)\b/i.test(text)
}

/**
 * The query inside `PREPARE name (…) AS query` and `DECLARE name … CURSOR … FOR query`: what follows the first such reserved word outside of
 * parentheses, which no name can be. Throws StatementUnreadable; null if there is none.
 */
export function queryAfter(keyword: 'as' | 'for', text: string): string | null {
  let depth = 0
  for (const { end, text: token, keywordName } of tokens(text)) {
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth === 0 && keywordName === 'RESERVED_KEYWORD' && token.toLowerCase() === keyword)
      return Buffer.from(text).subarray(end).toString().trim()
  }
  return null
}
