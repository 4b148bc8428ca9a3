import {
  type AccessDocument,
  actors,
  type ConnectionDocument,
  type ConnectionSelector,
  type Document,
  HoopError,
  type Identity,
  type LimitDocument,
  type MaskDocument,
  type MaskPlan,
  type Operation,
  type Reason,
  type RoleDocument,
  type ServiceAccountDocument,
} from '@hoop/contracts'
import { claimsLanguage, conditionLanguage } from '../conditions/condition.ts'
import { LocalTimes } from '../conditions/local-times.ts'
import { filterRules } from '../masks/filters.ts'
import { maskPlan } from '../masks/plan.ts'
import { type AccessMoment, type AccessRuling, accessRules } from './access.ts'
import { JointStanding } from './joint-standing.ts'
import type { JudgeInput, Judgement } from './judgement.ts'
import { type MaskReason, maskReasons } from './mask-reasons.ts'
import { type PolicyRule, policyRule } from './policy-rule.ts'
import { mayApprove, mayBreakGlass } from './roles.ts'
import { connectionMisfit, identityMisfit, inAny } from './selectors.ts'
import { Standing } from './standing.ts'
import { type TrustRule, trustRule } from './trusts.ts'
import { inOrder, policyVersion } from './version.ts'

/** All documents in force at one moment, compiled. Identities and connections given to it are values: they are not changed afterwards. */
export interface RuleSet {
  /** Names the documents: 12 hex digits, equal for equal documents (passwords aside). */
  readonly version: string
  /** Whether any Access grants this connection, to everybody who acts; nothing else does. Without a moment: now, and nothing was granted. */
  mayUse(identity: Identity, connection: ConnectionDocument, moment?: AccessMoment): AccessRuling
  /** Access documents by which the identity may ask for this connection. */
  requestable(identity: Identity, connection: ConnectionDocument): readonly AccessDocument[]
  /** What the identity may do in the product itself: what each who acts may. */
  roles(identity: Identity): ('admin' | 'approve' | 'audit')[]
  /** Whether the Roles let somebody of these groups decide what goes through this connection (null: it is not registered any more). */
  mayApprove(groups: readonly string[], connection: ConnectionDocument | null): boolean
  /** Whether the Roles let the identity pass a rule, with a reason and without an approval, on this connection. */
  mayBreakGlass(identity: Identity, connection: ConnectionDocument | null): boolean
  /** Whether this rule (`Policy/NAME`) lets the person behind an AI agent decide what it asks. */
  ownAgents(rule: string): boolean
  /** Trusts in tokens of this issuer. */
  trusts(issuer: string): readonly TrustRule[]
  serviceAccount(name: string): ServiceAccountDocument | null
  /**
   * Judges one operation of an identity that may use the connection (`mayUse` is not asked again): deny over approve over allow; a
   * condition that cannot be evaluated denies; what no rule is about is permitted; unknown effects and flows of masked data are refused.
   *
   * A judgement is kept under the key of identity, connection (both by object) and `cacheKey` (else the operation by object): within a minute
   * where a rule that may apply asks `now` for its day, hour or minute, for one session where it reads `session`, for one text where it reads `operation.text`. Where one reads more of `now`, or
   * `operation.parameters`, what came of the other rules is kept, and only that one is applied again. `approve` is never kept. The cache
   * holds its keys weakly: it is as large as what the caller keeps.
   */
  judge(input: JudgeInput): Judgement
  /** What is masked for this identity on this connection; the same object for the same identity and connection. */
  masks(identity: Identity, connection: ConnectionDocument): MaskPlan
  /** The same for what others see of what the identity does: no exception counts. The same object where none would. */
  masksForOthers(identity: Identity, connection: ConnectionDocument): MaskPlan
  /** Each Mask: whether it holds for this identity on this connection, and what of the operation it is about. */
  maskReasons(identity: Identity, connection: ConnectionDocument, operation: Operation): readonly MaskReason[]
  /** What holds for anybody who acts. */
  limits(identity: Identity, connection: ConnectionDocument): readonly LimitDocument[]
}

/**
 * Compiles documents as `parseDocuments` gives them; throws for others (a condition that does not compile, a column pattern that cannot be
 * read): what is in force stays in force. `hashKey` (32 bytes) keys the mask method `hash`; without a change of it, hashes stay joinable.
 */
export function compileRules(documents: readonly Document[], options: { readonly hashKey: Buffer }): RuleSet {
  const ordered = inOrder(documents)
  const compileCondition = conditionLanguage()
  const localTimes = new LocalTimes()
  const version = policyVersion(ordered)
  const access = ordered.filter((document): document is AccessDocument => document.kind === 'Access')
  const roles = ordered.filter((document): document is RoleDocument => document.kind === 'Role')
  const masks = ordered.filter((document): document is MaskDocument => document.kind === 'Mask')
  const policies = ordered.flatMap((document) => (document.kind === 'Policy' ? [policyRule(document, compileCondition)] : []))
  const limits = ordered.filter((document): document is LimitDocument => document.kind === 'Limit')
  maskPlan(masks, options.hashKey)
  for (const document of ordered) if (document.kind === 'Connection') checkTransparent(document, masks, policies)

  const compileClaims = claimsLanguage()
  const trusts = ordered.flatMap((document) => (document.kind === 'Trust' ? [trustRule(document, compileClaims)] : []))
  const accounts = ordered.filter((document) => document.kind === 'ServiceAccount')

  const standings = new WeakMap<Identity, WeakMap<ConnectionDocument, Kept>>()
  function keptOf(identity: Identity, connection: ConnectionDocument): Kept {
    let ofIdentity = standings.get(identity)
    if (ofIdentity === undefined) {
      ofIdentity = new WeakMap()
      standings.set(identity, ofIdentity)
    }
    let found = ofIdentity.get(connection)
    if (found === undefined) {
      const all = actors(identity)
      const about = masks.filter((mask) => all.some((actor) => isAbout(mask, actor, connection)))
      const masking = about.filter((mask) => all.some((actor) => isAbout(mask, actor, connection) && !isExcepted(mask, actor)))
      const planOf = (some: readonly MaskDocument[]) =>
        maskPlan(
          some.map((mask) => ({ ...mask, ...lacking[connection.protocol] })),
          options.hashKey,
        )
      const plan = planOf(masking)
      const filters = filterRules(connection.protocol === 'postgres' ? masking : [])
      const standingOf = (actor: Identity) =>
        new Standing({
          identity: actor.id === identity.id ? identity : actor,
          connection,
          version,
          masks: plan,
          filters,
          localTimes,
          ...select(policies, actor, connection),
        })
      found = {
        standing: all.length === 1 ? standingOf(identity) : new JointStanding(all.map(standingOf)),
        forOthers: masking.length === about.length ? plan : planOf(about),
      }
      ofIdentity.set(connection, found)
    }
    return found
  }

  function limitsOf(identity: Identity, connection: ConnectionDocument): readonly LimitDocument[] {
    return limits.filter(
      ({ connections, identities }) =>
        connectionMisfit(connections, connection) === null &&
        actors(identity).some((actor) => identityMisfit(identities, actor) === null),
    )
  }

  return {
    version,
    ...accessRules(access),
    roles: (identity) => {
      const all = actors(identity)
      return (['admin', 'approve', 'audit'] as const).filter((role) =>
        all.every((actor) =>
          roles.some(
            ({ may, groups, people }) =>
              may.includes(role) && (inAny(actor, groups ?? []) || people?.includes(actor.id) === true),
          ),
        ),
      )
    },
    mayApprove: (groups, connection) => mayApprove(roles, groups, connection),
    mayBreakGlass: (identity, connection) => mayBreakGlass(roles, identity, connection),
    ownAgents: (rule) => policies.some((policy) => policy.rule === rule && policy.document.approvers?.ownAgents === true),
    trusts: (issuer) => trusts.filter(({ document }) => document.issuer === issuer),
    serviceAccount: (name) => accounts.find((account) => account.name === name) ?? null,
    judge: (input) => keptOf(input.identity, input.connection).standing.judge(input),
    masks: (identity, connection) => keptOf(identity, connection).standing.masks,
    masksForOthers: (identity, connection) => keptOf(identity, connection).forOthers,
    maskReasons: (identity, connection, operation) => maskReasons(masks, identity, connection, operation),
    limits: (identity, connection) => (limits.length === 0 ? noLimits : limitsOf(identity, connection)),
  }
}

/** What the protocol does not carry, and no mask can be about. */
const lacking: Readonly<Record<ConnectionDocument['protocol'], Partial<MaskDocument>>> = {
  postgres: { fields: [] },
  http: { columns: [] },
  kubernetes: { columns: [] },
}

/** What is kept of one identity at one connection. */
interface Kept {
  readonly standing: Standing | JointStanding
  readonly forOthers: MaskPlan
}

const noLimits: readonly LimitDocument[] = []

/** A transparent connection enforces nothing, and must not look as if it did. @throws HoopError `invalid_document` */
function checkTransparent(connection: ConnectionDocument, masks: readonly MaskDocument[], policies: readonly PolicyRule[]): void {
  if (connection.profile !== 'transparent') return
  const about = ({ connections }: { connections: ConnectionSelector }) => connectionMisfit(connections, connection) === null
  const mask = masks.find(about)
  const policy = policies.find(({ document, always }) => about(document) && !(document.then === 'allow' && always))
  if (mask === undefined && policy === undefined) return
  const rule = mask === undefined ? policy?.rule : `Mask/${mask.name}`
  throw new HoopError(
    'invalid_document',
    `Connection/${connection.name} has profile: transparent, which enforces nothing, and ${rule} is about it.`,
    { hint: `Leave profile out, or choose the connections of ${rule} so that this one is not among them.` },
  )
}

function select(
  policies: readonly PolicyRule[],
  identity: Identity,
  connection: ConnectionDocument,
): { candidates: PolicyRule[]; misfits: Reason[] } {
  const candidates: PolicyRule[] = []
  const misfits: Reason[] = []
  for (const policy of policies) {
    const { connections, identities } = policy.document
    const misfit = connectionMisfit(connections, connection) ?? identityMisfit(identities, identity)
    if (misfit === null) candidates.push(policy)
    else misfits.push({ rule: policy.rule, matched: false, words: misfit })
  }
  return { candidates, misfits }
}

function isAbout({ connections, identities }: MaskDocument, identity: Identity, connection: ConnectionDocument): boolean {
  return connectionMisfit(connections, connection) === null && identityMisfit(identities, identity) === null
}

function isExcepted({ except }: MaskDocument, identity: Identity): boolean {
  return except !== undefined && inAny(identity, except.groups)
}
