import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import type { SuiteResult } from './suite.ts'

/** Tests that give something else under the strict profile, by name, and why. */
const Differences = z.record(z.string(), z.string().min(1))
export type Differences = z.infer<typeof Differences>

/** The tests of which a difference is expected. */
export async function readDifferences(): Promise<Differences> {
  return Differences.parse(parse(await readFile(new URL('strict-differences.yaml', import.meta.url), 'utf8')))
}

/** Where a run and the list do not agree, in words: a difference that nobody explained, or an explanation of none. */
export function judgeDifferences({ passed, failed }: SuiteResult, expected: Differences): string[] {
  const unexplained = [...failed].filter(([test]) => expected[test] === undefined)
  const explained = Object.keys(expected).filter((test) => passed.has(test))
  return [
    ...unexplained.map(
      ([test, { first, file }]) => `${test} differs, and strict-differences.yaml does not say why: ${first} (${file})`,
    ),
    ...explained.map((test) => `${test} passes: take it off strict-differences.yaml`),
  ]
}
