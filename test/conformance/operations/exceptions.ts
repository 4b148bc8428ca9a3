import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Finding } from './script.ts'

/** Statements on whose locks the reading and the server may differ. */
const Exception = z.strictObject({
  /** A regular expression, white space in the statement being single spaces. */
  statement: z.string().min(1),
  /** The script; absent: any. */
  file: z.string().optional(),
  /** A regular expression that every difference matches, as `missing read public.t`; absent: any. */
  differs: z.string().optional(),
  because: z.string().min(1),
})
export type Exception = z.infer<typeof Exception>

export async function readExceptions(): Promise<readonly Exception[]> {
  return z.array(Exception).parse(parse(await readFile(new URL('exceptions.yaml', import.meta.url), 'utf8')))
}

/** Marks what is excepted; `stale` are exceptions that match nothing. */
export function applyExceptions(
  findings: readonly Finding[],
  exceptions: readonly Exception[],
): { readonly findings: readonly Finding[]; readonly stale: readonly Exception[] } {
  const used = new Set<Exception>()
  const judged = findings.map((finding) => {
    const { verdict } = finding
    const matching = exceptions.find((exception) => matches(exception, finding))
    if (matching === undefined || verdict.kind !== 'wrong') return finding
    used.add(matching)
    return { ...finding, verdict: { ...verdict, kind: 'excepted', words: matching.because } as const }
  })
  return { findings: judged, stale: exceptions.filter((exception) => !used.has(exception)) }
}

function matches({ statement, file, differs }: Exception, { file: name, text, verdict }: Finding): boolean {
  if (verdict.kind !== 'wrong' || (file !== undefined && file !== name)) return false
  if (!new RegExp(statement, 'i').test(text.trim().replaceAll(/\s+/g, ' '))) return false
  if (differs === undefined) return true
  const words = new RegExp(differs)
  return verdict.disagreements.every(({ what, access, relation }) => words.test(`${what} ${access} ${relation}`))
}
