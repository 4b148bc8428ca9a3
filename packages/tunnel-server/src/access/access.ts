import { type ConnectionDocument, HoopError, type Identity, type SessionSummary } from '@hoop/contracts'
import type { RuleSet } from '@hoop/policy'
import type { Caller } from '../identity/access-tokens.ts'
import type { StoredApproval } from '../store/approvals.ts'

export type Role = 'admin' | 'audit'

/** Everything that can be asked of the product, with what the answer depends on. */
export type Action =
  | { readonly kind: 'connection.use'; readonly connection: ConnectionDocument | null; readonly name: string }
  | { readonly kind: 'session.list'; readonly of: string | null }
  | { readonly kind: 'session.read' | 'session.end' | 'session.kill'; readonly session: SessionSummary }
  | { readonly kind: 'approval.see' | 'approval.decide'; readonly approval: StoredApproval }
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

  /** `adminGroup`: admins whatever the documents say, so that documents that went wrong can be put right. */
  constructor(options: { adminGroup: string | null; rules: () => RuleSet }) {
    this.#adminGroup = options.adminGroup
    this.#rules = options.rules
  }

  roles(identity: Identity): Role[] {
    const named = this.#adminGroup !== null && identity.groups.includes(this.#adminGroup)
    if (named) return ['admin', ...this.#audits(identity)]
    const roles = this.#rules().roles(identity)
    return (['admin', 'audit'] as const).filter((role) => roles.includes(role))
  }

  /** @throws HoopError `no_access` with words for the caller, or `unavailable` when it cannot be told. */
  authorise(caller: Caller, action: Action): void {
    const refusal = this.#refusal(caller, action)
    if (refusal !== null) throw new HoopError('no_access', refusal.message, { hint: refusal.hint })
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

  #refusal(caller: Caller, action: Action): { message: string; hint: string } | null {
    const { identity } = caller
    switch (action.kind) {
      case 'connection.use':
        return action.connection !== null && this.#rules().mayUse(identity, action.connection).allowed
          ? null
          : // The same words whether it exists or not.
            no(`You may not use ${action.name}, or there is no such connection.`, 'hoop ls shows those that you may use.')
      case 'session.list':
        return action.of === identity.id ? null : this.#needs(identity, ['admin', 'audit'], 'see the sessions of others')
      case 'session.read':
        return owns(identity, action.session) ? null : this.#needs(identity, ['admin', 'audit'], 'read the sessions of others')
      case 'session.end':
        return owns(identity, action.session) ? null : no('This is not your session.', 'An admin can use: hoop sessions kill')
      case 'session.kill':
        return owns(identity, action.session) ? null : this.#needs(identity, ['admin'], 'end the sessions of others')
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
      case 'approval.see':
        return identity.id === action.approval.requesterId || approves(identity, action.approval)
          ? null
          : no('This approval does not concern you.', 'hoop approvals ls shows those that do.')
      case 'approval.decide':
        return this.#refusalToDecide(caller, action.approval)
    }
  }

  #refusalToDecide(caller: Caller, approval: StoredApproval): { message: string; hint: string } | null {
    if (caller.identity.id === approval.requesterId) {
      return no('Nobody decides their own operation.', `Ask somebody of ${approval.approvers.join(', ')}.`)
    }
    if (!approves(caller.identity, approval)) {
      return no(`${approval.rule} lets only ${approval.approvers.join(', ')} decide.`, 'hoop whoami shows your groups.')
    }
    const age = Date.now() - caller.authenticatedAt.getTime()
    if (age <= decideWithin * 60_000) return null
    return no(`Deciding for others needs a login of the last ${decideWithin} minutes.`, 'Run: hoop login')
  }

  #needs(identity: Identity, roles: readonly Role[], what: string): { message: string; hint: string } | null {
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

export function approves(identity: Identity, approval: Pick<StoredApproval, 'approvers'>): boolean {
  return approval.approvers.some((group) => identity.groups.includes(group))
}

function owns(identity: Identity, session: SessionSummary): boolean {
  return session.identity.id === identity.id
}

function no(message: string, hint: string): { message: string; hint: string } {
  return { message, hint }
}
