import { Effect, IdentityKind, ProtocolName } from '@hoop/contracts'
import type { ASTNode } from '@marcbachmann/cel-js'
import { suggestion } from '../near-misses.ts'
import { isMacro, operands } from './syntax.ts'

/** A text that what it is compared with can never be: `[start, end)` in UTF-16 units of the source. */
interface ImpossibleValue {
  readonly message: string
  readonly start: number
  readonly end: number
}

/** What a value can be; null: this text is fine. */
type Domain = (text: string) => string | null

const oneOf =
  (what: string, values: readonly string[]): Domain =>
  (text) =>
    values.includes(text) ? null : `there is no ${what} ${text}. ${suggestion(text, values)}`

function inCapitals(what: string): Domain {
  return (text) => (/[a-z]/.test(text) && !/[A-Z]/.test(text) ? `${what} are in capitals: ${text.toUpperCase()}` : null)
}

function inSmallLetters(words: string): Domain {
  return (text) => (/[A-Z]/.test(text) ? words : null)
}

/** Those of resources, of the old proxy paths, and methods of what is no resource. */
const kubernetesVerb = oneOf('verb', [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
  ...['proxy', 'head', 'options', 'post', 'put'],
])

const domains: ReadonlyMap<string, Domain> = new Map([
  ['identity.kind', oneOf('kind of identity', IdentityKind.options)],
  ['connection.protocol', oneOf('protocol', ProtocolName.options)],
  ['operation.protocol', oneOf('protocol', ProtocolName.options)],
  ['operation.request.method', inCapitals('methods')],
  ['operation.kubernetes.verb', (text) => (text === '' ? null : kubernetesVerb(text))],
  ['operation.kubernetes.resource', inSmallLetters('resources are plural and in small letters, as in paths: pods, configmaps')],
  [
    'operation.kubernetes.subresource',
    inSmallLetters('subresources are in small letters, as in paths: exec, ephemeralcontainers'),
  ],
])

/** Of the elements of lists. */
const elements: ReadonlyMap<string, Domain> = new Map([
  ['operation.effects', oneOf('effect', Effect.options)],
  ['operation.verbs', inCapitals('verbs')],
])

/** Every mistyped value of a condition: it would never hold, and the rule never match. */
export function impossibleValues(root: ASTNode, bound: ReadonlyMap<string, Domain> = new Map()): ImpossibleValue[] {
  const found = operands(root).flatMap((operand) => impossibleValues(operand, within(root, bound)))
  if (root.op !== '==' && root.op !== '!=' && root.op !== 'in') return found
  const [one, other] = root.args
  return [
    ...wrong(domainOf(one, bound), root.op === 'in' && other.op === 'list' ? other.args : [other]),
    ...wrong(root.op === 'in' ? elements.get(pathOf(other)) : domainOf(other, bound), [one]),
    ...found,
  ]
}

/** What names stand for inside of `operation.effects.exists(e, …)`. */
function within(node: ASTNode, bound: ReadonlyMap<string, Domain>): ReadonlyMap<string, Domain> {
  if (node.op !== 'rcall' || !isMacro(node)) return bound
  const [, list, [name]] = node.args
  if (name?.op !== 'id') return bound
  const inner = new Map(bound)
  const domain = elements.get(pathOf(list))
  if (domain === undefined) inner.delete(name.args)
  else inner.set(name.args, domain)
  return inner
}

function domainOf(node: ASTNode, bound: ReadonlyMap<string, Domain>): Domain | undefined {
  return node.op === 'id' ? bound.get(node.args) : domains.get(pathOf(node))
}

/** `operation.kubernetes.verb`; empty: it is no path. */
function pathOf(node: ASTNode): string {
  if (node.op === 'id') return node.args
  if (node.op !== '.') return ''
  const owner = pathOf(node.args[0])
  return owner === '' ? '' : `${owner}.${node.args[1]}`
}

function wrong(domain: Domain | undefined, values: readonly ASTNode[]): ImpossibleValue[] {
  if (domain === undefined) return []
  return values.flatMap(({ op, args, start, end }) => {
    const message = op === 'value' && typeof args === 'string' ? domain(args) : null
    return message === null ? [] : [{ message, start, end }]
  })
}
