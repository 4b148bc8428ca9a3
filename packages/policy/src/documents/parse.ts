import {
  AccessDocument,
  ConnectionDocument,
  type ConnectionOf,
  type Document,
  DocumentKind,
  detectorKinds,
  LimitDocument,
  MaskDocument,
  mostHttpOperations,
  NotifierDocument,
  PolicyDocument,
  RoleDocument,
  ServiceAccountDocument,
  seconds,
  TrustDocument,
} from '@hoop/contracts'
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, visit, type Document as YamlDocument } from 'yaml'
import type { z } from 'zod'
import {
  type CompileCondition,
  type ConditionProblem,
  ConditionSyntaxError,
  claimsLanguage,
  conditionLanguage,
} from '../conditions/condition.ts'
import { ColumnPatternError, parseColumnPattern } from '../masks/columns.ts'
import { compileValuePattern, ValuePatternError } from '../masks/detectors/patterns.ts'
import { FieldPatternError, parseFieldPattern } from '../masks/field-patterns.ts'
import { suggestion } from '../near-misses.ts'
import { HoursError, parseHours } from '../rules/hours.ts'
import { notifierMistakes } from '../rules/notifiers.ts'
import { audienceMistake, issuerMistake, pinningMistake } from '../rules/trusts.ts'
import { mistakes } from './mistakes.ts'
import { readOpenApi } from './openapi.ts'
import { readOpenApiText } from './openapi-text.ts'
import { nodeAt, type Place, placeInScalar, placeOf, placeOfKey, secretsOf } from './places.ts'
import { ProblemList } from './problems.ts'

/** A valid document and where in its file it begins. */
export interface ParsedDocument {
  readonly document: Document
  readonly file: string
  /** From 1. */
  readonly line: number
}

const schemas = {
  Connection: ConnectionDocument,
  Access: AccessDocument,
  Policy: PolicyDocument,
  Mask: MaskDocument,
  Limit: LimitDocument,
  Role: RoleDocument,
  Trust: TrustDocument,
  ServiceAccount: ServiceAccountDocument,
  Notifier: NotifierDocument,
} satisfies Record<DocumentKind, z.ZodType>

/** Seconds. */
const longestHold = 30 * 86_400

/** Of one OpenAPI document, before the rest is left for the next try. */
const mostMistakes = 20

/** Keys of lists of groups. */
const namesGroups: ReadonlySet<unknown> = new Set(['groups', 'approvers'])

/** Keys below which a secret may stand, wrongly or not. */
const holdsSecrets: ReadonlySet<unknown> = new Set(['login', 'secret', 'botToken', 'signingSecret', 'password'])

/**
 * Reads a YAML stream of documents. Empty ones are skipped. `file` is only the name shown in messages.
 * Throws DocumentError with every mistake of the file: not only the first.
 */
export function parseDocuments(source: string, file: string): ParsedDocument[] {
  const problems = new ProblemList(file, source)
  const compileCondition = conditionLanguage()
  const seen = new Map<string, number>()
  const parsed: ParsedDocument[] = []
  for (const yaml of yamlDocuments(source, problems)) {
    const reader = new DocumentReader(source, yaml, problems, compileCondition)
    const document = reader.read()
    if (document === null) continue
    const { start, end } = placeOf(yaml, ['name'])
    const line = problems.lineOf(placeOfKey(yaml, [], 'kind').start)
    const first = seen.get(`${document.kind}/${document.name}`)
    if (first === undefined) seen.set(`${document.kind}/${document.name}`, line)
    else problems.add(start, end, `${document.kind}/${document.name} is already in this file, at line ${first}`)
    parsed.push({ document, file, line })
  }
  problems.throwIfAny()
  return parsed
}

function yamlDocuments(source: string, problems: ProblemList): YamlDocument.Parsed[] {
  // Positions come from the ranges of the nodes, messages from us.
  const stream = parseStream(source)
  if (stream === null) {
    problems.add(0, 1, 'is nested too deeply')
    return []
  }
  for (const yaml of stream) {
    for (const { code, pos, message } of [...yaml.errors, ...yaml.warnings]) {
      problems.add(pos[0], pos[1], code === 'RESOURCE_EXHAUSTION' ? 'is nested too deeply' : message)
    }
    visit(yaml, {
      Pair(_, { key, value }) {
        if (!isScalar(key)) return
        if (holdsSecrets.has(key.value)) for (const { start, end } of secretsOf(value)) problems.hide(start, end)
        // Whoever reads a map leaves it out: a selector would be about everything.
        if (key.value === '__proto__' && key.range) problems.add(key.range[0], key.range[1], 'no label is called so')
        if (!namesGroups.has(key.value) || !isSeq(value)) return
        for (const group of value.items)
          if (isScalar(group) && group.value === '' && group.range)
            problems.add(group.range[0], group.range[1], 'a group without a name: nobody is in it')
      },
      Alias(_, node) {
        if (isAlias(node) && node.range)
          problems.add(node.range[0], node.range[1], 'aliases are not supported: write the value out')
      },
    })
  }
  return problems.empty ? stream : []
}

function parseStream(source: string): YamlDocument.Parsed[] | null {
  try {
    const stream = parseAllDocuments(source, { prettyErrors: false })
    return Array.isArray(stream) ? stream : []
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** That of its protocol, so that a mistake is told by what may stand there. */
function connectionSchema(protocol: unknown) {
  return ConnectionDocument.options.find(({ shape }) => shape.protocol.value === protocol) ?? ConnectionDocument
}

/** Reads one document of the stream and notes what is wrong with it. */
class DocumentReader {
  readonly #source: string
  readonly #yaml: YamlDocument.Parsed
  readonly #problems: ProblemList
  readonly #compileCondition: CompileCondition

  constructor(source: string, yaml: YamlDocument.Parsed, problems: ProblemList, compileCondition: CompileCondition) {
    this.#source = source
    this.#yaml = yaml
    this.#problems = problems
    this.#compileCondition = compileCondition
  }

  /** The document, or null when it is empty or not valid. */
  read(): Document | null {
    const contents = this.#yaml.contents
    if (contents === null || (isScalar(contents) && contents.value === null)) return null
    if (!isMap(contents)) {
      this.#at([], 'a document is a map that begins with kind and name')
      return null
    }
    const value: unknown = this.#yaml.toJS()
    const kind = DocumentKind.safeParse(contents.get('kind'))
    if (!kind.success) {
      this.#wrongKind(contents.get('kind'))
      return null
    }
    const schema = kind.data === 'Connection' ? connectionSchema(contents.get('protocol')) : schemas[kind.data]
    const result = schema.safeParse(value, { reportInput: true })
    if (!result.success) {
      for (const mistake of result.error.issues.flatMap((issue) => mistakes(issue, schema))) {
        if (mistake.key === null) this.#at(mistake.path, mistake.message)
        else this.#atKey(mistake.path, mistake.key, mistake.message)
      }
      return null
    }
    if (result.data.kind === 'Connection' && result.data.protocol === 'http') return this.#withOpenApi(result.data)
    if (result.data.kind === 'Policy') this.#checkPolicy(result.data)
    if (result.data.kind === 'Mask') this.#checkMask(result.data)
    if (result.data.kind === 'Limit') this.#checkLimit(result.data)
    if (result.data.kind === 'Access') this.#checkAccess(result.data)
    if (result.data.kind === 'Role') this.#checkRole(result.data)
    if (result.data.kind === 'Trust') this.#checkTrust(result.data)
    if (result.data.kind === 'Notifier') {
      for (const { path, message } of notifierMistakes(result.data)) this.#at(path, message)
    }
    return result.data
  }

  /** The connection with the operations of its OpenAPI document; those that it lists itself come first, and count. */
  #withOpenApi({ openapi, ...connection }: ConnectionOf<'http'>): ConnectionOf<'http'> {
    if (openapi === undefined) return connection
    const node = nodeAt(this.#yaml, ['openapi'])
    const text = typeof openapi === 'string' && isScalar(node) ? readOpenApiText(openapi) : null
    const place = (start: number, end: number): Place =>
      isScalar(node) ? placeInScalar(this.#source, node, { start, end }) : placeOf(this.#yaml, ['openapi'])
    if (text !== null && 'wrong' in text) {
      const { start, end } = place(text.wrong.start, text.wrong.end)
      this.#problems.add(start, end, `openapi: ${text.wrong.message}`)
      return connection
    }
    const { operations, mistakes: found } = readOpenApi(text === null ? openapi : text.value, connection)
    for (const { path, message } of found.slice(0, mostMistakes)) {
      const inner = text === null ? null : placeOf(text.yaml, path)
      const { start, end } = inner === null ? placeOf(this.#yaml, ['openapi', ...path]) : place(inner.start, inner.end)
      this.#problems.add(start, end, `openapi: ${message}`)
    }
    const listed = new Set(connection.operations.map(({ method, path }) => `${method} ${path}`))
    const all = [...connection.operations, ...operations.filter(({ method, path }) => !listed.has(`${method} ${path}`))]
    if (all.length > mostHttpOperations)
      this.#atKey([], 'openapi', `has ${all.length} operations; a connection has at most ${mostHttpOperations}`)
    return { ...connection, operations: all }
  }

  #wrongKind(kind: unknown): void {
    if (kind === undefined) this.#at([], `kind is missing. Allowed: ${DocumentKind.options.join(', ')}.`)
    else this.#at(['kind'], `unknown kind ${String(kind)}. ${suggestion(String(kind), DocumentKind.options)}`)
  }

  #checkPolicy(policy: PolicyDocument): void {
    if (policy.then === 'approve' && policy.approvers === undefined) {
      this.#at(['then'], 'approve needs approvers: { groups: [...] }: without them nobody could say yes')
    }
    if (policy.then !== 'approve' && policy.approvers !== undefined) {
      this.#atKey([], 'approvers', `approvers belong to then: approve; this rule says ${policy.then}`)
    }
    if (policy.approvers !== undefined && seconds(policy.approvers.timeout) > longestHold) {
      this.#at(['approvers', 'timeout'], 'must be 30d or less: nobody remembers then what was asked')
    }
    for (const key of ['onHold', 'reveal'] as const) {
      if (policy.then !== 'approve' && policy[key] !== undefined) {
        this.#atKey([], key, `${key} belongs to then: approve; this rule says ${policy.then}`)
      }
    }
    const condition = this.#checkCondition(() => this.#compileCondition(policy.when))
    if (condition !== null) this.#inCondition(condition.impossible)
  }

  /** The condition at `when`; null if it is wrong. */
  #checkCondition<T>(compile: () => T): T | null {
    try {
      return compile()
    } catch (error) {
      if (!(error instanceof ConditionSyntaxError)) throw error
      this.#inCondition(error.problems)
      return null
    }
  }

  #inCondition(problems: readonly ConditionProblem[]): void {
    const scalar = nodeAt(this.#yaml, ['when'])
    for (const problem of problems) {
      const { start, end } = isScalar(scalar) ? placeInScalar(this.#source, scalar, problem) : placeOf(this.#yaml, ['when'])
      this.#problems.add(start, end, `when: ${problem.message}`)
    }
  }

  #checkAccess({ hours }: AccessDocument): void {
    try {
      if (hours !== undefined) parseHours(hours)
    } catch (error) {
      if (!(error instanceof HoursError)) throw error
      this.#at(['hours'], error.message)
    }
  }

  #checkLimit({ rows, bytes, operationsPerMinute, operationTime, per }: LimitDocument): void {
    if ([rows, bytes, operationsPerMinute, operationTime].every((limit) => limit === undefined)) {
      this.#at(['name'], 'limits nothing: give rows, bytes, operationsPerMinute, operationTime, or several of them')
    }
    if (per === 'operation' && operationsPerMinute !== undefined) {
      this.#atKey(
        [],
        'operationsPerMinute',
        'operationsPerMinute counts those of a session or an identity: say per: session or per: identity',
      )
    }
  }

  #checkRole({ groups, people, may, connections }: RoleDocument): void {
    if (groups === undefined && people === undefined) this.#at(['name'], 'is the role of nobody: give groups, people, or both')
    if (people !== undefined && may.includes('approve')) {
      this.#atKey(
        [],
        'people',
        'people are of may: [admin], [audit] and [break-glass]: a rule names its approvers by their groups',
      )
    }
    if (connections === undefined || may.every((role) => role === 'approve' || role === 'break-glass')) return
    this.#atKey(
      [],
      'connections',
      'connections are of may: [approve] and [break-glass] only: admins and auditors are that for all of them',
    )
  }

  #checkTrust(trust: TrustDocument): void {
    const condition = this.#checkCondition(() => claimsLanguage()(trust.when))
    const pinning = condition && pinningMistake(trust, condition)
    if (pinning) this.#at(['when'], `when: ${pinning}`)
    const audience = audienceMistake(trust)
    if (audience) this.#at(['audience'], `audience ${audience}`)
    const issuer = issuerMistake(trust)
    if (issuer) this.#at(['issuer'], `issuer: ${issuer}`)
    if (trust.as.kind !== 'agent') return
    for (const key of ['onBehalfOf', 'maxSession']) {
      if (this.#yaml.hasIn([key])) this.#atKey([], key, `${key} is of machines that use connections: an agent only carries them`)
    }
  }

  #checkMask(mask: MaskDocument): void {
    if (mask.columns.length === 0 && mask.fields.length === 0 && mask.detect.length === 0 && mask.patterns.length === 0) {
      this.#at(['name'], 'masks nothing: give columns, fields, detect, patterns, or several of them')
    }
    for (const [index, pattern] of mask.columns.entries()) this.#checkPattern(parseColumnPattern, pattern, ['columns', index])
    for (const [index, pattern] of mask.fields.entries()) this.#checkPattern(parseFieldPattern, pattern, ['fields', index])
    for (const [index, pattern] of mask.patterns.entries()) {
      this.#checkPattern(compileValuePattern, pattern, ['patterns', index, 're2'])
      const taken = mask.patterns.findIndex(({ name }) => name === pattern.name) < index || isDetectorName(pattern.name)
      if (taken) this.#at(['patterns', index, 'name'], `the name ${pattern.name} is taken`)
    }
  }

  #checkPattern<P>(parse: (pattern: P) => unknown, pattern: P, path: readonly PropertyKey[]): void {
    try {
      parse(pattern)
    } catch (error) {
      if (!(error instanceof ColumnPatternError || error instanceof FieldPatternError || error instanceof ValuePatternError))
        throw error
      this.#at(path, error.message)
    }
  }

  #at(path: readonly PropertyKey[], message: string): void {
    const { start, end } = placeOf(this.#yaml, path)
    this.#problems.add(start, end, message)
  }

  #atKey(path: readonly PropertyKey[], key: string, message: string): void {
    const { start, end } = placeOfKey(this.#yaml, path, key)
    this.#problems.add(start, end, message)
  }
}

function isDetectorName(name: string): boolean {
  return name === 'national-id' || detectorKinds.some((kind) => kind === name)
}
