import {
  type ApiErrorCode,
  actors,
  type ConnectionDocument,
  HoopError,
  type Identity,
  type SessionSummary,
} from '@hoop/contracts'
import type { RuleSet } from '@hoop/policy'
import type { Caller } from '../identity/access-tokens.ts'
import type { StoredApproval } from '../store/approvals.ts'
import type { StoredGrant } from '../store/grants.ts'

export type Role = 'admin' | 'approve' | 'audit'

/** Why not, and what to do; `no_access`, if not said otherwise. */
interface No {
  readonly message: string
  readonly hint: string
  readonly code?: ApiErrorCode
}

/** Everything that can be asked of the product, with what the answer depends on. */
export type Action =
  | { readonly kind: 'connection.use'; readonly connection: ConnectionDocument | null; readonly name: string }
  | { readonly kind: 'session.list'; readonly of: string | null }
  | { readonly kind: 'session.read' | 'session.end' | 'session.kill'; readonly session: SessionSummary }
  | { readonly kind: 'login.list' | 'login.end-all'; readonly of: string }
  /** Null: there is no such login. */
  | { readonly kind: 'login.end'; readonly of: Identity | null }
  | {
      readonly kind: 'approval.see' | 'approval.decide' | 'approval.reveal' | 'approval.break-glass' | 'approval.revoke'
      readonly approval: StoredApproval & Pick<Question, 'keyMakers'>
    }
  | { readonly kind: 'grant.see' | 'grant.decide' | 'grant.withdraw'; readonly grant: StoredGrant }
  | { readonly kind: 'grant.list-all' }
  | { readonly kind: 'document.read' | 'document.write' }
  | { readonly kind: 'connection.inspect' }
  | { readonly kind: 'agent.read' | 'agent.write' }
  | { readonly kind: 'service-account.read' | 'service-account.write' }

/** Minutes since the person proved who they are at the provider, within which they may decide for others. */
const decideWithin = 15

/** The one place that decides who may do what: for requests, streams and downloads alike. */
export class Access {
  readonly #adminGroup: string | null
  readonly #rules: () => RuleSet
  readonly #connection: (name: string) => ConnectionDocument | null

  /** `adminGroup`: admins whatever the documents say, so that documents that went wrong can be put right. */
  constructor(options: {
    adminGroup: string | null
    rules: () => RuleSet
    connection: (name: string) => ConnectionDocument | null
  }) {
    this.#adminGroup = options.adminGroup
    this.#rules = options.rules
    this.#connection = options.connection
  }

  /** Who acts for somebody is what both are. */
  roles(identity: Identity): Role[] {
    const each = actors(identity).map((actor) => this.#rolesOf(actor))
    return (['admin', 'approve', 'audit'] as const).filter((role) => each.every((roles) => roles.includes(role)))
  }

  #rolesOf(identity: Identity): Role[] {
    const named = this.#adminGroup !== null && identity.groups.includes(this.#adminGroup)
    if (named) return ['admin', ...this.#audits(identity)]
    return this.#rules().roles(identity)
  }

  /** @throws HoopError `no_access` or `login_too_old` with words for the caller, or `unavailable` when it cannot be told. */
  authorise(caller: Caller, action: Action): void {
    const refusal = this.#refusal(caller, action)
    if (refusal !== null) throw new HoopError(refusal.code ?? 'no_access', refusal.message, { hint: refusal.hint })
  }

  /** The same for something that goes on: when to ask again, though nothing has changed; null: never. */
  authoriseUse(caller: Caller, name: string): Date | null {
    const connection = this.#connection(name)
    // Asked once: between two answers a grant can come to its end, and the second would know of none.
    const ruling = connection === null ? null : this.#rules().mayUse(caller.identity, connection)
    if (ruling?.allowed) return ruling.until
    const { message, hint } = this.#mayNotUse(caller.identity, connection, name)
    throw new HoopError('no_access', message, { hint })
  }

  /** The same words whether it exists or not. */
  #mayNotUse(identity: Identity, connection: ConnectionDocument | null, name: string): No {
    return no(`You may not use ${name}, or there is no such connection.`, this.#wayIn(identity, connection))
  }

  /** Whether the identity may decide this, once it has logged in a moment ago. */
  decides(identity: Identity, question: Question): boolean {
    return this.#refusalOfQuestion(identity, question) === null
  }

  /** Whether `authorise` would pass; still throws `unavailable`. */
  may(caller: Caller, action: Action): boolean {
    return this.#refusal(caller, action) === null
  }

  /** Which of these connections the identity may use. */
  usable(identity: Identity, connections: Iterable<ConnectionDocument>): ConnectionDocument[] {
    const rules = this.#rules()
    return [...connections].filter((connection) => rules.mayUse(identity, connection).allowed)
  }

  #refusal(caller: Caller, action: Action): No | null {
    const { identity } = caller
    switch (action.kind) {
      case 'connection.use':
        return action.connection !== null && this.#rules().mayUse(identity, action.connection).allowed
          ? null
          : this.#mayNotUse(identity, action.connection, action.name)
      case 'session.list':
        return action.of === identity.id ? null : this.#needs(identity, ['admin', 'audit'], 'see the sessions of others')
      case 'session.read':
        return owns(identity, action.session) ? null : this.#needs(identity, ['admin', 'audit'], 'read the sessions of others')
      case 'session.end':
        return owns(identity, action.session) ? null : no('This is not your session.', 'An admin can use: hoop sessions kill')
      case 'session.kill':
        return owns(identity, action.session) ? null : this.#needs(identity, ['admin'], 'end the sessions of others')
      case 'login.list':
        return action.of === identity.id ? null : this.#needs(identity, ['admin', 'audit'], 'see the logins of others')
      case 'login.end':
        return action.of !== null && isOf(identity, action.of)
          ? null
          : this.#needs(identity, ['admin'], 'end the logins of others')
      case 'login.end-all':
        return action.of === identity.id ? null : this.#needs(identity, ['admin'], 'end the logins of others')
      case 'document.read':
        return this.#needs(identity, ['admin', 'audit'], 'read documents')
      case 'document.write':
        return this.#needs(identity, ['admin'], 'change documents')
      case 'connection.inspect':
        return this.#needs(identity, ['admin'], 'see all that a check of a connection finds')
      case 'agent.read':
        return this.#needs(identity, ['admin', 'audit'], 'see the agents')
      case 'agent.write':
        return this.#needs(identity, ['admin'], 'let agents in, or revoke them')
      case 'service-account.read':
        return this.#needs(identity, ['admin', 'audit'], 'see the keys of service accounts')
      case 'service-account.write':
        return this.#needs(identity, ['admin'], 'make keys of service accounts, or revoke them')
      case 'grant.see':
        return concerns(identity, action.grant)
          ? null
          : this.#needs(identity, ['admin', 'audit'], 'see what others have asked for')
      case 'grant.decide':
        return this.#refusalToDecide(caller, { ...action.grant, rule: `Access/${action.grant.access}` })
      case 'grant.withdraw':
        return isOf(identity, action.grant.requester)
          ? null
          : this.#needs(identity, ['admin'], 'withdraw what others have asked for')
      case 'grant.list-all':
        return this.#needs(identity, ['admin', 'audit'], 'see what others have asked for')
      case 'approval.see':
        return concerns(identity, action.approval)
          ? null
          : no('This approval does not concern you.', 'hoop approvals ls shows those that do.')
      case 'approval.decide':
      case 'approval.reveal':
        return this.#refusalToDecide(caller, action.approval)
      case 'approval.break-glass':
        return this.#refusalToBreakGlass(caller, action.approval)
      case 'approval.revoke':
        return isOf(identity, action.approval.requester) || this.decides(identity, action.approval)
          ? null
          : this.#needs(identity, ['admin'], 'revoke what others have approved')
    }
  }

  /** Where somebody may not use a connection, and may ask for it. */
  #wayIn(identity: Identity, connection: ConnectionDocument | null): string {
    const asks = connection !== null && this.#rules().requestable(identity, connection).length > 0
    return asks
      ? `Ask for it: hoop access request ${connection.name} --reason … --for 1h`
      : 'hoop ls shows those that you may use.'
  }

  #refusalOfQuestion(identity: Identity, question: Question): No | null {
    const { requester, approvers, rule } = question
    if (identity.kind !== 'person' || identity.onBehalfOf !== undefined) {
      return no('Only a person decides.', `Ask somebody of ${approvers.join(', ')}.`)
    }
    const own = identity.id === requester.id || (requester.onBehalfOf?.id === identity.id && !this.#rules().ownAgents(rule))
    if (own) {
      const whose = identity.id === requester.id ? 'their own operation' : 'what is asked on their behalf'
      return no(`Nobody decides ${whose}.`, `Ask somebody of ${approvers.join(', ')}.`)
    }
    if (question.keyMakers?.includes(identity.id) && !this.#rules().ownAgents(rule)) {
      return no(`You have made a key of ${requester.name}.`, `Ask somebody else of ${approvers.join(', ')}.`)
    }
    if (!approves(identity, question)) {
      return no(`${rule} lets only ${approvers.join(', ')} decide.`, 'hoop whoami shows your groups.')
    }
    const groups = approvers.filter((group) => identity.groups.includes(group))
    return this.#rules().mayApprove(groups, this.#connection(question.connection))
      ? null
      : no(`Your role does not let you decide what goes through ${question.connection}.`, 'Ask an admin which Role does.')
  }

  #refusalToDecide(caller: Caller, question: Question): No | null {
    const refusal = this.#refusalOfQuestion(caller.identity, question)
    if (refusal !== null) return refusal
    return refusalOfOldLogin(caller, 'Deciding for others')
  }

  #refusalToBreakGlass(caller: Caller, question: Question): No | null {
    const { identity } = caller
    if (identity.id !== question.requester.id || identity.kind !== 'person' || identity.onBehalfOf !== undefined) {
      return no('Only the person who asked may break the glass.', `Ask somebody of ${question.approvers.join(', ')}.`)
    }
    if (!this.#rules().mayBreakGlass(identity, this.#connection(question.connection))) {
      return no(
        `No Role lets you pass ${question.rule} without an approval.`,
        `Ask somebody of ${question.approvers.join(', ')}; an admin gives may: [break-glass].`,
      )
    }
    return refusalOfOldLogin(caller, 'Breaking the glass')
  }

  #needs(identity: Identity, roles: readonly Role[], what: string): No | null {
    if (this.roles(identity).some((role) => roles.includes(role))) return null
    return no(`You may not ${what}.`, `That needs the role ${roles.join(' or ')}; hoop whoami shows yours.`)
  }

  #audits(identity: Identity): Role[] {
    try {
      return this.#rules().roles(identity).includes('audit') ? ['audit'] : []
    } catch {
      return []
    }
  }
}

/** What some are asked to decide. */
export interface Question {
  readonly requester: Identity
  /** Any of these groups may. */
  readonly approvers: readonly string[]
  readonly connection: string
  readonly rule: string
  /** Ids of those who made the keys by which a machine asks that acts for nobody. */
  readonly keyMakers?: readonly string[]
}

/** Asked by them, for them, or theirs to decide. */
function concerns(identity: Identity, question: Pick<Question, 'requester' | 'approvers'>): boolean {
  return isOf(identity, question.requester) || approves(identity, question)
}

/** Whether it is done by this identity, or on its behalf. */
function isOf(identity: Identity, by: Identity): boolean {
  return by.id === identity.id || by.onBehalfOf?.id === identity.id
}

/** Who acts for somebody is asked what both are. */
function approves(identity: Identity, { approvers }: Pick<Question, 'approvers'>): boolean {
  return actors(identity).every(({ groups }) => approvers.some((group) => groups.includes(group)))
}

function owns(identity: Identity, session: SessionSummary): boolean {
  return isOf(identity, session.identity)
}

/** When the person proved at the provider who they are is what counts, not when the token was renewed. */
function refusalOfOldLogin({ authenticatedAt }: Caller, what: string): No | null {
  if (Date.now() - authenticatedAt.getTime() <= decideWithin * 60_000) return null
  const hint = 'Run: hoop login'
  return { code: 'login_too_old', message: `${what} needs a login of the last ${decideWithin} minutes.`, hint }
}

function no(message: string, hint: string): No {
  return { message, hint }
}
