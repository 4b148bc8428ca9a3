import type { Facts, Operation } from '@hoop/contracts'

/** An operation for tests: a harmless read, but for what is given. */
export function operation(given: Partial<Omit<Operation, 'facts'>> & { readonly facts?: Partial<Facts> } = {}): Operation {
  return {
    protocol: 'postgres',
    text: 'select 1',
    parameters: [],
    fingerprint: null,
    effects: ['read'],
    objects: [],
    functions: [],
    literals: [],
    runs: [],
    flows: [],
    parts: [],
    refused: null,
    unknownBecause: [],
    ...given,
    facts: { verbs: ['SELECT'], statements: 1, unbounded: false, destructive: false, columns: [], ...given.facts },
  }
}
