import { type Operation, withoutValues } from '@hoop/contracts'
import type { Statement } from './operations.ts'
import type { StatementUnreadable } from './parser.ts'

/** An operation that is refused whatever the rules say: what it does was not read. */
function unreadable(text: string, refused: NonNullable<Operation['refused']>): Operation {
  return {
    protocol: 'postgres',
    text,
    parameters: [],
    fingerprint: null,
    effects: ['unknown'],
    objects: [],
    functions: [],
    facts: { verbs: [], statements: 0, unbounded: false, destructive: false, columns: [] },
    literals: [],
    runs: [],
    flows: 'opaque',
    parts: [],
    refused,
    unknownBecause: [refused.words],
  }
}

/** The parser's word about a text, without the values in it. */
function rejected(error: StatementUnreadable): NonNullable<Operation['refused']> {
  return { code: error.code, words: withoutValues(error.message) }
}

/** A text that the parser rejects: nothing is known of it. */
export function unreadStatement(text: string, error: StatementUnreadable): Statement {
  return {
    operation: unreadable(text, rejected(error)),
    parameterSources: new Map(),
    parts: [],
    empty: false,
    unresolved: [],
    temporary: new Map(),
    types: [],
    redefines: new Set(),
    columns: [],
    ofSession: false,
    parameterTypes: [],
    missing: null,
    rejected:
      error.code === 'unreadable' ? { message: error.message, position: [...text.slice(0, error.position)].length + 1 } : null,
    applicationNames: [],
    free: [],
  }
}
