import { createHash } from 'node:crypto'
import { HoopError, type TrustDocument } from '@hoop/contracts'
import { decodeJwt, type JWTPayload } from 'jose'
import { z } from 'zod'
import type { Documents } from '../documents/documents.ts'
import { Issuer } from './issuer.ts'

/** A token of a trusted issuer that was verified, and not used up yet. */
export interface Workload {
  readonly trust: TrustDocument
  /** Names the token, whatever its signature looks like: SHA-256. */
  readonly hash: Buffer
  readonly expiresAt: Date
  /** What it says of itself, for the log. */
  readonly words: string
}

/** Seconds: longer than that no platform's tokens live, and until their end they are remembered. */
const longestLife = 24 * 3600
/** Milliseconds for which a used token is remembered after its end: more than clocks may differ. */
const margin = 120_000
const Text = z.string().min(1).max(1000)

/** Verifies the tokens that platforms give to their workloads (OpenID Connect ID tokens, as GitHub, GitLab, Google and Kubernetes make them). */
export class WorkloadTokens {
  readonly #documents: Pick<Documents, 'rules'>
  readonly #allowPlain: boolean
  readonly #issuers = new Map<string, Issuer>()

  /** `allowPlain`: plain http to an issuer on loopback, in demo mode. */
  constructor(parts: { documents: Pick<Documents, 'rules'>; allowPlain: boolean }) {
    this.#documents = parts.documents
    this.#allowPlain = parts.allowPlain
  }

  /**
   * `wanted`: as what it is to come in; Trusts in others take no part.
   * @throws HoopError `invalid_token` with what is wrong in it, `unavailable` when the issuer's keys cannot be had
   */
  async verify(token: string, wanted: 'machine' | 'agent'): Promise<Workload> {
    const said = unverified(token)
    const issuer = Text.safeParse(said.iss)
    if (!issuer.success) throw refused('names no issuer')
    const rules = this.#documents
      .rules()
      .trusts(issuer.data)
      .filter(({ document }) => (document.as.kind === 'agent') === (wanted === 'agent'))
    const purpose = wanted === 'agent' ? ' for agents' : ''
    if (rules.length === 0) throw refused(`is of ${issuer.data}, an issuer that no Trust document${purpose} names`)
    const claims = await this.#issuer(issuer.data)
      .verify(token, name, { requiredClaims: ['exp', 'iat'], maxTokenAge: longestLife })
      .catch((error: unknown) => {
        if (!(error instanceof HoopError) || error.code !== 'invalid_token') throw error
        throw new HoopError('invalid_token', error.message, { hint, cause: error.cause })
      })
    const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud ?? '']
    // For nobody else: whom it is also for could come in by it.
    const meant = rules.filter(({ document }) => audiences.length === 1 && audiences[0] === document.audience)
    if (meant.length === 0) {
      const wanted = [...new Set(rules.map(({ document }) => document.audience))].join(' or ')
      throw refused(`is for the audience ${shown(audiences.join(', ')) || 'of nobody'}, and must be for ${wanted} alone`)
    }
    const taking = meant.filter((rule) => rule.holds(claims))
    const [first, ...others] = taking
    if (first === undefined) throw refused(`is not one that a Trust document${purpose} takes: it says ${saying(claims)}`)
    if (others.length > 0) {
      const names = taking.map(({ document }) => `Trust/${document.name}`).join(' and ')
      throw refused(
        `is taken by ${names}, and it cannot be told as whom it comes in`,
        'Their conditions must exclude each other.',
      )
    }
    return {
      trust: first.document,
      hash: hashOf(token, issuer.data, claims.jti),
      expiresAt: new Date(Math.min(claims.exp ?? 0, (claims.iat ?? 0) + longestLife) * 1000 + margin),
      words: saying(claims),
    }
  }

  /** One for each issuer that a document names: its keys are kept, and looked for anew when it has others. */
  #issuer(url: string): Issuer {
    const known = this.#issuers.get(url)
    if (known !== undefined) return known
    if (new URL(url).protocol !== 'https:' && !this.#allowPlain) {
      throw refused(`is of ${url}, which is not behind https`, 'Issuers on plain http are for HOOP_DEMO=1 only.')
    }
    const issuer = new Issuer({ issuer: url, allowPlain: this.#allowPlain })
    // Names of issuers that were taken out of the documents.
    if (this.#issuers.size >= mostIssuers) this.#issuers.clear()
    this.#issuers.set(url, issuer)
    return issuer
  }
}

const mostIssuers = 1000

function unverified(token: string): JWTPayload {
  try {
    return decodeJwt(token)
  } catch (cause) {
    throw refused('is no signed token (JWT)', hint, cause)
  }
}

/** A signature can be written in more than one way; what is signed cannot. */
function hashOf(token: string, issuer: string, jti: unknown): Buffer {
  const id = Text.safeParse(jti)
  const named = id.success ? `jti ${issuer} ${id.data}` : `signed ${token.slice(0, token.lastIndexOf('.'))}`
  return createHash('sha256').update(named).digest()
}

/** Claims by which people know a workload. */
const telling = [
  'sub',
  'repository',
  'repository_id',
  'project_path',
  'project_id',
  'ref',
  'event_name',
  'environment',
  'run_id',
  'job_id',
  'email',
]

function saying(claims: JWTPayload): string {
  const said = telling.flatMap((claim) => {
    const value = claims[claim]
    return typeof value === 'string' || typeof value === 'number' ? [`${claim} ${shown(String(value))}`] : []
  })
  return said.join(', ') || 'nothing of itself'
}

function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

const name = 'workload token'
const hint = 'docs/machines.md says what a token must be.'

function refused(what: string, advice = hint, cause?: unknown): HoopError {
  return new HoopError('invalid_token', `The ${name} ${what}.`, { hint: advice, cause })
}
