import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { readOperation } from './operations.ts'
import { requestOf } from './request.fixture.ts'

interface Case {
  readonly request: string
  readonly type?: string
  readonly body?: unknown
}
const cases = parseYaml(readFileSync(new URL('operations.yaml', import.meta.url), 'utf8')) as readonly Case[]

describe('operations.yaml', () => {
  test.each(cases)('$request $type $body', (expected) => {
    expect(written(expected)).toEqual(expected)
  })
})

/** An operation in the words of operations.yaml. */
function written({ request, type, body }: Case): object {
  const operation = readOperation(...requestOf(request, { type, body }))
  const { facts, literals, text } = operation
  const { verb, dryRun } = facts.kubernetes ?? {}
  const all = {
    verb,
    effects: operation.effects,
    objects: operation.objects.map(({ access, kind, name }) => `${access} ${kind} ${name}`),
    functions: operation.functions,
    command: facts.command ?? [],
    dryRun,
    unbounded: facts.unbounded,
    destructive: facts.destructive,
    selectors: [facts.kubernetes?.fieldSelector, facts.kubernetes?.labelSelector].filter(Boolean),
    secrets: literals.filter(({ secret }) => secret).map(({ start, end }) => text.slice(start, end)),
    unknown: operation.refused === null ? operation.unknownBecause : [],
    guesses: (operation.fieldFlows ?? []).flatMap(({ from, to }) => (to === null ? from.path.join('.') : [])),
    copies: (operation.fieldFlows ?? []).flatMap(({ from, to }) =>
      to === null ? [] : `${from.path.join('.')} to ${to.path.join('.')}`,
    ),
    refused: operation.refused === null ? '' : `${operation.refused.code}: ${operation.refused.words}`,
  }
  const present = Object.entries(all).filter(
    ([, value]) => value !== false && value !== '' && !(Array.isArray(value) && value.length === 0),
  )
  return { request, ...(type !== undefined && { type }), ...(body !== undefined && { body }), ...Object.fromEntries(present) }
}
