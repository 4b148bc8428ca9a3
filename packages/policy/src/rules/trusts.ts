import type { TrustDocument, TrustPlatform } from '@hoop/contracts'
import { type CompileCondition, type Condition, ConditionError } from '../conditions/condition.ts'
import type { ClaimVariables } from '../conditions/variables.ts'

/** A Trust with its condition compiled. */
export interface TrustRule {
  readonly document: TrustDocument
  /** A condition that cannot be evaluated on these claims does not hold. */
  holds(claims: Readonly<Record<string, unknown>>): boolean
}

/** Throws if the document is not one that `parseDocuments` gives. */
export function trustRule(document: TrustDocument, compile: CompileCondition<ClaimVariables>): TrustRule {
  const condition = compile(document.when)
  const mistake = pinningMistake(document, condition) ?? audienceMistake(document) ?? issuerMistake(document)
  if (mistake !== null) throw new TypeError(`Trust/${document.name}: ${mistake}`)
  return {
    document,
    holds(claims) {
      try {
        return condition.holds({ claims })
      } catch (error) {
        if (error instanceof ConditionError) return false
        throw error
      }
    },
  }
}

/** Claims that no other project, account or workload is ever given, whatever it is called. */
const immutable: Record<TrustPlatform, readonly (readonly string[])[]> = {
  github: [['repository_id'], ['repository_owner_id']],
  gitlab: [['project_id']],
  google: [['sub']],
  kubernetes: [['kubernetes.io', 'serviceaccount', 'uid']],
  oidc: [['sub']],
}

const knownIssuers: readonly (readonly [issuer: RegExp, platform: TrustPlatform])[] = [
  [/^https:\/\/token\.actions\.githubusercontent\.com(\/|$)/, 'github'],
  [/^https:\/\/gitlab\.com\/?$/, 'gitlab'],
  [/^https:\/\/accounts\.google\.com\/?$/, 'google'],
  [/^https:\/\/container\.googleapis\.com\//, 'kubernetes'],
  [/^https:\/\/oidc\.eks\.[\w-]+\.amazonaws\.com(\.cn)?\//, 'kubernetes'],
]

function knownPlatform(issuer: string): TrustPlatform | null {
  return knownIssuers.find(([pattern]) => pattern.test(issuer))?.[1] ?? null
}

/** Why the condition lets in more than one owner's workloads over time; null: it does not. */
export function pinningMistake(document: TrustDocument, condition: Condition<ClaimVariables>): string | null {
  const platform = knownPlatform(document.issuer) ?? document.platform ?? 'oidc'
  const ids = immutable[platform].map((path) => ['claims', ...path])
  const isId = (path: readonly string[]) => ids.some((id) => id.length === path.length && id.every((step, i) => step === path[i]))
  if (condition.pins(isId)) return null
  const shown = ids.map(([, ...path]) =>
    path.length === 1 ? `claims.${path[0]}` : `claims['${path[0]}'].${path.slice(1).join('.')}`,
  )
  return `must compare ${shown.join(' or ')} with a text, whatever else is true: all other claims are names, which change hands`
}

/** What tokens for somebody else are made for: whoever gets one of those must not get in by it. */
const othersAudiences = [
  /^https:\/\/github\.com(\/|$)/,
  /^https:\/\/gitlab\.com(\/|$)/,
  /^sts\.amazonaws\.com/,
  /^api:\/\/AzureADTokenExchange$/,
  /^sigstore$/,
  /^https:\/\/kubernetes\.default\.svc/,
  /^https:\/\/iam\.googleapis\.com\//,
]

export function audienceMistake({ audience, issuer }: TrustDocument): string | null {
  if (audience !== issuer && !othersAudiences.some((pattern) => pattern.test(audience))) return null
  return 'must be for this gateway alone: tokens for this audience are made for others, who could come in by them'
}

export function issuerMistake({ issuer, platform }: TrustDocument): string | null {
  const known = knownPlatform(issuer)
  if (known !== null && platform !== undefined && platform !== known) return `this issuer is of ${known}, not ${platform}`
  const { protocol, hostname } = new URL(issuer)
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
  return protocol === 'http:' && !loopback ? 'must be https: its keys decide who gets in' : null
}
