import { ExplainedVerdict, type ExplainRequest, ExplainResponse, type Explanation, SupposedIdentity } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import type { Device } from './device.ts'
import { readGivenFiles } from './given-file.ts'

const Labels = z.record(z.string(), z.string())

const texts = ['statement', 'statements', 'request', 'requests'] as const

/** One row of a table: a statement or several, who sends it, and what is to come of it. */
const Case = z
  .strictObject({
    name: z.string().min(1).optional(),
    identity: SupposedIdentity.optional(),
    connection: z.string().min(1).optional(),
    database: z.string().min(1).optional(),
    labels: Labels.optional(),
    reason: z.string().optional(),
    at: z.iso.datetime({ offset: true }).optional(),
    statement: z.string().optional(),
    statements: z.array(z.string()).min(1).optional(),
    /** The same of connections that carry requests: METHOD and path, headers, an empty line, the body. */
    request: z.string().optional(),
    requests: z.array(z.string()).min(1).optional(),
    expect: ExplainedVerdict,
    /** The rule that refuses, or one that asks. */
    rule: z.string().min(1).optional(),
    /** Exactly these columns of the result, by name. */
    masked: z.array(z.string()).optional(),
  })
  .refine((each) => texts.filter((key) => each[key] !== undefined).length === 1, {
    error: `a case has one of ${texts.join(', ')}`,
  })
type Case = z.infer<typeof Case>

const Table = z.strictObject({
  /** For cases that do not say it themselves. */
  connection: z.string().min(1).optional(),
  labels: Labels.optional(),
  identity: SupposedIdentity.optional(),
  cases: z.array(Case).min(1).max(1000),
})

/** One statement with what is expected of it. */
interface Expectation {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly statement: string
  readonly expected: Pick<Case, 'expect' | 'rule' | 'masked'>
  readonly question: ExplainRequest['questions'][number]
}

/** What came of one statement of a table. */
export interface CaseResult {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly statement: string
  /** Why it is not as expected; empty: it is. */
  readonly wrong: readonly string[]
  readonly verdict: ExplainedVerdict
}

export interface TestRun {
  readonly policyVersion: string
  readonly results: readonly CaseResult[]
}

/** How many statements are asked for at a time. */
const atOnce = 1000

/**
 * Asks the gateway about every statement of these tables; `documents`: files that are laid over what is in force; `connection`: of all cases,
 * whatever they say. Throws HoopError `invalid_request` for a table that cannot be read.
 */
export async function testPolicies(
  device: Device,
  tables: readonly string[],
  options: { readonly documents: readonly string[]; readonly connection: string | null },
): Promise<TestRun> {
  const files = await Promise.all(tables.map(async (file) => ({ file, text: await readGivenFiles([file]) })))
  const expectations = files.flatMap(({ file, text }) => readTable(file, text, options.connection))
  const documents = await proposed(options.documents)
  const results: CaseResult[] = []
  let policyVersion = ''
  for (let from = 0; from < expectations.length; from += atOnce) {
    const some = expectations.slice(from, from + atOnce)
    const request: ExplainRequest = { ...documents, questions: some.map(({ question }) => question) }
    const answer = await device.client.post('/v1/policy/explain', request, ExplainResponse)
    policyVersion = answer.policyVersion
    for (const [index, expectation] of some.entries()) {
      const explanation = answer.explanations[index]
      if (explanation !== undefined) results.push(resultOf(expectation, explanation))
    }
  }
  return { policyVersion, results }
}

/** What files of documents say, as part of a request; none: what is in force. */
export async function proposed(files: readonly string[]): Promise<Pick<ExplainRequest, 'documents'>> {
  if (files.length === 0) return {}
  const [file = ''] = files
  return { documents: { yaml: await readGivenFiles(files), file: files.length === 1 ? file : files.join(', ') } }
}

function readTable(file: string, text: string, connection: string | null): Expectation[] {
  const lines = new LineCounter()
  const yaml = parseDocument(text, { lineCounter: lines })
  const [error] = yaml.errors
  if (error !== undefined) throw unreadable(file, lines.linePos(error.pos[0]).line, error.message.split('\n')[0] ?? '')
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length--) {
      const node: unknown = yaml.getIn(path.slice(0, length), true)
      if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
        return lines.linePos(Number(node.range[0])).line
      }
    }
    return 1
  }
  const read = Table.safeParse(yaml.toJS())
  const [issue] = read.error?.issues ?? []
  if (!read.success) throw unreadable(file, lineOf(issue?.path ?? []), `${issue?.path.join('.')}: ${issue?.message}`)
  const { cases, ...common } = read.data
  return cases.flatMap((each, index) => {
    const line = lineOf(['cases', index])
    const { expect, rule, masked, name, statement, request, requests, statements, ...own } = each
    const asked = connection ?? own.connection ?? common.connection
    if (asked === undefined)
      throw unreadable(file, line, 'which connection? Say it in the case, in the table, or with --connection')
    const identity = own.identity ?? common.identity
    const asking = statements ?? requests ?? [statement ?? request ?? '']
    return asking.map((text): Expectation => {
      const question = {
        ...own,
        ...(identity && { identity }),
        connection: asked,
        statement: text,
        labels: { ...common.labels, ...own.labels },
        reason: own.reason ?? null,
      }
      return { file, line, name: name ?? text, statement: text, expected: { expect, rule, masked }, question }
    })
  })
}

function unreadable(file: string, line: number, words: string): HoopError {
  return new HoopError('invalid_request', `${file}:${line}: ${words}`, { hint: 'hoop policy test --help shows a table of cases' })
}

function resultOf({ expected, question: _, ...place }: Expectation, explanation: Explanation): CaseResult {
  const wrong: string[] = []
  const { verdict } = explanation
  if (verdict !== expected.expect) wrong.push(`expected ${expected.expect}, is ${verdict}${decidedBy(explanation)}`)
  const rules = decidingRules(explanation)
  if (expected.rule !== undefined && !rules.includes(expected.rule)) {
    wrong.push(`expected to be decided by ${expected.rule}, is by ${rules.join(' and ') || 'no rule'}`)
  }
  const masked = maskedColumns(explanation)
  if (expected.masked !== undefined && String(expected.masked.toSorted()) !== String(masked.toSorted())) {
    wrong.push(`expected masked: ${expected.masked.join(', ') || 'nothing'}; is: ${masked.join(', ') || 'nothing'}`)
  }
  return { ...place, wrong, verdict }
}

/** Those by which it is not simply permitted. */
function decidingRules({ refusal, approvals }: Explanation): string[] {
  return refusal === null ? approvals.map(({ rule }) => rule) : [refusal.rule]
}

function decidedBy(explanation: Explanation): string {
  const rules = decidingRules(explanation)
  return rules.length === 0 ? '' : ` by ${rules.join(' and ')}`
}

function maskedColumns({ results }: Explanation): string[] {
  return results.flatMap(({ columns }) =>
    columns === null ? ['*'] : columns.flatMap(({ name, mask }) => (mask === null ? [] : [name ?? '?'])),
  )
}

const identityShape = /^(person|service|ai-agent)(?::(.+))?$/

/** `ai-agent:coding-agents` and `person:dba,engineering`: the second stands behind the first. Throws HoopError `invalid_request`. */
export function supposedIdentity(words: readonly string[]): SupposedIdentity | null {
  if (words.length === 0) return null
  const [first, behind, ...more] = words.map((word) => {
    const [, kind, groups = ''] = identityShape.exec(word) ?? []
    const parsed = SupposedIdentity.safeParse({ kind, groups: groups.split(',').filter((group) => group !== '') })
    if (parsed.success) return parsed.data
    throw new HoopError('invalid_request', `--as ${word} is no identity`, {
      hint: 'give a kind and groups: person:dba,engineering, service:ci, ai-agent:coding-agents',
    })
  })
  if (first === undefined) return null
  if (behind === undefined) return first
  if (more.length === 0 && behind.kind === 'person' && first.kind !== 'person') {
    return { ...first, onBehalfOf: { groups: behind.groups } }
  }
  throw new HoopError('invalid_request', '--as is given twice for a machine and the person behind it only', {
    hint: '--as ai-agent:coding-agents --as person:engineering',
  })
}
