import { type Operation, withoutValues } from '@hoop/contracts'
import type { StatementUnreadable } from './parser.ts'

/** An operation that is refused whatever the rules say: what it does was not read. */
export function unreadable(text: string, refused: NonNullable<Operation['refused']>): Operation {
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
    flows: 'opaque',
    parts: [],
    refused,
    unknownBecause: [refused.words],
  }
}

/** The parser's word about a text, without the values in it. */
export function rejected(error: StatementUnreadable): NonNullable<Operation['refused']> {
  return { code: 'unreadable', words: withoutValues(error.message) }
}
