import { type ASTNode, type TypeError as CelTypeError, Environment, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import { RE2JS, RE2JSException } from 're2js'
import { nearest, suggestion } from '../near-misses.ts'
import { impossibleValues } from './impossible-values.ts'
import { asksForMinutesOnly, hasLiteral, isMacro, isPinned, nodes, reads } from './syntax.ts'
import { type ClaimVariables, claimTypes, messageTypes, type Variables, variableTypes } from './variables.ts'

/** What is wrong with a condition, and where: `[start, end)` in UTF-16 units of its source. */
export interface ConditionProblem {
  readonly message: string
  readonly start: number
  readonly end: number
}

/** A type-checked CEL expression of type bool. */
export interface Condition<Values extends object = Variables> {
  readonly source: string
  /** See `reads` in syntax.ts. */
  readonly reads: ReadonlySet<string>
  /** Whether it is the same at all moments of a minute. */
  readonly steadyForMinutes: boolean
  /** Whether the string `unknown` stands in it as a literal: the rule names the effect. */
  readonly namesUnknown: boolean
  /** Values in it that can never be: mistakes in a document that is applied, and no reason to drop one that is in force. */
  readonly impossible: readonly ConditionProblem[]
  /** True or false; throws ConditionError when it cannot be evaluated. */
  holds(variables: Values): boolean
  /** Whether it is true only where the value at one of these paths is a text that is written out in it. */
  pins(isPath: (path: readonly string[]) => boolean): boolean
}

/** A condition that does not compile. */
export class ConditionSyntaxError extends Error {
  override readonly name = 'ConditionSyntaxError'
  readonly problems: readonly ConditionProblem[]
  constructor(problems: readonly ConditionProblem[]) {
    super(problems.map((problem) => problem.message).join('; '))
    this.problems = problems
  }
}

/** A condition that compiled and could not be evaluated on these variables. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError'
}

/** Compiles conditions; throws ConditionSyntaxError. */
export type CompileCondition<Values extends object = Variables> = (source: string) => Condition<Values>

/** The language of conditions: CEL with `re(text, pattern)` on RE2 in place of `matches()`. The only door to cel-js. */
export function conditionLanguage(): CompileCondition {
  return languageOf(variableTypes)
}

/** The same over the claims of a token. */
export function claimsLanguage(): CompileCondition<ClaimVariables> {
  return languageOf(claimTypes)
}

function languageOf<Values extends object>(variables: Readonly<Record<string, string>>): CompileCondition<Values> {
  // Patterns are literals (see `patternProblem`), so this holds no more than the documents do.
  const patterns = new Map<string, RE2JS>()
  const environment = new Environment({ limits: { maxAstNodes: 5000, maxDepth: 100 } })
  for (const [name, type] of Object.entries(messageTypes)) environment.registerType(name, { ctor: type, fields: type.fields })
  for (const [name, type] of Object.entries(variables)) environment.registerVariable(name, type)
  environment.registerFunction('re(string, string): bool', (text: string, pattern: string) => {
    let compiled = patterns.get(pattern)
    if (compiled === undefined) {
      compiled = RE2JS.compile(pattern)
      patterns.set(pattern, compiled)
    }
    return compiled.test(text)
  })
  const functions = new Set(environment.getDefinitions().functions.map((definition) => definition.name))
  functions.delete('matches')
  return (source) => compile<Values>({ environment, functions, variables }, source)
}

interface Language {
  readonly environment: Environment
  readonly functions: ReadonlySet<string>
  /** CEL types, by name. */
  readonly variables: Readonly<Record<string, string>>
}

function compile<Values extends object>(language: Language, source: string): Condition<Values> {
  const { environment, functions, variables: known } = language
  let parsed: ReturnType<Environment['parse']>
  try {
    parsed = environment.parse(source)
  } catch (error) {
    if (error instanceof ParseError) throw new ConditionSyntaxError([place(error, source, known)])
    throw error
  }
  const problems = [...nodes(parsed.ast)].flatMap((node) => [...callProblem(node, functions), ...nestingProblem(node)])
  if (problems.length > 0) throw new ConditionSyntaxError(problems)
  // Read from the tree before the checker annotates it.
  const { ast } = parsed
  const condition = {
    source,
    reads: reads(ast),
    steadyForMinutes: asksForMinutesOnly(ast),
    namesUnknown: hasLiteral(ast, 'unknown'),
    impossible: impossibleValues(ast),
  }
  const { valid, type, error } = parsed.check()
  if (!valid) {
    if (error === undefined)
      throw new ConditionSyntaxError([{ message: 'is not a valid condition', start: 0, end: source.length }])
    throw new ConditionSyntaxError([place(error, source, known)])
  }
  if (type !== 'bool') {
    throw new ConditionSyntaxError([{ message: `a condition must be bool; this is ${type}`, start: 0, end: source.length }])
  }
  return {
    ...condition,
    holds(variables) {
      const result: unknown = evaluate(parsed, variables)
      if (typeof result !== 'boolean') throw new ConditionError(`gave ${typeof result}, not bool`)
      return result
    },
    // Of a tree of its own: the checker has been at that one.
    pins: (isPath) => isPinned(environment.parse(source).ast, isPath),
  }
}

function evaluate(parsed: ReturnType<Environment['parse']>, variables: object): unknown {
  try {
    return parsed({ ...variables })
  } catch (error) {
    if (error instanceof EvaluationError) throw new ConditionError(error.summary, { cause: error })
    throw new ConditionError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function place(error: ParseError | CelTypeError, source: string, known: Language['variables']): ConditionProblem {
  const start = Math.min(error.range?.start ?? 0, source.length)
  const end = Math.max(start, Math.min(error.range?.end ?? start, source.length))
  return { message: words(error, source.slice(start, end), known), start, end }
}

function words(error: ParseError | CelTypeError, name: string, known: Language['variables']): string {
  if (error.code === 'unknown_variable') {
    const owner = Object.entries(known).find(([, type]) => fieldsOf(type).includes(name))
    if (owner) return `unknown name ${name}. Did you mean ${owner[0]}.${name}?`
    return `unknown name ${name}. ${suggestion(name, Object.keys(known))}`
  }
  if (error.code === 'no_such_key') {
    const allowed = fieldsOf(ownerType(error.node))
    return `unknown field ${name}. ${suggestion(name, allowed)}`
  }
  return error.summary
}

/** The CEL type of the value whose field was asked for; cel-js notes it on the tree while it checks. */
function ownerType(node: unknown): string | null {
  const owner = field(field(node, 'args'), '0')
  const type = field(field(owner, 'checkedType'), 'name')
  return typeof type === 'string' ? type : null
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function fieldsOf(type: string | null): readonly string[] {
  const known = Object.entries(messageTypes).filter(([name]) => type === null || name === type)
  return [...new Set(known.flatMap(([, message]) => Object.keys(message.fields)))]
}

function callProblem(node: ASTNode, functions: ReadonlySet<string>): ConditionProblem[] {
  if (node.op !== 'call' && node.op !== 'rcall') return []
  const name = node.args[0]
  const place = { start: node.start, end: node.end }
  if (name === 'matches') {
    return [
      { message: 'matches() can take for ever on a hostile text. Use re(text, pattern), which runs in linear time', ...place },
    ]
  }
  if (!functions.has(name)) {
    const near = nearest(name, functions)
    return [{ message: `unknown function ${name}.${near === null ? '' : ` Did you mean ${near}?`}`, ...place }]
  }
  return name === 're' && node.op === 'call' ? patternProblem(node.args[1][1]) : []
}

/** One list for each element of another: the caller chooses how long lists are, and everybody waits for the product. */
function nestingProblem(node: ASTNode): ConditionProblem[] {
  if (node.op !== 'rcall' || !isMacro(node)) return []
  const inner = node.args[2].flatMap((body) => [...nodes(body)]).find(isMacro)
  if (inner === undefined) return []
  const message = 'one list inside another takes too long on a large statement. Write two rules, or use in [...]'
  return [{ message, start: inner.start, end: inner.end }]
}

/** A pattern must be a literal: then it is compiled, and refused, when the document is saved. */
function patternProblem(pattern: ASTNode | undefined): ConditionProblem[] {
  if (pattern === undefined) return []
  const place = { start: pattern.start, end: pattern.end }
  if (pattern.op !== 'value' || typeof pattern.args !== 'string') {
    return [{ message: 'the pattern of re(text, pattern) must be a string literal', ...place }]
  }
  try {
    RE2JS.compile(pattern.args)
    return []
  } catch (error) {
    if (error instanceof RE2JSException) return [{ message: error.message, ...place }]
    throw error
  }
}
